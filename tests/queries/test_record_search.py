"""Records are found through indexes on both databases, whatever the search is."""

import pytest
import sqlalchemy as sa

from review.queries.records import cases_listed, listing
from tests.conftest import Desk
from tests.factories import make_sender, receive, sender_actor


@pytest.mark.parametrize("wanted", ["REF/1", "R-7K3M-9QXD-2FWT", "I-7K3M-9QXD-2FWT", "C-7K3M-9QXD-2FWT"])
def test_a_search_reads_no_whole_table(desk: Desk, wanted: str) -> None:
    session = desk.session
    bound = listing(wanted).compile(session.get_bind(), compile_kwargs={"literal_binds": True})
    if desk.database == "sqlite":
        plan = [row[3] for row in session.execute(sa.text(f"EXPLAIN QUERY PLAN {bound}"))]
        assert any("uq_referrals" in line or "autoindex_referrals" in line for line in plan), plan
        assert not [line for line in plan if line.startswith("SCAN")], plan
        return
    session.execute(sa.text("SET LOCAL enable_seqscan = off"))
    session.execute(sa.text("SET LOCAL enable_bitmapscan = off"))
    plan = [row[0] for row in session.execute(sa.text(f"EXPLAIN {bound}"))]
    assert any("Index Cond" in line and "reference" in line for line in plan), plan
    assert not [line for line in plan if "Seq Scan" in line], plan


def test_one_reference_of_two_senders_finds_the_cases_of_both(desk: Desk) -> None:
    answers = [
        receive(sender_actor(make_sender()), f"https://video.example/{number}", reference="SAME")
        for number in range(2)
    ]
    assert len({answer.referral_id for answer in answers}) == 2
    assert len(cases_listed(desk.session, query=" SAME ")) == 2
    assert cases_listed(desk.session, query="same") == []
