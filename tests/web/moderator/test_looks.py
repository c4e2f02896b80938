"""Before the first look no page holds anything of the sender; it brings the sender and earlier decisions."""

import itertools
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine

from review import db
from review.actions.cases import claim_case
from review.actions.questions import ask_sender, give_answer
from review.domain.permissions import Role
from review.models import Case, Draft, FirstLook, Item
from tests.conftest import Desk
from tests.draws import NOT_DRAWN
from tests.factories import make_account, make_case, make_clause, make_sender, sender_actor
from tests.judging import DECLINE, accept, judge, settle_review
from tests.pieces import add_evidence
from tests.web.moderator.blind import without_names
from tests.web.moderator.test_pages import Moderator

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
FACTS: dict[str, Any] = {
    "issuing_authority": "CANARY-AUTHORITY office", "issuing_country": "ZZ",
    "category": "STATEMENT_CATEGORY_CANARY", "keyword": "KEYWORD_CANARY_WORD",
    "requested_action": "CANARY-ACTION",
}  # fmt: skip
WORDS = ("canary-authority", "(zz)", "canary", "trusted flagger", "canary-action", "sender group")
_units = itertools.count()
WITHOUT = "Decide without looking at the evidence"
AT_ONCE = "Show what the sender said"

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def case_of(kind: str = "trusted_flagger", **members: Any) -> str:
    """A case whose sender and what it says would be known by every one of its facts."""
    facts = {"sender_id": make_sender(f"CANARY-SENDER {next(_units)}", kind=kind), **FACTS}
    return make_case(**(facts | members))


def numbers(page: str) -> dict[str, str]:
    return dict(re.findall(r'name="(version|claim_generation)"[^>]*value="(\d+)"', page))


def test_before_the_look_nothing_of_the_sender_is_in_any_answer(desk: Desk) -> None:
    case_id = case_of(url="https://video.example/watch/looked")
    holder, other = Moderator(desk), Moderator(desk, Role.LEAD)
    holder.claim(case_id)
    for person in (holder, other):
        for address in ("/queue", f"/cases/{case_id}", f"/search?q={case_id}", "/my-work"):
            answer = person.client.get(address)
            whole = f"{answer.headers}{answer.text}".lower()
            assert not [word for word in WORDS if word in whole], address


def _normal(desk: Desk, case_id: str) -> dict[str, bytes]:
    """Everything that the holder of a case gets before the look, its ids and tokens taken out."""
    person, found = Moderator(desk), {}
    person.claim(case_id)
    item = desk.session.execute(
        sa.text("SELECT id, canonical_url FROM items WHERE case_id = :id"), {"id": case_id}
    ).one()
    for name, address in {
        "case": f"/cases/{case_id}", "queue": "/queue", "my work": "/my-work",
        "search": f"/search?q={case_id}", "place": f"/search?q={item.canonical_url}",
    }.items():  # fmt: skip
        answer = person.client.get(address)
        text = without_names(f"{answer.status}\n{answer.headers}\n{answer.text}")
        for own in (item.canonical_url[-6:], person.actor.id, _pseudonym(desk, person)):
            text = text.replace(own, "#")
        text = re.sub(r"[A-Z]-[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}", "#", text)
        text = re.sub(r'(name="csrf_token"[^>]*value=")[^"]*', r"\1", text)
        text = re.sub(r"Content-Length: \d+", "", text)
        found[name] = re.sub(r"session=[^;\n]*", "", text).encode()
    person.post(f"/cases/{case_id}/release", **numbers(person.get(f"/cases/{case_id}")))
    return found


def _pseudonym(desk: Desk, person: Moderator) -> str:
    found = desk.session.scalar(
        sa.text("SELECT pseudonym FROM accounts WHERE id = :id"), {"id": person.actor.account_id}
    )
    return str(found)


@pytest.mark.parametrize("with_evidence", [False, True])
def test_cases_that_differ_only_in_their_sender_give_the_same_bytes(desk: Desk, with_evidence: bool) -> None:
    with time_machine.travel(NOW, tick=False):
        plain = dict.fromkeys(FACTS)
        make_account()  # a colleague to mention, in the first case as in the others
        ids = [
            case_of(url="https://video.example/watch/one111", **plain, kind="other"),
            case_of(url="https://video.example/watch/two222"),
            case_of(url="https://video.example/watch/thr333", kind="iru", issuing_country="BE"),
        ]
        if with_evidence:
            for case_id in ids:
                add_evidence(case_id)
        first, *others = [_normal(desk, case_id) for case_id in ids]
        for other in others:
            for name, text in first.items():
                assert other[name] == text, name
                assert len(other[name]) == len(text)


