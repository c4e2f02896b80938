"""Records are found through indexes on both databases, and no page is unbounded."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from review import clock, db
from review.actions.cases import claim_next
from review.actions.decisions import record_review
from review.domain.decisions import ReviewInput
from review.domain.searching import readings_of
from review.domain.states import CaseState
from review.models import Case
from review.queries import record_search
from review.queries.record_search import CaseListed, Filters, cases_found
from review.queries.search_entries import cases_read
from tests.actions.test_indexing import DIGEST, index_all
from tests.conftest import Desk
from tests.factories import make_account, make_cases, make_sender, receive, sender_actor
from tests.trails import decide_all

ID = "7K3M-9QXD-2FWT"
EVERY_WAY = [
    "REF/1",
    f"R-{ID}",
    f"I-{ID}",
    f"C-{ID}",
    f"B-{ID}",
    "https://video.example/1",
    "video.example",
    DIGEST,
]


@pytest.mark.parametrize("wanted", EVERY_WAY)
def test_a_search_reads_no_whole_table(desk: Desk, wanted: str) -> None:
    session = desk.session
    readings = tuple(one for one in readings_of(wanted) if one.kind != "text")
    statement = sa.select(Case.id).where(Case.id.in_(cases_read(session, readings)))
    bound = statement.compile(session.get_bind(), compile_kwargs={"literal_binds": True})
    if desk.database == "sqlite":
        plan = [row[3] for row in session.execute(sa.text(f"EXPLAIN QUERY PLAN {bound}"))]
        scanned = [line for line in plan if line.startswith("SCAN") and " USING " not in line]
        assert not [line for line in scanned if line.split()[1] in db_tables()], plan
        return
    session.execute(sa.text("SET LOCAL enable_seqscan = off"))
    session.execute(sa.text("SET LOCAL enable_bitmapscan = off"))
    plan = [row[0] for row in session.execute(sa.text(f"EXPLAIN {bound}"))]
    assert not [line for line in plan if "Seq Scan" in line], plan


def test_the_newest_cases_come_from_an_index(desk: Desk) -> None:
    session, filters = desk.session, Filters()
    window = record_search._window(filters, None, most=50)
    bound = sa.select(window.c.id).compile(session.get_bind(), compile_kwargs={"literal_binds": True})
    if desk.database == "postgresql":
        session.execute(sa.text("SET LOCAL enable_seqscan = off"))
    word = "EXPLAIN QUERY PLAN" if desk.database == "sqlite" else "EXPLAIN"
    plan = [str(row) for row in session.execute(sa.text(f"{word} {bound}"))]
    walked = [line for line in plan if "ix_cases_oldest" in line]
    assert len(walked) == len(CaseState), plan
    assert not [line for line in plan if "SCAN cases'" in line or "Seq Scan on cases" in line], plan


def db_tables() -> set[str]:
    return set(Case.metadata.tables)


def found(desk: Desk, wanted: str, **filters: Any) -> set[str]:
    page = cases_found(desk.session, readings_of(wanted), filters=Filters(**filters))
    return {row.id for row in page.rows}


def test_one_reference_of_two_senders_finds_the_cases_of_both(desk: Desk) -> None:
    answers = [
        receive(sender_actor(make_sender()), f"https://video.example/{number}", reference="SAME")
        for number in range(2)
    ]
    assert len({answer.referral_id for answer in answers}) == 2
    assert len(found(desk, " SAME ")) == 2
    assert found(desk, "other") == set()


@pytest.mark.parametrize("indexed", [False, True])
def test_hosts_and_digests_are_found_before_and_after_they_are_read_in(desk: Desk, *, indexed: bool) -> None:
    sender = sender_actor(make_sender())
    receive(sender, items=[{"url": "https://video.example:8443/a%20b", "sha256": DIGEST}])
    receive(sender, "https://news.social.example/b")
    rows = {
        row.match_key: row.case_id
        for row in desk.session.execute(sa.text("SELECT match_key, case_id FROM items"))
    }
    body = desk.session.scalar(sa.text("SELECT body_sha256 FROM referrals ORDER BY received_at DESC LIMIT 1"))
    if indexed:
        index_all()
    first, second = (case_id for _key, case_id in sorted(rows.items(), reverse=True))
    assert found(desk, "video.example") == {first}
    assert found(desk, "news.social.example") == {second}
    assert found(desk, "social.example") == set()
    assert found(desk, DIGEST) == {first}
    assert found(desk, f"sha256:{body}") == {second}


def test_words_are_found_in_reasons_whatever_their_case(desk: Desk) -> None:
    sender = sender_actor(make_sender())
    receive(sender, "https://video.example/1", reason="Praise of a LISTED organisation, 100% sure.")
    receive(sender, "https://video.example/2", reason="Something else.", reference="Sure/2")
    assert len(found(desk, "listed praise")) == 1
    assert len(found(desk, "100%")) == 1
    assert len(found(desk, "100_")) == 0
    assert len(found(desk, "sure")) == 2


def test_filters_leave_what_was_asked(desk: Desk) -> None:
    north, south = make_sender(), make_sender()
    receive(sender_actor(north), "https://video.example/1")
    (decided,) = decide_all()
    receive(
        sender_actor(south), "https://video.example/2", intake_kind="notice", good_faith=True,
        contact={"name": "Duty desk", "email": "desk@unit.example"}, legal_basis="§ 1",
    )  # fmt: skip
    (waiting,) = found(desk, "", state="open")
    assert found(desk, "") == {decided, waiting}
    assert found(desk, "", outcome="declined") == {decided} == found(desk, "", sender_id=north)
    assert found(desk, "", intake_kind="notice") == {waiting} == found(desk, "", sender_id=south)
    assert found(desk, "", since=clock.now() - timedelta(hours=1)) == {decided, waiting}
    assert found(desk, "", until=clock.now() - timedelta(hours=1)) == set()
    assert found(desk, "https://video.example/1", state="open") == set()


def test_a_case_whose_review_waits_is_in_the_list(desk: Desk) -> None:
    receive(sender_actor(make_sender()))
    claim = claim_next(actor=(moderator := make_account()))
    assert claim is not None
    review = ReviewInput("declined", decline_reason="no_breach", rationale="Nothing.", statement="Nothing.")
    given: dict[str, Any] = {"claim_generation": claim.claim_generation, "version": claim.version}
    record_review(claim.case_id, review, actor=moderator, **given)
    assert found(desk, "") == found(desk, "", state="open") == {claim.case_id}
    assert found(desk, "", state="decided") == set()


def test_pages_follow_one_another_without_gap_or_repeat(desk: Desk) -> None:
    ids = make_cases(120)
    seen: list[str] = []
    place = None
    for _page in range(9):
        page = cases_found(desk.session, (), after=place)
        seen += [row.id for row in page.rows]
        place = page.next_place
        if place is None:
            break
    assert sorted(seen) == sorted(ids)
    assert len(seen) == len(set(seen))


def test_a_narrow_search_looks_through_so_many_and_goes_on_behind(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = make_cases(30)
    monkeypatch.setattr(record_search, "LOOKED_THROUGH", 10)
    with db.transaction() as writer:
        oldest = writer.scalar(sa.select(Case.id).order_by(Case.opened_at, Case.id).limit(1))
        writer.execute(sa.update(Case).where(Case.id == oldest).values(intake_kind="notice"))
    place, pages, rows = None, 0, list[CaseListed]()
    while True:
        page = cases_found(desk.session, (), filters=Filters(intake_kind="notice"), after=place)
        pages, place = pages + 1, page.next_place
        rows += page.rows
        if place is None:
            break
        assert not page.whole
    assert (len(ids), pages, [row.id for row in rows]) == (30, 4, [oldest])


def test_the_count_ends_at_a_thousand(desk: Desk) -> None:
    make_cases(1_005)
    page = cases_found(desk.session, ())
    assert (page.count, len(page.rows)) == (1_000, 50)
