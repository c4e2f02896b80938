"""One's own work: held, set aside, recorded, left as draft, asked, and named; nobody else sees this page."""

from flask import Blueprint, render_template

from review import clock, db
from review.actions.offering import resolves
from review.domain.escalations import WAITS
from review.domain.permissions import Permission
from review.domain.questions import WAITS as SENDER_WAITS
from review.queries import my_work, notes, own_left
from review.queries.cases import claim_mark
from review.queries.comparisons import compared_cases
from review.queries.own_unmaskings import unmaskings_of
from review.queries.questions import asked_by
from review.web import guard
from review.web.moderator.own_exposure import own_exposure

blueprint = Blueprint("moderator_my_work", __name__)


@blueprint.get("/my-work")
@guard.access(Permission.WORK_QUEUE)
def page() -> str:
    """Everything of this person, without content, addresses and senders, and without a count of work done.

    Undo stands in the list, so that the frame does not offer it a second time.
    """
    reader, now, account_id = db.session(), clock.now(), guard.actor().account_id or ""
    held = my_work.held_now(reader, account_id=account_id, now=now)
    return render_template(
        "moderator/my_work.html",
        held=held,
        holding=" ".join(claim_mark(one.case.id, one.case.claim_generation) for one in held),
        reviews=my_work.own_reviews(reader, account_id=account_id, now=now),
        drafts=my_work.left_drafts(reader, account_id=account_id, now=now, resolves=resolves(guard.actor())),
        questions=my_work.own_questions(reader, account_id=account_id, now=now),
        aside=own_left.set_aside_by(reader, account_id=account_id, now=now),
        mentions=notes.mentions_of(reader, account_id=account_id, now=now),
        compared=compared_cases(reader, account_id=account_id, now=now),
        waits=WAITS,
        asked=asked_by(reader, account_id=account_id, now=now),
        sender_waits=SENDER_WAITS,
        unmaskings=unmaskings_of(reader, account_id=account_id),
        exposure=own_exposure(now=now),
        undo=None,
        now=now,
    )