def test_one_click_shows_the_sender_folded_and_it_stays(desk: Desk) -> None:
    case_id = case_of()
    person = Moderator(desk)
    seen = person.claim(case_id)
    page = person.get(f"/cases/{case_id}")
    assert AT_ONCE in page
    assert 'data-key="q"' in page[page.index("Not shown yet") :]
    answer = person.post(f"/cases/{case_id}/look", **seen)
    assert (answer.status_code, answer.location) == (303, f"/cases/{case_id}")
    for _again in range(2):
        page = person.get(f"/cases/{case_id}")
        folded = page[page.rindex("<details", 0, page.index("About the sender")) :]
        folded = folded[: folded.index("</details>")]
        assert not folded.startswith("<details open")
        for word in (
            "CANARY-AUTHORITY",
            "(ZZ)",
            "Canary word",
            "Trusted flagger",
            "CANARY-ACTION",
            "Received",
        ):
            assert page.count(word) == folded.count(word) == 1, word
        assert AT_ONCE not in page
        assert "No earlier decision is like this one." in page


def test_with_evidence_the_button_says_what_is_given_up(desk: Desk) -> None:
    case_id = case_of()
    add_evidence(case_id)
    person = Moderator(desk)
    seen = person.claim(case_id)
    page = person.get(f"/cases/{case_id}")
    assert WITHOUT in page
    assert AT_ONCE not in page
    person.post(f"/cases/{case_id}/look", **seen)
    assert desk.session.scalars(sa.select(FirstLook.way)).all() == ["without"]


def test_revealing_shows_the_sender_without_another_click(desk: Desk) -> None:
    case_id = case_of()
    evidence_id = add_evidence(case_id)
    person = Moderator(desk)
    seen = person.claim(case_id)
    answer = person.post(f"/cases/{case_id}/reveal?evidence={evidence_id}&stage=small", **seen)
    assert answer.status_code == 303
    assert desk.session.scalars(sa.select(FirstLook.way)).all() == ["revealed"]
    assert "CANARY-AUTHORITY" in person.get(f"/cases/{case_id}")


def _folded(page: str, summary: str) -> bool:
    begun = page[page.rindex("<details", 0, page.index(f">{summary}")) :]
    return not begun.startswith("<details open")


@pytest.mark.parametrize("second", [False, True])
def test_what_the_sender_wrote_is_folded_until_the_look(desk: Desk, second: bool) -> None:
    sender_id, asker = make_sender(), make_account()
    case_id = case_of(sender_id=sender_id, reason="CANARY-REASON")
    claim = claim_case(case_id, actor=asker)
    given: dict[str, Any] = {"claim_generation": claim.claim_generation, "version": claim.version}
    ask_sender(case_id, "At which minute is it?", actor=asker, **given)
    referral_id = desk.session.scalars(sa.select(Item.referral_id).where(Item.case_id == case_id)).one()
    give_answer(referral_id, "CANARY-ANSWER", actor=sender_actor(sender_id))
    if second:
        with db.transaction() as writer:
            writer.execute(sa.update(Case).where(Case.id == case_id).values(state="second_review"))
    person = Moderator(desk)
    seen = person.claim(case_id)
    for looked in (False, True):
        page = person.get(f"/cases/{case_id}")
        for summary, words in (
            ("Reason given", "CANARY-REASON"), ("What the sender answered", "CANARY-ANSWER"),
        ):  # fmt: skip
            assert _folded(page, summary) is not looked
            part = page[page.index(f">{summary}") :]
            assert words in part[: part.index("</details>")]
            assert page.count(words) == 1
        person.post(f"/cases/{case_id}/look", **seen)


def test_what_is_typed_stays_through_the_look(desk: Desk) -> None:
    case_id = case_of()
    person = Moderator(desk)
    seen = person.claim(case_id)
    person.post(f"/cases/{case_id}/look", **seen, rationale="Typed so far")
    assert desk.session.scalars(sa.select(Draft.fields)).one()["rationale"] == "Typed so far"
    assert "Typed so far" in person.get(f"/cases/{case_id}")


def test_a_look_at_a_case_that_one_does_not_hold_is_refused_and_shows_nothing(desk: Desk) -> None:
    case_id = case_of()
    person, other = Moderator(desk), Moderator(desk)
    person.claim(case_id)
    answer = other.post(f"/cases/{case_id}/look")
    assert answer.status_code == 409
    assert "canary" not in answer.text.lower()
    assert other.post("/cases/C-0000-0000-0000/look").status_code == 404


