"""Records: find a case, and read all that there is on it."""

from typing import NamedTuple

from flask import Blueprint, Response, current_app, redirect, render_template, request, url_for

from review import clock, db
from review.actions import records as record_actions
from review.actions.erasable import retention_days
from review.domain.complaints import LONGEST_CONTACT, LONGEST_REASONS, Party
from review.domain.decisions import complaint_until
from review.domain.ids import read_id
from review.domain.permissions import Permission
from review.domain.priority import Terms, rank_of, why_due
from review.domain.searching import nearest
from review.domain.states import CaseState
from review.errors import NotFound
from review.queries.record_search import MOST_COUNTED, senders_named
from review.queries.records import Record
from review.queries.restrictions import count_failed, count_overdue
from review.queries.retention import retention_of
from review.queries.search_entries import MOST_CANDIDATES, NEWEST_READ
from review.web import guard
from review.web.legal.advice_form import AdviceForm
from review.web.legal.complaint_form import ComplaintForm
from review.web.legal.record_evidence import pieces_in_record
from review.web.legal.search_form import (
    NARROWING,
    address,
    chosen_reading,
    export_address,
    filters_of,
    listing_address,
    read_place,
    search_form,
    write_place,
)
from review.web.times import duration
from review.web.typed_notes import TypedNote, names_to_mention

blueprint = Blueprint("legal_records", __name__)


@blueprint.get("/records")
@guard.access(Permission.READ_RECORDS)
def listing() -> str:
    """What was pasted, understood and found; else the newest cases. Each search is an event."""
    form = search_form(senders_named(db.session()))
    after, query = read_place(request.args.get("after", "")), (form.q.data or "").strip()
    with_words = request.args.get("words") == "1"
    listed = record_actions.list_records(
        actor=guard.actor(),
        query=query,
        only=chosen_reading(),
        filters=filters_of(form),
        after=after,
        with_words=with_words,
    )
    place = None if listed.found.next_place is None else write_place(listed.found.next_place)
    words = "1" if with_words else None
    overdue = count_overdue(
        db.session(), now=clock.now(), hours=current_app.config["REVIEW_SETTINGS"].platform_hours
    )
    return render_template(
        "legal/records.html",
        overdue=overdue,
        failed=count_failed(db.session()),
        form=form,
        query=query,
        found=listed.found,
        readings=listed.readings,
        only=chosen_reading(),
        nearest=[
            (near, listing_address({"q": near.shown, "as": near.kind})) for near in nearest(listed.readings)
        ],
        words_instead=listing_address({"q": query, "as": "text"}),
        words=listed.words if with_words else None,
        words_address=address(words=None if with_words else "1", after=request.args.get("after")),
        behind=listed.behind,
        export_address=export_address(),
        narrowed=[name for name in NARROWING if request.args.get(name)],
        address=address,
        bounds={"most": MOST_COUNTED, "items": MOST_CANDIDATES, "texts": NEWEST_READ},
        next_address=None if place is None else address(after=place, words=words),
        first_address=address(words=words) if after else None,
        now=clock.now(),
    )


@blueprint.get("/records/<case_id>")
@guard.access(Permission.READ_RECORDS)
def record(case_id: str) -> str | Response:
    """The record of one case; opening it is an event on the trail."""
    wanted = read_id(case_id, "C")
    if wanted is None:
        raise NotFound("There is no such case; search by its id, a referral's id or a reference.")
    if wanted != case_id:
        return redirect(url_for("legal_records.record", case_id=wanted), 303)  # type: ignore[return-value]
    return record_page(wanted)


def record_page(
    case_id: str,
    *,
    form: AdviceForm | None = None,
    note: TypedNote | None = None,
    complaint: ComplaintForm | None = None,
) -> str:
    """The record; an advice, a note or a complaint that was refused stands there with what was typed."""
    found = record_actions.open_record(case_id, actor=guard.actor())
    oldest_first = request.args.get("order") == "oldest"
    return render_template(
        "legal/record.html",
        record=found,
        entries=found.timeline if oldest_first else found.timeline[::-1],
        oldest_first=oldest_first,
        pieces=pieces_in_record(found.id, found.evidence),
        form=(form or AdviceForm(formdata=None)) if found.state == CaseState.ESCALATED else None,
        refused=form,
        note=note or TypedNote("", pinned=False),
        names=names_to_mention(),
        target=_target_of(found),
        complaining=complaint or (ComplaintForm(formdata=None) if _is_complainable(found) else None),
        longest={"reasons": LONGEST_REASONS, "contact": LONGEST_CONTACT},
        held=retention_of(
            db.session(),
            found.id,
            intake_kind=found.intake_kind,
            decided_at=found.decided_at,
            referral_ids=[one.id for one in found.referrals],
            days=retention_days(),
        ),
        now=clock.now(),
    )


def _is_complainable(record: Record) -> bool:
    """Whether a complaint of the content provider can be registered now."""
    waits = any(one.party is Party.CONTENT_PROVIDER and one.ended_at is None for one in record.complaints)
    decided = record.state in (CaseState.DECIDED, CaseState.COMPLAINT) and record.decided_at is not None
    return decided and not waits and clock.now() <= complaint_until(record.decided_at)  # type: ignore[arg-type]


class Target(NamedTuple):
    """Why a case is due when it is: the rule, the time that it leaves, and the referral that it is for."""

    rule: str
    span: str
    referral_id: str


def _target_of(record: Record) -> Target | None:
    terms = {
        one.id: Terms(
            one.received_at,
            rank_of(intake_kind=one.intake_kind, urgency=one.urgency),
            trusted_flagger=one.flagger_then,
            order=one.intake_kind == "removal_order",
        )
        for one in record.referrals
        if one.received_at is not None
    }
    place = why_due(record.due_at, list(terms.values()), settings=current_app.config["REVIEW_SETTINGS"])
    if place is None:
        return None
    referral_id, chosen = list(terms.items())[place]
    return Target(chosen.rule, duration(record.due_at - chosen.received_at), referral_id)
