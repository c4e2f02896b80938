"""What a lead who reviews second reads of the team tells nothing of the first review of the case."""

import itertools
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine

from app import create_app
from review import db
from review.actions.cases import claim_case
from review.actions.numbers import count_entries
from review.actions.trail import sequence_events
from review.domain.permissions import SERVICE, Role
from review.domain.team import LEAST_PEOPLE
from tests.conftest import Desk, settings_for
from tests.draws import NOT_DRAWN
from tests.factories import make_account, make_case, make_clause, make_sender
from tests.judging import judge, settle_review, to_second_review
from tests.web.moderator.blind import NOW, Stage, Watcher, stories, tell
from tests.web.moderator.blind_deeds import UNSEEN, deeds

PAGES = ("/team", "/agreement", "/quality", "/emailed")
TOLD = ("terms, removed", "account terminated", "declined, no_breach", "declined, not_found", "law", "broad")
DONE = ("revealed and hidden, accepted", "looked without the evidence, not found")


@contextmanager
def _stage(template: Path, folder: Path) -> Iterator[Stage]:
    """A desk of its own for one story: what a team did is counted, and would count the stories before."""
    folder.mkdir()
    shutil.copy(template, folder / "review.db")
    settings = settings_for(f"sqlite:///{folder / 'review.db'}", folder)
    app = create_app(settings)
    with app.app_context(), time_machine.travel(NOW - timedelta(days=1), tick=False) as hand:
        stage = Stage(
            Desk(app=app, settings=settings, database="sqlite"), hand, make_clause("4.2"), make_sender()
        )
        _work_of_a_team(stage)
        yield stage
        db.session().close()
        db.extension.engine.dispose()


def _work_of_a_team(stage: Stage) -> None:
    """Enough people decided a case each, and two of them one together, so that every page has numbers."""
    people = [make_account() for _person in range(LEAST_PEOPLE)]
    for person in people:
        settle_review(judge(make_case(sender_id=stage.sender_id), person), stage.hand, lot=NOT_DRAWN)
    for person, other in itertools.pairwise(people):
        case_id = make_case(sender_id=stage.sender_id)
        to_second_review(case_id, person, stage.hand)
        settle_review(judge(case_id, other), stage.hand)


def _counted() -> None:
    while sequence_events() is not None:
        pass
    while count_entries(actor=SERVICE):
        pass


def _read(stage: Stage, name: str) -> dict[str, str]:
    """The pages before the lead takes the case and while holding it."""
    every = stories(stage.clause) | deeds(stage.clause, UNSEEN)
    told = tell(stage, 0, every[name])
    _counted()
    watcher = Watcher(stage, told, Role.LEAD)
    for page in PAGES:
        watcher.look(f"{page}, free", page)
    claim_case(told.case_id, actor=watcher.person.actor)
    for page in PAGES:
        watcher.look(f"{page}, held", page)
    return {name: re.sub(r"<time .*?</time>", "<time>", text) for name, text in watcher.seen.items()}


def test_pages_of_a_team_tell_a_lead_nothing_of_the_first_review(
    sqlite_template: Path, tmp_path: Path
) -> None:
    """Other outcomes, measures and looks; how often somebody undid or how fast is told of all together."""
    found = {}
    for number, name in enumerate((*TOLD, *DONE)):
        with _stage(sqlite_template, tmp_path / str(number)) as stage:
            found[name] = _read(stage, name)
    (known, expected), *others = found.items()
    assert all(answer.startswith("200") for answer in expected.values())
    assert "Too few people" not in expected["0 /team, free"]
    for name, answers in others:
        for page, answer in answers.items():
            assert answer == expected[page], f"{page} tells {name} from {known}"


@pytest.mark.parametrize("page", ["/team"])
def test_the_pages_would_tell_a_decision(sqlite_template: Path, tmp_path: Path, page: str) -> None:
    """Else equal pages would only say that nothing is counted at all."""
    found: list[str] = []
    for number in range(2):
        with _stage(sqlite_template, tmp_path / str(number)) as stage:
            if number:
                recorded = judge(make_case(sender_id=stage.sender_id), make_account())
                settle_review(recorded, stage.hand, lot=NOT_DRAWN)
            stage.hand.move_to(NOW)
            _counted()
            told = tell(stage, 0, stories(stage.clause)["declined, no_breach"])
            watcher = Watcher(stage, told, Role.LEAD)
            watcher.look(page, page)
            found += watcher.seen.values()
    assert found[0] != found[1]
