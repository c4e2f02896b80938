"""Nobody of the desk is named to a sender: not in a statement, a question, or a ready-made text."""

import itertools
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from review import clock, db
from review.actions.cases import claim_case
from review.actions.decisions import record_review
from review.actions.questions import ask_sender
from review.actions.snippets import write_snippet
from review.domain.permissions import Role
from review.errors import FieldError, InvalidInput, InvalidReview
from review.models import Account, ClauseVersion, Question, Review, SnippetVersion
from review.queries.staff import staff_named
from tests.conftest import Desk
from tests.factories import make_account, make_case, make_clause, make_sender
from tests.judging import accept

_numbers = itertools.count(1)


def _named(role: Role, pseudonym: str, email: str, **changes: Any) -> None:
    sender_id = make_sender() if role is Role.SENDER else None
    actor = make_account(role, sender_id=sender_id)
    with db.transaction() as writer:
        values = {"pseudonym": pseudonym, "email": email} | changes
        writer.execute(sa.update(Account).where(Account.id == actor.account_id).values(**values))


@pytest.fixture
def people(desk: Desk) -> None:
    _named(Role.LEAD, "Reviewer T2", "lead@desk.example")
    _named(Role.MODERATOR, "Reviewer J4", "gone@desk.example", closed_at=clock.now())
    _named(Role.SENDER, "Sender Q4", "officer@unit.example")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Decided by reviewer t2.", "Reviewer T2"),
        ("Decided by REVIEWER-J4", "Reviewer J4"),
        ("Write to LEAD@desk.example", "lead@desk.example"),
        ("Write to gone@desk.example.", "gone@desk.example"),
        ("Reviewer T3 is nobody, nor is other@desk.example", None),
        ("Sender Q4 wrote from officer@unit.example", None),
        ("It breaks clause 4.2.", None),
        ("a.@b. " * 800 + "lead@desk.example", "lead@desk.example"),
    ],
)
@pytest.mark.usefixtures("people")
def test_people_of_the_desk_are_known_and_nobody_else(desk: Desk, text: str, name: str | None) -> None:
    assert staff_named(desk.session, text) == name


def _statement(text: str) -> None:
    case_id, person = make_case(), make_account()
    claim = claim_case(case_id, actor=person)
    given: dict[str, Any] = {"claim_generation": claim.claim_generation, "version": claim.version}
    record_review(case_id, accept(make_clause(f"4.{next(_numbers)}"), statement=text), actor=person, **given)


def _question(text: str) -> None:
    case_id, person = make_case(), make_account()
    claim = claim_case(case_id, actor=person)
    given: dict[str, Any] = {"claim_generation": claim.claim_generation, "version": claim.version}
    ask_sender(case_id, text, actor=person, **given)


def _snippet(text: str, kind: str = "statement") -> None:
    version_id = make_clause(f"9.{next(_numbers)}")
    clause_id = db.session().get_one(ClauseVersion, version_id).clause_id
    write_snippet(clause_id, language="en", kind=kind, text=text, version=0, actor=make_account(Role.ADMIN))


@pytest.mark.parametrize(
    ("send", "field_name", "table"),
    [
        (_statement, "statement", Review),
        (_question, "question", Question),
        (_snippet, "text", SnippetVersion),
    ],
)
@pytest.mark.parametrize("name", ["Reviewer T2", "lead@desk.example"])
@pytest.mark.usefixtures("people")
def test_what_goes_out_is_refused_at_its_field_and_says_what_to_do(
    desk: Desk, send: Callable[[str], None], field_name: str, table: Any, name: str
) -> None:
    with pytest.raises((InvalidReview, InvalidInput)) as refused:
        send(f"We looked again, as {name.lower()} asked.")
    (error,) = refused.value.errors
    assert isinstance(error, FieldError)
    assert (error.pointer, error.code) == (field_name, "names_staff")
    assert f"take out “{name}”" in error.detail
    assert desk.session.scalars(sa.select(table)).all() == []
    send("We looked again, and it breaks clause 4.2.")


@pytest.mark.usefixtures("people")
def test_what_stays_in_the_house_may_name_colleagues(desk: Desk) -> None:
    _snippet("As Reviewer T2 holds, it praises them.", kind="rationale")
    assert desk.session.scalars(sa.select(SnippetVersion.text)).one()
