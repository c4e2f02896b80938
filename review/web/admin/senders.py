"""Senders for administrators: the list, a new one, and the page of one with its keys."""

from collections.abc import Sequence

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from werkzeug import Response

from review import clock, db
from review.actions import senders as sender_actions
from review.domain.ids import read_id
from review.domain.permissions import Permission
from review.domain.senders import MOST_BATCH_LINES, SenderKind
from review.errors import AlreadyExists, InvalidInput, NotFound
from review.queries import sender_details
from review.queries.sender_accuracy import accuracy_of
from review.queries.sender_details import SenderDetails
from review.web import guard
from review.web.admin.key_tests import tested_key
from review.web.admin.sender_forms import NewSenderForm, TestForm, kinds
from review.web.errors import status_of
from review.web.issuing import KeyForm, KeyRow, blank_form
from review.web.texts import gettext
from review.web.typed import blame, text_of

blueprint = Blueprint("admin_senders", __name__, url_prefix="/admin/senders")

LISTED = 50


@blueprint.get("")
@guard.access(Permission.MANAGE_SENDERS)
def listing() -> str:
    """All senders by name, or those of one kind."""
    kind, cursor = request.args.get("kind") or None, request.args.get("cursor")
    if kind is not None and kind not in set(SenderKind):
        raise NotFound()
    page = sender_details.senders_page(
        db.session(), kind=kind, after=_id(cursor) if cursor else None, limit=LISTED, now=clock.now()
    )
    return render_template(
        "admin/senders.html",
        senders=page.rows,
        kinds=[("", gettext("Every kind")), *kinds()],
        kind=kind,
        next_address=url_for(".listing", kind=kind, cursor=page.next) if page.next else None,
        first_address=url_for(".listing", kind=kind) if cursor else None,
        now=clock.now(),
    )


@blueprint.get("/new")
@guard.access(Permission.MANAGE_SENDERS)
def new_page() -> str:
    """The short form for a new sender."""
    return _new(NewSenderForm(formdata=None))


@blueprint.post("/new")
@guard.access(Permission.MANAGE_SENDERS)
def create() -> Response | tuple[str, int]:
    """Enter the sender and go to its page, where its first key is one button away."""
    form = NewSenderForm()
    form.kind.choices = kinds()
    try:
        sender_id = sender_actions.create_sender(
            text_of("name"), kind=text_of("kind"), country=text_of("country").strip() or None,
            flagger=None, actor=guard.actor(),
        )  # fmt: skip
    except (InvalidInput, AlreadyExists) as error:
        return _new(form, blame(form, error)), status_of(error)
    flash(gettext("The sender is entered. Next: its first key."), "done")
    return redirect(url_for(".page", sender_id=sender_id, _anchor="keys"), 303)


def _new(form: NewSenderForm, others: Sequence[str] = ()) -> str:
    form.kind.choices = [("", gettext("Choose")), *kinds()]
    return render_template("admin/sender_new.html", form=form, others=others)


@blueprint.get("/<sender_id>")
@guard.access(Permission.MANAGE_SENDERS)
def page(sender_id: str) -> str | Response:
    """One sender; ids in another spelling are sent to the proper address."""
    sender = wanted_sender(sender_id)
    if sender.id != sender_id:
        return redirect(url_for(".page", sender_id=sender.id), 303)
    return sender_page(sender)


def sender_page(sender: SenderDetails, *, form: KeyForm | None = None, others: Sequence[str] = ()) -> str:
    """The page of one sender; ``form`` asks for a key and was refused for the reasons in it."""
    now, reader = clock.now(), db.session()
    keys = sender_details.keys_of(reader, sender.id, now=now)
    return render_template(
        "admin/sender.html",
        sender=sender,
        today=now.date(),
        flagger=any(award.state(now.date()) == "holds" for award in sender.awards),
        keys=[KeyRow(key, url_for("admin_sender_keys.revoke_page", sender_id=sender.id, key_id=key.id))
              for key in keys],
        form=form or blank_form(now),
        others=others,
        test_form=TestForm(formdata=None, prefix="test-"),
        tested=tested_key(request.args.get("tested"), now=now),
        accuracy=accuracy_of(reader, sender.id),
        requests_setting=current_app.config["REVIEW_SETTINGS"].requests_per_key,
        lines_setting=MOST_BATCH_LINES,
        now=now,
    )  # fmt: skip


def wanted_sender(sender_id: str) -> SenderDetails:
    """The sender that an address names; raises `NotFound`."""
    found = sender_details.sender_details(db.session(), _id(sender_id))
    if found is None:
        raise NotFound()
    return found


def _id(text: str) -> str:
    found = read_id(text, "S")
    if found is None:
        raise NotFound()
    return found
