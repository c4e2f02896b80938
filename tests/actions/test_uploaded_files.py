"""Files on their way: each step once, by the right person, in the right state, whoever was faster."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
import sqlalchemy as sa
import time_machine

from review import clock, db
from review.actions import uploaded_files as files
from review.actions.uploaded_files import FileCounts
from review.domain.ids import new_id
from review.domain.permissions import SERVICE, Actor, Role, Scope
from review.domain.uploaded_files import KEPT_DAYS, MOST_KEPT, FileState
from review.errors import AlreadyClosed, AlreadyExists, InvalidInput, NotFound, NotPermitted, ScopeTooSmall
from review.models import Batch, Opening, UploadedFile
from review.queries.uploaded_files import OwnFile, next_file, old_files, own_file
from tests.actions.races import at_once
from tests.conftest import Desk
from tests.factories import make_account, make_sender, sender_actor

NAMES = ("reference", "reason", "url")
COUNTS = FileCounts(rows=5, ready=3, bad=1, sent_before=1)


def person(sender_id: str | None = None) -> Actor:
    return make_account(Role.SENDER, sender_id=sender_id or make_sender())


def stored(actor: Actor) -> str:
    file_id = new_id("U")
    files.store_file(file_id, name="a.csv", kind="table", length=9, sha256="0" * 64, actor=actor)
    return file_id


def asked(actor: Actor) -> str:
    file_id = stored(actor)
    files.ask_columns(file_id, names=NAMES, header=b"x", suggested=(None, "reason", "url"), actor=SERVICE)
    return file_id


def checked(actor: Actor, counts: FileCounts = COUNTS) -> str:
    file_id = stored(actor)
    files.keep_check(file_id, counts, names=NAMES, header=b"x", columns=NAMES, actor=SERVICE)
    return file_id


def sending(actor: Actor) -> str:
    file_id = checked(actor)
    files.send_file(file_id, batch_id=new_id("B"), actor=actor)
    return file_id


def look(desk: Desk, file_id: str, actor: Actor) -> OwnFile:
    found = own_file(desk.session, file_id, sender_id=actor.sender_id)
    desk.session.rollback()
    assert found is not None
    return found


def events(desk: Desk, file_id: str) -> list[str]:
    wanted = sa.select(Opening.event_type).where(Opening.object_id == file_id)
    return list(desk.session.scalars(wanted.order_by(Opening.object_version)))


CHOOSE: Callable[..., None] = partial(files.choose_columns, columns=NAMES)


def send(file_id: str, *, actor: Actor) -> None:
    files.send_file(file_id, batch_id=new_id("B"), actor=actor)


STEPS: dict[str, tuple[Callable[[Actor], str], Callable[..., None], FileState]] = {
    "choose": (asked, CHOOSE, FileState.WAITING),
    "send": (checked, send, FileState.SENDING),
    "drop": (checked, files.drop_file, FileState.DROPPED),
}
LOOPS: dict[str, tuple[Callable[[Actor], str], Callable[..., None], FileState]] = {
    "ask": (
        stored,
        partial(files.ask_columns, names=NAMES, header=b"x", suggested=NAMES),
        FileState.UNMAPPED,
    ),
    "check": (
        stored,
        partial(files.keep_check, counts=COUNTS, names=NAMES, header=None, columns=NAMES),
        FileState.CHECKED,
    ),
    "refuse": (stored, partial(files.refuse_file, problem="It is damaged."), FileState.REFUSED),
    "finish": (sending, files.finish_file, FileState.SENT),
}


@pytest.mark.parametrize("step", [*STEPS, *LOOPS])
def test_each_step_is_taken_once(desk: Desk, step: str) -> None:
    before, act, after = (STEPS | LOOPS)[step]
    actor = person()
    file_id = before(actor)
    acting = SERVICE if step in LOOPS else actor
    act(file_id, actor=acting)
    assert look(desk, file_id, actor).state == after
    with pytest.raises(AlreadyClosed):
        act(file_id, actor=acting)


@pytest.mark.parametrize("step", STEPS)
def test_another_senders_file_is_missing(desk: Desk, step: str) -> None:
    before, act, _after = STEPS[step]
    actor = person()
    file_id = before(actor)
    state = look(desk, file_id, actor).state
    with pytest.raises(NotFound):
        act(file_id, actor=person())
    with pytest.raises(NotPermitted):
        act(file_id, actor=make_account(Role.LEAD))
    with pytest.raises(ScopeTooSmall):
        act(file_id, actor=sender_actor(actor.sender_id or "", Scope.READ))
    assert look(desk, file_id, actor).state == state


@pytest.mark.parametrize("step", [*LOOPS, "progress", "old"])
def test_only_the_loop_does_the_work_of_the_loop(desk: Desk, step: str) -> None:
    actor = person()
    acts: dict[str, Callable[..., None]] = {name: act for name, (_before, act, _after) in LOOPS.items()}
    acts |= {"progress": partial(files.note_progress, rows=1, done=1), "old": files.drop_old_file}
    with pytest.raises(NotPermitted):
        acts[step](stored(actor), actor=actor)


@pytest.mark.parametrize("step", [*STEPS, *LOOPS])
def test_of_two_at_once_one_acts(desk: Desk, step: str) -> None:
    before, act, after = (STEPS | LOOPS)[step]
    actor = person()
    file_id = before(actor)
    acting = SERVICE if step in LOOPS else actor
    found = at_once(desk.app, [partial(act, file_id, actor=acting) for _one in range(4)])
    assert [one for one in found if one is None] == [None]
    assert {type(one) for one in found if one is not None} == {AlreadyClosed}
    assert look(desk, file_id, actor).state == after


def test_what_is_sent_and_dropped_stands_on_the_trail(desk: Desk) -> None:
    actor = person()
    assert events(desk, sending(actor)) == ["file.uploaded", "file.sent"]
    dropped = checked(actor)
    files.drop_file(dropped, actor=actor)
    assert events(desk, dropped) == ["file.uploaded", "file.dropped"]


def test_sending_begins_one_batch_of_the_sender(desk: Desk) -> None:
    actor = person()
    file = look(desk, sending(actor), actor)
    batch = desk.session.scalars(sa.select(Batch)).one()
    assert (file.batch_id, batch.sender_id, batch.header) == (batch.id, actor.sender_id, b"x")
    with pytest.raises(AlreadyClosed):
        files.drop_file(file.id, actor=actor)


def test_nothing_is_sent_where_nothing_is_ready(desk: Desk) -> None:
    actor = person()
    file_id = checked(actor, FileCounts(rows=1, ready=0, bad=1, sent_before=0))
    with pytest.raises(AlreadyClosed, match="No row"):
        send(file_id, actor=actor)
    assert desk.session.scalars(sa.select(Batch)).all() == []


def test_columns_that_are_needed_must_be_chosen(desk: Desk) -> None:
    actor = person()
    file_id = asked(actor)
    for columns in (("reference", "reason", None), ("reason", "reason", "url"), ("reason", "url")):
        with pytest.raises(InvalidInput):
            files.choose_columns(file_id, columns, actor=actor)
    assert look(desk, file_id, actor).state == FileState.UNMAPPED
    again = checked(actor)
    files.choose_columns(again, NAMES, actor=actor)
    assert look(desk, again, actor).state == FileState.WAITING


def test_a_sender_has_so_many_files_that_wait(desk: Desk) -> None:
    actor = person()
    found = [stored(actor) for _number in range(MOST_KEPT)]
    with pytest.raises(AlreadyExists):
        stored(actor)
    stored(person())
    files.drop_file(found[0], actor=actor)
    stored(actor)


def test_the_loop_takes_the_oldest_and_what_is_a_week_old_goes(desk: Desk) -> None:
    actor = person()
    first, second = stored(actor), sending(actor)
    found = next_file(desk.session)
    assert found is not None
    assert found.id == first
    following = next_file(desk.session, passed=[first])
    assert following is not None
    assert following.id == second
    files.finish_file(second, actor=SERVICE)
    with pytest.raises(AlreadyClosed):
        files.drop_old_file(first, actor=SERVICE)
    with time_machine.travel(clock.now() + timedelta(days=KEPT_DAYS, hours=1), tick=False):
        assert sorted(old_files(db.session(), now=clock.now())) == sorted([first, second])
        db.session().rollback()
        for file_id in (first, second):
            files.drop_old_file(file_id, actor=SERVICE)
        assert old_files(db.session(), now=clock.now()) == []
        db.session().rollback()
    assert [look(desk, one, actor).state for one in (first, second)] == [FileState.DROPPED, FileState.SENT]
    assert desk.session.scalar(sa.select(UploadedFile.dropped_at).where(UploadedFile.id == second))
