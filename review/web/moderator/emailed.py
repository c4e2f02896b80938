"""What came by e-mail, for leads: the list, one message, confirming it as a referral, refusing it."""

from collections.abc import Sequence

from flask import Blueprint, current_app, flash, redirect, render_template, url_for
from werkzeug import Response

from review import clock, db
from review.actions import emailed as emailed_actions
from review.actions.emailed import Confirmed
from review.domain.emailed import (
    LARGEST_MESSAGE,
    LONGEST_REASON,
    MOST_FOUND,
    EmailedState,
    FoundAddress,
    check_identity,
    defanged_text,
    found_addresses,
    read_statement,
)
from review.domain.ids import read_id
from review.domain.permissions import Permission
from review.errors import FieldError, InvalidInput, NotFound
from review.queries import emailed
from review.queries.emailed import EmailedShown
from review.queries.record_search import senders_named
from review.web import guard
from review.web.errors import status_of
from review.web.moderator.emailed_form import (
    ConfirmForm,
    RefuseForm,
    confirm_form,
    typed_form,
    typed_identity,
    typed_statement,
)
from review.web.texts import gettext, ngettext
from review.web.typed import blame, text_of

blueprint = Blueprint("moderator_emailed", __name__)


@blueprint.get("/emailed")
@guard.access(Permission.CONFIRM_EMAILED)
def listing() -> str:
    """The messages that wait, and those that were confirmed or refused last."""
    listed = emailed.emailed_list(db.session())
    return render_template(
        "moderator/emailed_list.html", listed=listed, most_bytes=LARGEST_MESSAGE, now=clock.now()
    )


@blueprint.get("/emailed/<email_id>")
@guard.access(Permission.CONFIRM_EMAILED)
def page(email_id: str) -> str | Response:
    """One message; ids in another spelling are sent to the proper address."""
    email = _wanted(email_id)
    if email.id != email_id:
        return redirect(url_for(".page", email_id=email.id), 303)
    return _page(email)


@blueprint.post("/emailed/<email_id>/confirm")
@guard.access(Permission.CONFIRM_EMAILED)
def confirm(email_id: str) -> Response | tuple[str, int]:
    """Make it a referral; what is wrong comes back at its field, with everything typed."""
    email = _wanted(email_id)
    try:
        confirmed = _confirmed(email)
    except InvalidInput as error:
        form = typed_form(_found(email), senders_named(db.session()))
        return _page(email, form=form, others=blame(form, error)), status_of(error)
    flash(_sentence(confirmed), "done")
    return redirect(url_for(".listing"), 303)


def _confirmed(email: EmailedShown) -> Confirmed:
    """Confirm what was typed; raises `InvalidInput` with the problems of all its parts at once."""
    identity, sender_id = typed_identity(), text_of("sender_id")
    problems: list[FieldError] = []
    if not sender_id:
        detail = gettext("Choose the sender whose referral this is; an administrator enters new ones.")
        problems.append(FieldError("sender_id", "missing", detail))
    intake = None
    try:
        check_identity(identity)
    except InvalidInput as error:
        problems += error.errors
    try:
        hosts = current_app.config["REVIEW_HOSTS"]
        intake = read_statement(typed_statement(email.id), arrived_at=email.arrived_at, hosts=hosts)
    except InvalidInput as error:
        problems += error.errors
    if problems or intake is None:
        raise InvalidInput(gettext("The referral is not stored; correct what is marked."), errors=problems)
    return emailed_actions.confirm_email(
        email.id,
        intake,
        sender_id=sender_id,
        identity=identity,
        actor=guard.actor(),
        settings=current_app.config["REVIEW_SETTINGS"],
    )


def _sentence(confirmed: Confirmed) -> str:
    """What happened, in one or two sentences."""
    done = ngettext(
        "Received as %(id)s with %(num)s item, which is in the queue.",
        "Received as %(id)s with %(num)s items, which are in the queue.",
        confirmed.items,
        id=confirmed.referral_id,
    )
    if not confirmed.refused:
        return done
    refused = ngettext(
        "%(num)s address was refused and is kept with the reason.",
        "%(num)s addresses were refused and are kept with the reasons.",
        confirmed.refused,
    )
    return f"{done} {refused}"


@blueprint.post("/emailed/<email_id>/refuse")
@guard.access(Permission.CONFIRM_EMAILED)
def refuse(email_id: str) -> Response | tuple[str, int]:
    """Say that it does not become a referral; a refusal of this keeps the text."""
    email = _wanted(email_id)
    reason = text_of("refusal").replace("\r\n", "\n").strip()
    try:
        emailed_actions.refuse_email(email.id, reason, actor=guard.actor())
    except InvalidInput as error:
        form = RefuseForm()
        return _page(email, refuse_form=form, others=blame(form, error)), status_of(error)
    flash(gettext("Refused: %(id)s does not become a referral.", id=email.id), "done")
    return redirect(url_for(".listing"), 303)


def _page(
    email: EmailedShown,
    *,
    form: ConfirmForm | None = None,
    refuse_form: RefuseForm | None = None,
    others: Sequence[str] = (),
) -> str:
    """The page; ``form`` or ``refuse_form`` was sent and refused."""
    reader, found = db.session(), _found(email)
    waiting = email.state == EmailedState.WAITING
    blank = confirm_form(email, found, senders_named(reader)) if waiting and form is None else None
    return render_template(
        "moderator/emailed.html",
        email=email,
        text=defanged_text(email.facts.text),
        form=form or blank,
        refuse_form=refuse_form or RefuseForm(formdata=None),
        refused=form if form is not None else refuse_form,
        others=others,
        found={one.url: one for one in found},
        found_in_full=len(found) < MOST_FOUND,
        contacts=emailed.registered_contacts(reader) if waiting else (),
        longest_reason=LONGEST_REASON,
        now=clock.now(),
    )


def _found(email: EmailedShown) -> tuple[FoundAddress, ...]:
    return found_addresses(email.facts.text, hosts=current_app.config["REVIEW_HOSTS"])


def _wanted(email_id: str) -> EmailedShown:
    """The message that an address names; raises `NotFound`."""
    wanted = read_id(email_id, "M")
    found = None if wanted is None else emailed.emailed_shown(db.session(), wanted)
    if found is None:
        raise NotFound("There is no such message; open it from the list.")
    return found
