"""One's own comfort: how pictures appear, when to rest, what one was shown; nobody else sees this page."""

from flask import Blueprint, current_app, flash, redirect, render_template, url_for
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from werkzeug import Response
from wtforms import BooleanField, SelectField, StringField

from review import clock, db
from review.actions.comforts import choose_comfort, desk_limits, forget_comfort
from review.config import Settings
from review.domain.permissions import Permission, can
from review.domain.wellbeing import SIZES, Comfort, choice_problems
from review.errors import FieldError, InvalidInput
from review.queries.exposure import Choice, choice_of, exposure_of
from review.queries.own_breaks import last_break
from review.web import guard
from review.web.texts import gettext
from review.web.typed import LONGEST_NUMBER, blame, text_of
from review.web.words import word_of

blueprint = Blueprint("moderator_comfort", __name__)


class ComfortForm(FlaskForm):
    """What a person chooses; blank limits leave the desk's own."""

    blur = BooleanField(lazy_gettext("Blur the first look at a picture"))
    grey = BooleanField(lazy_gettext("Show pictures without colour until I ask for it"))
    size = SelectField(lazy_gettext("First look"), validate_choice=False)
    break_minutes = StringField(lazy_gettext("Minutes of work until I am asked to rest"))
    budget_high = StringField(lazy_gettext("Pieces of high severity a day"))


@blueprint.get("/comfort")
@guard.access(Permission.CHOOSE_COMFORT)
def page() -> str:
    """The choices, and one's own exposure today."""
    return _page(_form(_choice()))


@blueprint.post("/comfort")
@guard.access(Permission.CHOOSE_COMFORT)
def choose() -> tuple[str, int] | Response:
    """Keep the choices."""
    form = _typed_form()
    comfort = Comfort(blur=form.blur.data, grey=form.grey.data, size=form.size.data)
    try:
        limits = _typed_limits(comfort)
        choose_comfort(comfort, **limits, actor=guard.actor())
    except InvalidInput as error:
        sentences = blame(form, error)
        return _page(form, sentences), 422
    flash(gettext("Kept. It counts from the next picture on."), "done")
    return redirect(url_for("moderator_comfort.page"), 303)


@blueprint.post("/comfort/standard")
@guard.access(Permission.CHOOSE_COMFORT)
def forget() -> Response:
    """Go back to the desk's own choice."""
    forget_comfort(actor=guard.actor())
    flash(gettext("The desk's choice counts again, from the next picture on."), "done")
    return redirect(url_for("moderator_comfort.page"), 303)


def _settings() -> Settings:
    found: Settings = current_app.config["REVIEW_SETTINGS"]
    return found


def _choice() -> Choice:
    return choice_of(db.session(), guard.actor().account_id or "", settings=_settings())


def _typed_limits(comfort: Comfort) -> dict[str, int | None]:
    """The limits as typed; raises `InvalidInput` with all that is wrong where one cannot be read."""
    typed = {name: text_of(name).strip() for name in desk_limits()}
    unread = [name for name, text in typed.items() if text and not _is_number(text)]
    limits = {name: int(text) if text and name not in unread else None for name, text in typed.items()}
    if unread:
        detail = gettext("Write a whole number, or leave the field blank.")
        problems = [FieldError(name, "not_a_number", detail) for name in unread]
        raise InvalidInput(detail, errors=problems + choice_problems(comfort, limits, caps=desk_limits()))
    return limits


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER


def _form(choice: Choice) -> ComfortForm:
    form = ComfortForm(
        formdata=None,
        blur=choice.comfort.blur,
        grey=choice.comfort.grey,
        size=choice.comfort.size,
        break_minutes=_text(choice.own_break_minutes),
        budget_high=_text(choice.own_budget_high),
    )
    return _offered(form)


def _text(number: int | None) -> str:
    return "" if number is None else str(number)


def _typed_form() -> ComfortForm:
    form = ComfortForm(
        formdata=None,
        blur=bool(text_of("blur")),
        grey=bool(text_of("grey")),
        size=text_of("size"),
        break_minutes=text_of("break_minutes"),
        budget_high=text_of("budget_high"),
    )
    return _offered(form)


def _offered(form: ComfortForm) -> ComfortForm:
    form.size.choices = [(size, word_of(size, "first_look")) for size in SIZES]
    for field in form:
        field.errors = []
    return form


def _page(form: ComfortForm, sentences: tuple[str, ...] = ()) -> str:
    reader, now, account_id = db.session(), clock.now(), guard.actor().account_id or ""
    return render_template(
        "moderator/comfort.html",
        form=form,
        sentences=sentences,
        choice=_choice(),
        desk=_settings(),
        exposure=exposure_of(reader, account_id, now=now),
        rested=last_break(reader, account_id=account_id),
        reviews=can(guard.actor(), Permission.WORK_QUEUE),
        now=now,
    )
