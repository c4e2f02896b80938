"""Nothing of the house and of other senders reaches a sender's pages: no name, pseudonym, note or text."""

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine
from flask.testing import FlaskClient

from review import db
from review.actions import cases, decisions, dispatching, escalations
from review.domain.decisions import ReviewInput
from review.domain.permissions import SERVICE, Actor, Role
from review.models import Account, Item
from tests.conftest import Desk
from tests.factories import make_account, make_clause, make_sender, receive, sender_actor
from tests.trails import settle
from tests.web.admin.pages import Person

SHARED = ("https://video.example/accepted", "https://video.example/declined", "https://video.example/asked")
STATEMENT = "We have compared the item with our terms."
SECRET = re.compile(
    r"canary|kingfisher|second.?review|resolving|escalat|with legal|first review|\bC-[0-9A-Z]{4}-",
    re.IGNORECASE,
)
LISTS = ("/sender", "/sender/referrals", "/sender/refused", "/sender/keys")


def _case_of(desk: Desk, url: str) -> str:
    return str(desk.session.scalar(sa.select(Item.case_id).where(Item.canonical_url == url).limit(1)))


def _judge(desk: Desk, url: str, reviewer: Actor, review: ReviewInput) -> None:
    claim = cases.claim_case(_case_of(desk, url), actor=reviewer)
    recorded = decisions.record_review(
        claim.case_id,
        review,
        claim_generation=claim.claim_generation,
        version=claim.version,
        actor=reviewer,
    )
    with time_machine.travel(recorded.undo_until + timedelta(seconds=1), tick=False):
        dispatching.dispatch_review(recorded.review_id, actor=SERVICE)


def _work(desk: Desk, reviewer: Actor) -> None:
    """One case accepted, one declined, one with legal; notes and drafts with canaries everywhere."""
    rationale = "CANARY-RATIONALE: compared with our clause; a sentence of my own."
    accepted = ReviewInput(
        outcome="accepted",
        ground="terms",
        clauses=(make_clause(),),
        visibility="removed",
        rationale=rationale,
        statement=STATEMENT,
    )
    declined = ReviewInput(
        outcome="declined", decline_reason="no_breach", rationale=rationale, statement=STATEMENT
    )
    _judge(desk, SHARED[0], reviewer, accepted)
    _judge(desk, SHARED[1], reviewer, declined)
    claim = cases.claim_case(_case_of(desk, SHARED[2]), actor=reviewer)
    decisions.save_draft(
        claim.case_id,
        {"rationale": ["CANARY-DRAFT"]},
        claim_generation=claim.claim_generation,
        actor=reviewer,
    )
    escalations.escalate_case(
        claim.case_id,
        "CANARY-NOTE: is this satire?",
        claim_generation=claim.claim_generation,
        version=claim.version,
        actor=reviewer,
    )
    escalations.advise_case(claim.case_id, "CANARY-ADVICE: it is.", actor=make_account(Role.LEGAL))
    with db.transaction() as writer:
        for number, account_id in enumerate(
            writer.scalars(sa.select(Account.id).where(Account.role != Role.SENDER.value)).all()
        ):
            writer.execute(
                sa.update(Account)
                .where(Account.id == account_id)
                .values(
                    name=f"CANARY-NAME {number}",
                    pseudonym=f"Kingfisher {number}",
                    email=f"canary{number}@desk.example",
                )
            )


@pytest.fixture
def two_senders(desk: Desk) -> tuple[Person, dict[str, list[str]]]:
    """Somebody of one sender, and the ids of both; the other one's texts hold canaries."""
    own, other = make_sender("Harbour Watch"), make_sender("CANARY Unit")
    ids: dict[str, list[str]] = {}
    for name, sender_id in (("other", other), ("own", own)):
        mark = "CANARY-" if name == "other" else ""
        received = receive(
            sender_actor(sender_id),
            *SHARED,
            f"https://{mark.lower()}elsewhere.example/",
            reference=f"{mark}HW-1",
            reason=f"{mark}Reason of the sender.",
            issuing_authority=f"{mark}Duty desk",
        )
        found = sa.select(Item.id).where(Item.referral_id == received.referral_id)
        ids[name] = [received.referral_id, *desk.session.scalars(found.order_by(Item.position))]
    _work(desk, make_account())
    settle(desk.settings.data_dir)
    return Person(desk, Role.SENDER, sender_id=own), ids


def _everything(client: FlaskClient, address: str) -> str:
    answer = client.get(address, follow_redirects=True)
    assert answer.status_code == 200, address
    return f"{answer.text}\n{answer.headers}"


def test_no_canary_reaches_a_page_or_header_of_a_sender(
    two_senders: tuple[Person, dict[str, list[str]]],
) -> None:
    person, ids = two_senders
    referral_id, accepted, declined, asked = ids["own"]
    one = f"/sender/referrals/{referral_id}"
    for address in (
        *LISTS,
        "/sender/find?q=HW-1",
        "/sender/find?q=HW",
        one,
        f"{one}?item={accepted}",
        f"{one}/withdraw",
        f"{one}/receipt",
        f"{one}/receipt?item={accepted}",
        f"{one}/receipt?item={declined}",
        f"/sender/items/{asked}/withdraw",
    ):
        page = _everything(person.client, address)
        assert SECRET.search(page) is None, (address, SECRET.search(page))
        assert not any(foreign in page for foreign in ids["other"]), address
    page = person.get(one)
    assert STATEMENT in page
    assert "1 accepted" in page
    assert "1 declined" in page
    assert "1 in review" in page


def test_what_another_sender_does_with_the_same_items_changes_no_byte(
    desk: Desk, two_senders: tuple[Person, dict[str, list[str]]]
) -> None:
    person, ids = two_senders
    addresses = [*LISTS[:3], f"/sender/referrals/{ids['own'][0]}"]

    def pages() -> list[str]:
        moving = r'name="csrf_token" value="[^"]+"|data-now="[^"]+"|<time[^>]*>.*?</time>'
        volatile = re.compile(moving, re.DOTALL)
        return [volatile.sub("", person.client.get(address).text) for address in addresses]

    before = pages()
    for number in range(3):
        receive(sender_actor(make_sender(f"CANARY {number}")), *SHARED, "https://elsewhere.example/")
    assert pages() == before
