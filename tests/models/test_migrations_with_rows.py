"""C-18: every migration goes down and up over a full desk; what both schemas know stays as it was.

And a program of an older version may go on beside the newer schema: what it reads is there, what it writes is
taken.
"""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pytest
import sqlalchemy as sa

from review import db, migrate
from tests.bench.databases import dsn_of
from tests.bench.filling import fill_postgresql, fill_sqlite
from tests.conftest import settings_for
from tests.house.readme_tables import ROOT
from tests.postgres import PostgresServer
from tests.rounds import more

ROWS = 1_000
"""Referrals in the desk that is migrated, in CI."""
FIRST_WITH_TRAIL = "0005"
AWKWARD = "'; DROP TABLE openings; -- \u202e\u0645\u0631\u062d\u0628\u0627 \U0001f600 " + "e\u0301" * 200

Shown = dict[str, dict[str, str]]


def _quiet(_text: str) -> None:
    """Nobody watches how it is filled."""


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], str]:
    """Makes an empty database of that name and gives its address."""
    if request.param == "sqlite":
        return lambda name: f"sqlite:///{tmp_path / name}.db"
    server: PostgresServer = request.getfixturevalue("postgres")
    return lambda name: server.create(f"{name}_{tmp_path.name.lower()}")


def _at_newest(url: str, folder: Path) -> sa.Engine:
    engine = db.create_engine(settings_for(url, folder))
    migrate.upgrade(engine)
    engine.dispose()
    return engine


@pytest.fixture
def full_engine(request: pytest.FixtureRequest, empty: Callable[[str], str], tmp_path: Path) -> sa.Engine:
    """An engine on a desk of the newest schema that has worked for a while, with awkward words in it."""
    url = empty("full")
    engine = _at_newest(url, tmp_path)
    cases = ROWS * more(request.config)
    if engine.dialect.name == "sqlite":
        fill_sqlite(str(tmp_path / "full.db"), cases=cases, progress=_quiet)
    else:
        fill_postgresql(dsn_of(url), cases=cases, progress=_quiet)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE senders SET name = id || :words"), {"words": AWKWARD[:180]})
        connection.execute(sa.text("UPDATE accounts SET name = id || :words"), {"words": AWKWARD[:180]})
    return engine


def _shown(engine: sa.Engine) -> Shown:
    """By table and column a digest of all its values in the order of the table's key."""
    found = sa.MetaData()
    with engine.connect() as connection:
        found.reflect(connection)
        shown: Shown = {}
        for table in found.sorted_tables:
            keys = list(table.primary_key.columns)
            digests = {column.name: sha256() for column in table.columns}
            for row in connection.execute(sa.select(table).order_by(*keys)):
                for name, value in row._mapping.items():
                    digests[str(name)].update(repr(value).encode("utf-8", "surrogatepass") + b"\0")
            shown[table.name] = {name: digest.hexdigest() for name, digest in digests.items()}
    shown.pop("alembic_version", None)
    return shown


def _differing(one: Shown, other: Shown) -> list[str]:
    """Columns that both know and that say something else."""
    return [
        f"{table}.{column}"
        for table in one.keys() & other.keys()
        for column in one[table].keys() & other[table].keys()
        if one[table][column] != other[table][column]
    ]


@dataclass(frozen=True)
class _Kind:
    """What a program that knows a column relies on."""

    type: str
    nullable: bool
    filled: bool


def _kinds(engine: sa.Engine) -> dict[str, dict[str, _Kind]]:
    found = sa.MetaData()
    with engine.connect() as connection:
        found.reflect(connection)
    return {
        table.name: {
            column.name: _Kind(
                str(column.type), bool(column.nullable), bool(column.server_default or column.identity)
            )
            for column in table.columns
        }
        for table in found.sorted_tables
    }


def _unknown_to_older(older: dict[str, dict[str, _Kind]], newer: dict[str, dict[str, _Kind]]) -> list[str]:
    """What a program of the older schema would miss, or would have to fill without knowing it."""
    wrong = [table for table in older if table not in newer]
    for table in older.keys() & newer.keys():
        before, after = older[table], newer[table]
        for name, kind in before.items():
            now = after.get(name)
            if now is None or now.type != kind.type or (kind.nullable and not now.nullable):
                wrong.append(f"{table}.{name}")
        added = [name for name in after if name not in before]
        wrong += [f"{table}.{name}" for name in added if not (after[name].nullable or after[name].filled)]
    return wrong


def _written_by_older(older: sa.Engine, newer: sa.Engine) -> dict[str, int]:
    """Every row of the older schema written into an empty newer one as its own program writes it."""
    found, counts = sa.MetaData(), {}
    with older.connect() as reader, newer.begin() as writer:
        found.reflect(reader)
        for table in found.sorted_tables:
            rows = [dict(row._mapping) for row in reader.execute(sa.select(table))]
            counts[table.name] = len(rows)
            if rows and table.name != "alembic_version":
                writer.execute(sa.insert(table), rows)
                assert writer.scalar(sa.select(sa.func.count()).select_from(table)) == len(rows)
    return counts


@pytest.mark.timeout(1800)
def test_every_migration_leaves_what_both_schemas_know(
    full_engine: sa.Engine, empty: Callable[[str], str], tmp_path: Path
) -> None:
    revisions = sorted(path.name[:4] for path in (ROOT / "migrations/versions").glob("0*.py"))
    kinds, foreign = _kinds(full_engine), {}
    newest = _shown(full_engine)
    trail = {name: newest[name] for name in ("openings", "leaves", "tiles", "tree_heads", "checkpoints")}
    assert len(newest) > 40
    changed: dict[str, list[str]] = {}
    above = newest
    for revision, before in zip(revisions[:0:-1], revisions[-2::-1], strict=True):
        if before < FIRST_WITH_TRAIL:
            break
        migrate.downgrade(full_engine, before)
        below = _shown(full_engine)
        migrate.upgrade(full_engine, revision)
        again = _shown(full_engine)
        wrong = [*_differing(above, below), *_differing(below, again)]
        if wrong:
            changed[revision] = wrong
        assert {name: again[name] for name in trail} == trail, f"{revision} touched the trail"
        migrate.downgrade(full_engine, before)
        above = below
        older = _kinds(full_engine)
        if unknown := _unknown_to_older(older, kinds):
            foreign[revision] = unknown
        kinds = older
    assert changed == {}
    assert foreign == {}, "a program of the version before cannot work beside it"
    beside = _at_newest(empty("beside"), tmp_path)
    assert _written_by_older(full_engine, beside)["referrals"] >= ROWS
    beside.dispose()
    migrate.upgrade(full_engine)
    assert {name: _shown(full_engine)[name] for name in trail} == trail
    full_engine.dispose()
