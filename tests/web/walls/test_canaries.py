"""A sender learns nothing of people, notes, rounds and other senders, wherever it looks."""

import re

import pytest

from tests.web.walls.conftest import Seen
from tests.web.walls.marks import Mark, found_in, layers_of

ALLOWED = {mark for mark in Mark if mark.value.startswith("canary-own")} - {Mark.OWN_EVIDENCE}
ALLOWED |= {Mark.STATEMENT, Mark.READY_SENT, Mark.UNSEEN_AUTHORITY}  # the last is of an own referral
WAYS = ("sender's page", "sender's key")


def _kept_ids(seen: Seen) -> set[str]:
    """Ids of others' things, of our people and of our cases."""
    names = ("case_id", "account_id")
    kept = {one for name in names for one in seen.ids["house"][name]}
    return kept | {one for name, some in seen.ids["other"].items() if name != "award" for one in some}


@pytest.mark.parametrize("way", WAYS)
def test_no_canary_reaches_a_sender(seen: Seen, way: str) -> None:
    """In no page, answer, header, redirect, receipt or problem document, nor wrapped in one."""
    kept = set(Mark) - ALLOWED
    assert {mark: where for mark, where in seen.marks[way].items() if mark in kept} == {}


@pytest.mark.parametrize("way", WAYS)
def test_a_ready_made_text_reaches_a_sender_only_inside_the_statement_that_was_sent(
    seen: Seen, way: str
) -> None:
    sent = re.compile(f"{Mark.STATEMENT}: it breaks our terms.{{1,40}}?{Mark.READY_SENT}", re.DOTALL)
    layers = [(one.address, layer) for one in seen.answers[way] for layer in layers_of(one.whole)]
    told = {where for where, layer in layers if Mark.READY_SENT in layer}
    apart = {where for where, layer in layers if layer.count(Mark.READY_SENT) != len(sent.findall(layer))}
    assert told
    assert apart == set()


@pytest.mark.parametrize("way", WAYS)
def test_no_id_of_others_reaches_a_sender_not_even_one_that_it_asked_by(seen: Seen, way: str) -> None:
    kept = _kept_ids(seen)
    assert {one.address: found for one in seen.answers[way] if (found := found_in(one.whole, kept))} == {}


@pytest.mark.parametrize("way", WAYS)
def test_no_review_round_or_decision_is_named_to_a_sender(seen: Seen, way: str) -> None:
    """Nor any id of a kind that stands for a review, a decision, a question, an escalation or a case."""
    inner = re.compile(r"\b[CDNQVX]-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}\b")
    named = {one.address: inner.findall(one.whole) for one in seen.answers[way] if inner.search(one.whole)}
    assert named == {}


def test_the_crawl_came_to_what_a_sender_may_see(seen: Seen) -> None:
    page, key = (seen.marks[way].keys() for way in WAYS)
    assert {Mark.OWN_REASON, Mark.OWN_PLACE, Mark.OWN_REFERENCE, Mark.STATEMENT} <= page
    assert {Mark.OWN_PLACE, Mark.OWN_REFERENCE, Mark.STATEMENT} <= key


def test_what_a_sender_sent_was_taken_and_refused(seen: Seen) -> None:
    """Else the walls would say nothing about these answers."""
    statuses = {
        way: {one.status for one in seen.answers[way] if one.address.startswith("POST ")} for way in WAYS
    }
    assert statuses["sender's key"] >= {200, 201, 400, 404, 409, 422}
    assert statuses["sender's page"] >= {200, 404, 409, 422}


def test_the_crawl_looked_into_receipts(seen: Seen) -> None:
    """They carry what they prove in base64: the reference of a referral, the statement of an answer."""
    receipts = [
        one for one in seen.answers["sender's key"] if "/receipt" in one.address and one.status == 200
    ]
    inside = {mark for one in receipts for mark in found_in(one.text, tuple(Mark)) if mark not in one.text}
    assert inside >= {Mark.OWN_REFERENCE, Mark.STATEMENT}


@pytest.mark.parametrize("who", ["public", *WAYS])
def test_the_public_log_names_nobody(seen: Seen, who: str) -> None:
    log = [one for one in seen.answers[who] if one.address.startswith("/log/")]
    assert {one.address for one in log if one.status == 200} >= {"/log/key", "/log/checkpoint"}
    assert [one.address for one in log if found_in(one.whole, tuple(Mark))] == []


def test_nothing_failed_on_the_way(seen: Seen) -> None:
    """A page that breaks shows nothing, and would pass every wall; the desk without workers is not ready."""
    broken = {
        (who, one.address, one.status)
        for who, answers in seen.answers.items()
        for one in answers
        if one.status >= 500 and one.address != "/readyz"
    }
    assert broken == set()


def test_only_what_is_the_same_for_everybody_may_be_kept_in_a_cache(seen: Seen) -> None:
    """Stylesheets and the description of the API; all else is gone when somebody goes back (ASVS 14.3.2)."""
    kept = {
        one.address
        for answers in seen.answers.values()
        for one in answers
        if "Cache-Control: no-store" not in one.headers and not one.address.startswith("/static/")
    }
    assert kept == {"/api/v1/docs", "/api/v1/openapi.json"}
