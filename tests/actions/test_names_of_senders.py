"""What goes out names nobody who refers, and no refusal tells a moderator who sent the case."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from review import db
from review.actions import sender_changes, senders
from review.actions.cases import claim_case
from review.actions.decisions import record_review
from review.actions.questions import ask_sender
from review.domain.permissions import OPERATOR
from review.domain.questions import check_question
from review.domain.senders import Profile
from review.errors import InvalidReview
from review.queries.registered import registered_names
from tests.factories import join_case, make_account, make_case, make_sender
from tests.judging import DECLINE

NAMES = ("Harbour Watch", "BKA", "Judicial Police, East Flanders")


def _state(case_id: str, text: str) -> None:
    person = make_account()
    claim = claim_case(case_id, actor=person)
    record_review(
        case_id,
        replace(DECLINE, statement=text),
        claim_generation=claim.claim_generation,
        version=claim.version,
        actor=person,
    )


def _ask(case_id: str, text: str) -> None:
    person = make_account()
    claim = claim_case(case_id, actor=person)
    ask_sender(case_id, text, claim_generation=claim.claim_generation, version=claim.version, actor=person)


@pytest.mark.usefixtures("desk")
@pytest.mark.parametrize(("send", "field_name"), [(_state, "statement"), (_ask, "question")])
@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Is Harbour-watch right?", "Harbour Watch"),
        ("As the BKA said.", "BKA"),
        ("Seen in East Flanders.", "East Flanders"),
    ],
)
def test_every_registered_sender_is_refused_alike_whoever_sent_the_case(
    send: Callable[[str, str], None], field_name: str, text: str, named: str
) -> None:
    sender_ids = [make_sender(name) for name in NAMES]
    cases = [
        make_case(sender_id=sender_id, url=f"https://video.example/{sender_id}") for sender_id in sender_ids
    ]
    join_case(cases[0], sender_id=sender_ids[1], url=f"https://video.example/{sender_ids[0]}")
    refusals = set()
    for case_id in cases:
        with pytest.raises(InvalidReview) as refused:
            send(case_id, text)
        (error,) = refused.value.errors
        refusals.add((error.pointer, error.code, error.detail.partition(" ")[2]))
    detail = f"{field_name} names nobody who refers, whether of this case or not: take out “{named}”."
    assert refusals == {(field_name, "names_sender", detail)}


@pytest.mark.usefixtures("desk")
def test_a_sender_that_came_or_was_renamed_counts_from_then_on() -> None:
    assert not _is_refused("As Harbour Watch said.")
    sender_id = senders.create_sender("Harbour Watch", kind="iru", country="BE", flagger=None, actor=OPERATOR)
    assert _is_refused("As Harbour Watch said.")
    assert not _is_refused("As Quay Lantern said.")
    sender_changes.change_sender(sender_id, Profile("Quay Lantern", "iru", "BE"), version=0, actor=OPERATOR)
    assert not _is_refused("As Harbour Watch said.")
    assert _is_refused("As Quay Lantern said.")


def _is_refused(text: str) -> bool:
    try:
        check_question(text, registered=registered_names(db.session()))
    except InvalidReview:
        return True
    return False


@pytest.mark.usefixtures("desk")
def test_words_that_only_hold_a_name_stay_free() -> None:
    for name in NAMES:
        make_sender(name)
    _state(make_case(), "We watch the harbour of East Flanderson; bkas are no clause of ours.")