def test_the_next_holder_looks_for_the_first_time_again(desk: Desk) -> None:
    case_id = case_of()
    person, other = Moderator(desk), Moderator(desk)
    person.post(f"/cases/{case_id}/look", **person.claim(case_id))
    person.post(f"/cases/{case_id}/release", **numbers(person.get(f"/cases/{case_id}")))
    other.claim(case_id)
    assert "CANARY-AUTHORITY" not in other.get(f"/cases/{case_id}")


@pytest.mark.parametrize(
    ("folding", "kind", "shown"),
    [
        (("referral", "notice"), "removal_order", True),
        (("referral", "notice"), "notice", False),
        (("referral", "notice", "removal_order"), "removal_order", False),
        ((), "referral", True),
    ],
)
def test_a_setting_says_which_kinds_fold_their_senders_away(
    desk: Desk, folding: tuple[str, ...], kind: str, shown: bool
) -> None:
    desk.app.config["REVIEW_SETTINGS"] = replace(desk.settings, fold_sender=folding)
    case_id = case_of(intake_kind=kind)
    person = Moderator(desk)
    person.claim(case_id)
    page = person.get(f"/cases/{case_id}")
    assert ("CANARY-AUTHORITY" in page) == shown
    assert "Not shown yet" in page, "earlier decisions wait for the look whatever the kind"


def test_earlier_decisions_come_with_the_look_and_say_why(desk: Desk) -> None:
    place = "https://video.example/watch/before"
    with time_machine.travel(NOW, tick=False) as hand:
        earlier = make_case(url=place)
        recorded = judge(
            earlier,
            make_account(),
            accept(make_clause("4.2"), rationale="CANARY-RATIONALE in four words more"),
        )
        settle_review(recorded, hand, lot=NOT_DRAWN)
        hand.shift(timedelta(minutes=1))
        case_id = make_case(url=place)
        person = Moderator(desk)
        seen = person.claim(case_id)
        before = person.get(f"/cases/{case_id}")
        assert earlier not in before
        assert "Earlier decisions" not in before
        person.post(f"/cases/{case_id}/look", **seen)
        page = person.get(f"/cases/{case_id}")
        part = page[page.index("Earlier decisions") :]
        for precedent in part.split('<details class="precedent"')[1:]:
            assert "One review" in precedent.partition("</summary>")[0], (
                "how far reviews agreed, without a key"
            )
        for word in (earlier, "Same location", "Accepted", "4.2", "version 1", "One review", "23 Nov 2026"):
            assert word in part, word
        assert 'data-key="p 1"' in part
        assert "CANARY-RATIONALE" not in page
        assert f'href="/cases/{earlier}"' not in page


def test_an_earlier_decision_that_was_reversed_says_so_in_words_and_shape(desk: Desk) -> None:
    place = "https://video.example/watch/before"
    with time_machine.travel(NOW, tick=False) as hand:
        for review in (accept(make_clause("4.2")), DECLINE):
            settle_review(judge(make_case(url=place), make_account(), review), hand, lot=NOT_DRAWN)
            hand.shift(timedelta(minutes=1))
        case_id = make_case(url=place)
        person = Moderator(desk)
        seen = person.claim(case_id)
        assert "the other way" not in person.get(f"/cases/{case_id}")
        person.post(f"/cases/{case_id}/look", **seen)
        page = person.get(f"/cases/{case_id}")
        newer, older = page[page.index("Earlier decisions") :].split('<details class="precedent"')[1:]
        assert "the other way" not in newer
        head, body = older[: older.index("</details>")].split("</summary>")
        badge = r'class="badge warn"><svg class="shape turns".*?</svg>Decided the other way later<'
        assert re.search(badge, head)
        assert "The same location was decided the other way later." in body


def test_the_record_names_what_was_shown_beside_the_review(desk: Desk) -> None:
    place = "https://video.example/watch/before"
    with time_machine.travel(NOW, tick=False) as hand:
        earlier = make_case(url=place)
        settle_review(judge(earlier, make_account()), hand, lot=NOT_DRAWN)
        case_id = make_case(url=place)
        person = Moderator(desk)
        person.post(f"/cases/{case_id}/look", **person.claim(case_id))
        answer = person.post(
            f"/cases/{case_id}/review", **numbers(person.get(f"/cases/{case_id}")), outcome="declined",
            decline_reason="no_breach", rationale="It praises nobody.", statement="It keeps our terms.",
        )  # fmt: skip
        assert answer.status_code == 303, answer.text
        page = Moderator(desk, Role.LEGAL).client.get(f"/records/{case_id}").text
        part = page[page.index("Rounds") : page.index("Rationale (stays in the house)")]
        assert "without looking at the evidence, by choice" in part
        assert f'href="/records/{earlier}"' in part
        assert "Same location" in part
        assert "changed behind the program" not in part
