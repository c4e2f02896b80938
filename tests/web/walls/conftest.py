"""What everybody gets to see, gathered once for each database and looked through by many tests."""

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from app import create_app
from review import db
from tests.conftest import Desk, settings_for
from tests.postgres import PostgresServer
from tests.stored import contents
from tests.web.walls.crawling import FOR_PROGRAMS, Answered, by_parameters, crawl
from tests.web.walls.logged import log_lines
from tests.web.walls.marks import Mark, found_in
from tests.web.walls.matrix import DISPUTE, JUDGE
from tests.web.walls.posting import by_holder, by_judge, by_key, by_page
from tests.web.walls.stage import STAFF, Ids, Stage, bearer, build


@dataclass(frozen=True, repr=False)
class Seen:
    """All answers that each got, which marks stand in them, which are stored at all, and the ids of whom.

    ``logged``: which marks, keys and tokens stand in the log of all that.
    """

    answers: Mapping[str, list[Answered]]
    marks: Mapping[str, dict[Mark, str]]
    stored: set[str]
    ids: Mapping[str, Ids]
    logged: set[str]


# one process for each database (`WallsTogether`): going everywhere takes a while, and need not be done twice
@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def seen(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    """Everybody has gone everywhere; the desk is gone, what they saw is kept."""
    folder = tmp_path_factory.mktemp("walls")
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), folder / "review.db")
        yield _look(f"sqlite:///{folder / 'review.db'}", folder)
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    url = server.create("walls", template=request.getfixturevalue("postgres_template"))
    found = _look(url, folder)
    server.drop("walls")
    yield found


def _look(url: str, folder: Path) -> Seen:
    settings = settings_for(url, folder)
    with log_lines() as lines, (app := create_app(settings)).app_context():
        stage = build(Desk(app=app, settings=settings, database=url.partition(":")[0]))
        answers = {name: crawl(stage, stage.clients[name]) for name in (*STAFF, "public")}
        answers["sender's page"] = crawl(stage, stage.clients["own"], methods=("GET", "HEAD"))
        answers["sender's key"] = crawl(
            stage,
            stage.desk.client(),
            headers=bearer(stage.keys["own"]),
            within=FOR_PROGRAMS,
            more=by_parameters(stage),
            methods=("GET", "HEAD"),
        )
        answers[DISPUTE] = [one for one in answers["resolver"] if stage.cases["resolver"] in one.address]
        answers["holder"] += by_holder(stage)
        answers[JUDGE] = by_judge(stage)
        # last: what is sent changes what the others see
        answers["sender's page"] += by_page(stage)
        answers["sender's key"] += by_key(stage)
        stored = _stored(stage)
        secrets = {*Mark, *stage.keys.values(), *stage.ids["house"]["token"]}
        db.session().close()
        db.extension.engine.dispose()
    marks = {name: _marks(found) for name, found in answers.items()}
    return Seen(answers, marks, stored, stage.ids, found_in(lines.getvalue(), secrets))


def _stored(stage: Stage) -> set[str]:
    """The marks that stand in the database or in a file of evidence."""
    files = [path for path in stage.desk.settings.data_dir.rglob("*") if path.is_file()]
    kept = [repr(contents(stage.desk)), *(path.read_bytes().decode("latin-1") for path in files)]
    return {mark for mark in Mark for text in kept if mark in text}


def _marks(answers: list[Answered]) -> dict[Mark, str]:
    """Every mark that was seen, and an address where."""
    return {Mark(mark): one.address for one in answers for mark in found_in(one.whole, tuple(Mark))}
