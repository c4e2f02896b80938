"""One's own exposure of today: pictures by step and long texts, on one's own page and for nobody else."""

import re
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
import time_machine

from review import clock, db
from review.actions.breaks import end_break, start_break
from review.actions.cases import claim_case
from review.actions.comforts import choose_comfort
from review.actions.evidence import Size, reveal_evidence, reveal_text
from review.domain.media import Stage
from review.domain.permissions import Actor, Role
from review.domain.wellbeing import DAY, Comfort
from review.models import Item
from review.queries.exposure import exposure_of, wants_low
from review.queries.own_exposure import STEPS, ShownToday, shown_today
from tests.conftest import Desk
from tests.factories import make_account, make_case
from tests.pieces import add_evidence, first_item
from tests.web.moderator.test_evidence import step, steps
from tests.web.moderator.test_pages import Moderator

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
LONG = "word " * 60


def _read(desk: Desk, person: Actor, now: datetime = NOW) -> ShownToday:
    desk.session.rollback()
    return shown_today(desk.session, account_id=person.account_id or "", now=now)


def _counts(known: dict[Stage, int]) -> dict[Stage, int]:
    return {one: known.get(one, 0) for one in STEPS}


def _words(page: str) -> str:
    """The words of both parts of the page that tell of it."""
    parts = (
        page.partition(f'id="{one}"')[2].partition("</section>")[0] for one in ("exposure", "shown-today")
    )
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", " ".join(parts)))


def test_each_piece_counts_once_in_its_largest_step_and_a_long_text_counts_too(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False):
        severe, calm, person = make_case(severity="high"), make_case(), make_account()
        for case_id in (severe, calm):
            claim_case(case_id, actor=person)
        picture, other, file = (add_evidence(case_id) for case_id in (severe, severe, calm))
        for evidence_id, case_id, stage in (
            (picture, severe, Stage.SMALL), (picture, severe, Stage.COLOUR), (picture, severe, Stage.GREY),
            (other, severe, Stage.SMALL), (file, calm, Stage.TEXT), (file, calm, Stage.TEXT),
        ):  # fmt: skip
            reveal_evidence(case_id, evidence_id, stage=stage, size=Size(9), actor=person)
        for _twice in range(2):
            reveal_text(severe, first_item(severe), size=Size(300), actor=person)
        found = _read(desk, person)
        assert found.high == _counts({Stage.SMALL: 1, Stage.COLOUR: 1, Stage.TEXT: 1})
        assert found.low == _counts({Stage.TEXT: 1})
        assert (found.cases, found.severe_cases) == (2, 1)
        seen = exposure_of(desk.session, person.account_id or "", now=NOW)
        assert (seen.high, seen.low, seen.high_since_break) == (3, 1, 3)
    assert _read(desk, make_account()) == ShownToday(_counts({}), _counts({}), 0, 0)
    assert _read(desk, person, NOW + DAY + timedelta(seconds=1)).cases == 0


def test_long_texts_use_the_budget_of_the_day_up(desk: Desk) -> None:
    case_id, person = make_case(severity="high"), make_account()
    claim_case(case_id, actor=person)
    choose_comfort(Comfort(), break_minutes=None, budget_high=1, actor=person)
    account_id = person.account_id or ""
    assert wants_low(desk.session, account_id, settings=desk.settings, now=clock.now()) == ""
    reveal_text(case_id, first_item(case_id), size=Size(300), actor=person)
    desk.session.rollback()
    assert wants_low(desk.session, account_id, settings=desk.settings, now=clock.now()) == "budget"


def test_my_work_shows_it_to_the_person_and_to_nobody_else(desk: Desk) -> None:
    case_id = make_case(severity="high")
    with db.transaction() as writer:
        writer.execute(sa.update(Item).values(description=LONG))
    person, lead = Moderator(desk), Moderator(desk, Role.LEAD)
    idle = person.get("/my-work")
    assert "You were shown nothing today." in idle
    assert 'id="shown-today"' not in idle
    person.claim(case_id)
    (offered,) = [one for one in steps(person.get(f"/cases/{case_id}")) if "/reveal" in one]
    step(person, offered)
    words = _words(person.get("/my-work"))
    assert "1 of 60 pieces of high severity" in words
    assert "From 1 case, of high severity: 1." in words
    assert "Texts 1, of high severity 1" in words
    assert "comfort, not protection" in words
    assert "Only you see this sum." in words
    for word in ("well done", "great", "keep", "colleague", "average", "more than", "less than"):
        assert word not in words.lower(), word
    assert "1 of 60" in person.get("/comfort")
    assert "You were shown nothing today." in lead.get("/my-work")


def test_minutes_of_work_are_not_said_to_follow_a_break_that_nobody_took(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False) as hand:
        person = Moderator(desk)
        assert "0 minutes of work in a row; no break taken today" in _words(person.get("/my-work"))
        start_break(actor=person.actor)
        hand.shift(timedelta(minutes=5))
        end_break(actor=person.actor)
        for page in ("/my-work", "/comfort"):
            words = person.get(page)
            assert "minutes since your last break" in words
            assert "no break taken" not in words
        hand.shift(DAY + timedelta(seconds=1))
        assert exposure_of(desk.session, person.actor.account_id or "", now=clock.now()).rested_today is False
