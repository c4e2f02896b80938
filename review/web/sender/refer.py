"""One referral by form: type it, check it, send it, and the acknowledgement of its receipt."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, current_app, flash, make_response, redirect, render_template, request, url_for
from werkzeug import Response
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.exceptions import RequestEntityTooLarge

from review import clock, db
from review.actions.referrals import Received, receive_referral
from review.domain.ids import read_id
from review.domain.permissions import Permission
from review.domain.referrals import Intake
from review.domain.removal_order import ORDER_FIELDS, SECTIONS
from review.domain.representation import OwnReferral, json_bytes
from review.domain.senders import Contact, Profile
from review.errors import FieldError, InvalidInput, NotFound, ReferenceConflict
from review.queries.accounts import person_of
from review.queries.own_sendings import held_of, sent_before
from review.queries.referrals import own_referral
from review.queries.sender_details import profile_of
from review.queries.senders import may_order
from review.queries.uploaded_files import sent_before as references_taken
from review.web import appearance, guard
from review.web.errors import status_of
from review.web.sender.refer_files import LARGEST_FORM, LARGEST_TEXTS, Chosen, chosen_files
from review.web.sender.refer_form import (
    ReferForm,
    blank_form,
    body_of_form,
    fields_of,
    new_once,
    typed_form,
)
from review.web.sender.refer_problems import read_form
from review.web.texts import gettext
from review.web.typed import blame, text_of

blueprint = Blueprint("sender_refer", __name__, url_prefix="/sender/referrals")


@dataclass(frozen=True)
class Typed:
    """The form that was sent, the referral that it stands for, and its original as bytes."""

    form: ReferForm
    intake: Intake
    body: bytes
    kept: Sequence[Chosen]


class Refused(Exception):
    """The form that was sent breaks rules: it comes back with everything typed."""

    def __init__(self, form: ReferForm, error: InvalidInput) -> None:
        super().__init__(error.detail)
        self.form, self.error = form, error


@blueprint.url_value_preprocessor
def read_large_forms(_endpoint: str | None, _values: object) -> None:
    """A form with too large files is read all the same, so that its texts come back with the refusal."""
    request.max_content_length, request.max_form_memory_size = LARGEST_FORM, LARGEST_TEXTS


@blueprint.get("/new")
@guard.access(Permission.REFER)
def page() -> str:
    """A blank form; ``kind`` in the address chooses the kind that it begins with."""
    return _page(_blank())


def _blank() -> ReferForm:
    actor, reader = guard.actor(), db.session()
    profile = profile_of(reader, actor.sender_id or "") or Profile("", "other")
    name, email = person_of(reader, actor.account_id or "")
    kind = request.args.get("kind", "")
    return blank_form(profile, Contact(name, email), kind=kind, may_order=_may_order())


@blueprint.post("/new")
@guard.access(Permission.REFER)
def check() -> Response:
    """What would be sent, to be looked at once more; ``step`` ``change`` goes back to the form.

    ``step`` ``display`` and ``display_check`` draw the form or this page in the look that was chosen in the
    display menu, which on these pages belongs to the form.
    """
    step = text_of("step")
    chosen = appearance.chosen_in(request.form) if step.startswith("display") else None
    if chosen is not None:
        appearance.take(chosen)
    answer = make_response(_form_again() if step in ("change", "display") else _checked())
    if chosen is not None:
        appearance.keep(answer, chosen)
    return answer


def _checked() -> str | tuple[str, int]:
    try:
        typed = _typed()
        return _check_page(typed, same=_sent_already(typed))
    except Refused as refused:
        return _refusal(refused)


def _form_again() -> str:
    """The form with everything that was typed, and a word about files that are gone."""
    kept, problems = chosen_files()
    form = typed_form(kept, may_order=_may_order())
    return _page(form, blame(form, InvalidInput("", errors=problems)) if problems else ())


@blueprint.post("/new/send")
@guard.access(Permission.REFER)
def send() -> tuple[str, int] | Response:
    """Send it; the same form sent twice is one referral."""
    try:
        typed = _typed()
        received = _receive(typed)
    except Refused as refused:
        return _refusal(refused)
    if received.status == 200:
        flash(gettext("This was sent before; it is the same referral, and nothing was added."), "warning")
    return redirect(url_for(".acknowledgement", referral_id=received.referral_id), 303)


@blueprint.get("/<referral_id>/acknowledgement")
@guard.access(Permission.READ_OWN_REFERRALS)
def acknowledgement(referral_id: str) -> str:
    """That we have it: its ids, the digest of what we hold, and until when it is due (Article 16(4) DSA)."""
    referral = _own(referral_id)
    return render_template(
        "sender/acknowledgement.html",
        referral=referral,
        held=held_of(db.session(), referral.id),
        contact_point=current_app.config["REVIEW_SETTINGS"].contact_point,
        now=clock.now(),
    )


@blueprint.errorhandler(RequestEntityTooLarge)
def too_large(_error: RequestEntityTooLarge) -> tuple[str, int]:
    """A form so large that it is not read at all."""
    request.form, request.files = ImmutableMultiDict(), ImmutableMultiDict()  # nothing of it was read
    most = LARGEST_FORM // 1024 // 1024
    detail = gettext(
        "The form had more than %(most)s MiB and was not read; go back and choose smaller files.", most=most
    )
    return _page(_blank(), (detail,)), 413


def _may_order() -> bool:
    return may_order(db.session(), guard.actor().sender_id)


def _typed() -> Typed:
    """The form that was sent, read; raises `Refused` with the problems of all its parts at once."""
    kept, problems = chosen_files()
    form = typed_form(kept, may_order=_may_order())
    body = body_of_form(kept)
    try:
        intake = read_form(body, problems, may_order=_may_order())
    except InvalidInput as error:
        raise Refused(form, error) from None
    return Typed(form, intake, json_bytes(body), kept)


def _sent_already(typed: Typed) -> str | None:
    """The referral that this is already, word for word; raises `Refused` where its reference names another.

    Between this and sending somebody may use the reference: `_receive` tells the same.
    """
    reference = typed.intake.reference
    taken = references_taken(db.session(), [reference], sender_id=guard.actor().sender_id or "")
    earlier, digest = taken.get(reference, (None, ""))
    if earlier is not None and digest != typed.intake.content_digest:
        raise _conflict(typed, earlier)
    return earlier


def _receive(typed: Typed) -> Received:
    """Take it in; raises `Refused` where the reference stands for another referral."""
    actor, settings = guard.actor(), current_app.config["REVIEW_SETTINGS"]
    try:
        return receive_referral(typed.intake, body=typed.body, actor=actor, settings=settings)
    except ReferenceConflict as error:
        raise _conflict(typed, error.values["id"]) from None


def _conflict(typed: Typed, earlier: str) -> Refused:
    """What to do where the reference of the form stands for that other referral."""
    if text_of("reference").strip():
        detail = gettext("%(id)s of yours has this reference; write another one.", id=earlier)
        return Refused(
            typed.form, InvalidInput(detail, errors=[FieldError("reference", "reference_conflict", detail)])
        )
    typed.form.once.data = new_once()
    detail = gettext(
        "This form was sent already, as %(id)s, and differs now. Check it again to refer it anew.", id=earlier
    )
    return Refused(typed.form, InvalidInput(detail))


def _refusal(refused: Refused) -> tuple[str, int]:
    others = blame(refused.form, refused.error)
    return _page(refused.form, others), status_of(refused.error)


def _page(form: ReferForm, others: Sequence[str] = ()) -> str:
    return render_template(
        "sender/refer.html",
        form=form,
        others=others,
        may_order=_may_order(),
        order_fields=ORDER_FIELDS,
        sections=SECTIONS,
        contact_point=current_app.config["REVIEW_SETTINGS"].contact_point,
    )


def _check_page(typed: Typed, *, same: str | None) -> str:
    intake = typed.intake
    digests = [item.location.match_digest for item in intake.items]
    earlier = sent_before(db.session(), digests, sender_id=guard.actor().sender_id)
    return render_template(
        "sender/refer_check.html",
        intake=intake,
        items=[(item, earlier.get(item.location.match_digest)) for item in intake.items],
        same=same,
        again=any(item.location.match_digest in earlier for item in intake.items),
        files=typed.kept,
        fields=fields_of(typed.form),
        own_reference=bool(text_of("reference").strip()),
        now=clock.now(),
    )


def _own(text: str) -> OwnReferral:
    found = read_id(text, "R")
    own = None if found is None else own_referral(db.session(), found, sender_id=guard.actor().sender_id)
    if own is None:
        raise NotFound()
    return own
