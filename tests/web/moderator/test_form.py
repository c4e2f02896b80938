"""The review form without a script: clauses found, texts inserted, drafts saved by themselves, company."""

import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from review.actions.snippets import write_snippet
from review.domain.permissions import Role
from review.models import ClauseVersion, Draft, Opening, Review, ReviewClause, ReviewSnippet
from tests.conftest import Desk
from tests.factories import (
    join_case,
    make_account,
    make_case,
    make_clause,
    make_sender,
    receive,
    sender_actor,
)
from tests.web.moderator.test_pages import Moderator, field

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

READY = "The content praises a listed organisation."
TOLD = "It breaks our clause on organisations."
OWN = "The caption asks readers to join."


def ready_made(desk: Desk, version_id: str, **texts: str) -> None:
    """English texts for a clause, by field."""
    clause_id = desk.session.get_one(ClauseVersion, version_id).clause_id
    person = make_account(Role.ADMIN)
    for kind, text in (texts or {"rationale": READY, "statement": TOLD}).items():
        write_snippet(clause_id, language="en", kind=kind, text=text, version=0, actor=person)


def typed(page: str, name: str) -> str:
    found = re.search(rf'<textarea[^>]* name="{name}"[^>]*>\s*(.*?)</textarea>', page, re.DOTALL)
    assert found is not None, name
    return found[1].replace("&#39;", "'").strip()


def inserted(page: str) -> list[str]:
    return re.findall(r'name="snippets" value="([^"]+)"', page)


def _accept(clause: str, **fields: Any) -> dict[str, Any]:
    return {
        "outcome": "accepted", "ground": "terms", "clauses": [clause], "visibility": "removed",
        "rationale": OWN, "statement": TOLD,
    } | fields  # fmt: skip


def test_no_outcome_is_chosen_beforehand_but_what_an_accept_mostly_comes_to_is(desk: Desk) -> None:
    moderator, case_id = Moderator(desk), make_case()
    moderator.claim(case_id)
    page = moderator.get(f"/cases/{case_id}")
    chosen = re.findall(r'type="radio"[^>]* name="(\w+)" value="(\w+)" checked', page)
    assert chosen == [("ground", "terms"), ("visibility", "removed")]
    order = make_case(intake_kind="removal_order", rank=1)
    moderator.claim(order)
    assert 'name="ground" value="law" checked' in moderator.get(f"/cases/{order}")


@pytest.mark.parametrize("place", ["draft", "review"])
def test_the_button_inserts_the_texts_of_ticked_clauses_and_takes_untouched_ones_out(
    desk: Desk, place: str
) -> None:
    first, second = make_clause("4.2"), make_clause("5")
    ready_made(desk, first)
    ready_made(desk, second, rationale="The content is spam.")
    moderator, case_id = Moderator(desk), make_case()
    seen = moderator.claim(case_id)
    answer = moderator.post(
        f"/cases/{case_id}/{place}", insert="1", clauses=[first, second], rationale=OWN, outcome="accepted",
        **seen,
    )  # fmt: skip
    assert (answer.status_code, answer.location) == (303, f"/cases/{case_id}#rationale")
    page = moderator.get(f"/cases/{case_id}")
    assert typed(page, "rationale") == f"{OWN}\n\n{READY}\n\nThe content is spam."
    assert typed(page, "statement") == TOLD
    assert len(inserted(page)) == 3
    changed = f"{OWN}\n\n{READY}\n\nThe content is hardly spam."
    moderator.post(
        f"/cases/{case_id}/{place}", insert="1", snippets=inserted(page), rationale=changed, statement=TOLD,
        **seen,
    )  # fmt: skip
    page = moderator.get(f"/cases/{case_id}")
    assert typed(page, "rationale") == f"{OWN}\n\nThe content is hardly spam."
    assert typed(page, "statement") == ""
    assert len(inserted(page)) == 1, "the text that was changed stays"
    assert desk.session.scalar(sa.select(sa.func.count()).select_from(Review)) == 0


def test_texts_come_in_the_language_of_the_notices(desk: Desk) -> None:
    clause = make_clause()
    ready_made(desk, clause)
    clause_id = desk.session.get_one(ClauseVersion, clause).clause_id
    write_snippet(
        clause_id, language="fr", kind="statement", text="Interdit chez nous.", version=0,
        actor=make_account(Role.ADMIN),
    )  # fmt: skip
    moderator = Moderator(desk)
    for language, told in (("fr-BE", "Interdit chez nous."), ("nl", TOLD), (None, TOLD)):
        case_id = make_case(language=language)
        seen = moderator.claim(case_id)
        moderator.post(f"/cases/{case_id}/draft", insert="1", clauses=[clause], **seen)
        assert typed(moderator.get(f"/cases/{case_id}"), "statement") == told, language
        moderator.post(f"/cases/{case_id}/release", **seen)


def test_an_accept_with_ready_made_words_alone_is_refused_with_the_remedy(desk: Desk) -> None:
    clause = make_clause()
    ready_made(desk, clause)
    moderator, case_id = Moderator(desk), make_case()
    seen = moderator.claim(case_id)
    answer = moderator.post(f"/cases/{case_id}/review", **_accept(clause, rationale=READY), **seen)
    assert answer.status_code == 422
    assert "Rationale, internal: Write at least one sentence of your own" in answer.text
    assert "beside the ready-made text" in answer.text
    assert READY in typed(answer.text, "rationale")
    both = _accept(clause, rationale=f"{READY}\n\n{OWN}", then="stay")
    assert moderator.post(f"/cases/{case_id}/review", **both, **seen).status_code == 303
    assert desk.session.scalar(sa.select(sa.func.count()).select_from(ReviewSnippet)) == 2


def test_what_a_text_said_before_it_was_changed_is_no_own_sentence_either(desk: Desk) -> None:
    clause = make_clause()
    ready_made(desk, clause)
    clause_id = desk.session.get_one(ClauseVersion, clause).clause_id
    write_snippet(
        clause_id, language="en", kind="rationale", text="It lauds a group that is on the list.", version=1,
        actor=make_account(Role.ADMIN),
    )  # fmt: skip
    moderator, case_id = Moderator(desk), make_case()
    seen = moderator.claim(case_id)
    answer = moderator.post(f"/cases/{case_id}/review", **_accept(clause, rationale=READY), **seen)
    assert answer.status_code == 422
    assert "beside the ready-made text" in answer.text
    own = _accept(clause, rationale=OWN, then="stay")
    assert moderator.post(f"/cases/{case_id}/review", **own, **seen).status_code == 303


def test_no_ready_made_text_of_another_clause_nor_the_words_of_a_clause_are_ones_own(desk: Desk) -> None:
    ticked, other = make_clause("4.2"), make_clause("5")
    ready_made(desk, other)
    words = desk.session.get_one(ClauseVersion, ticked).text
    moderator, case_id = Moderator(desk), make_case()
    seen = moderator.claim(case_id)
    law = {"ground": "law", "law": "Article 1", "clauses": []}
    for given in (_accept(ticked, rationale=READY), _accept(other, rationale=READY) | law,
                  _accept(ticked, rationale=words)):  # fmt: skip
        answer = moderator.post(f"/cases/{case_id}/review", **given, **seen)
        assert answer.status_code == 422
        assert "whose words do not count, in whatever order they stand" in answer.text


def test_the_record_shows_legal_which_texts_a_review_began_with(desk: Desk) -> None:
    clause = make_clause()
    ready_made(desk, clause)
    moderator, case_id = Moderator(desk), make_case()
    seen = moderator.claim(case_id)
    page = moderator.get(f"/cases/{case_id}")
    ids = re.findall(r'data-(?:rationale|statement)-id="([^"]+)"', page)
    fields = _accept(clause, rationale=f"{OWN} {READY}", statement="Something else.", snippets=ids)
    moderator.post(f"/cases/{case_id}/review", **fields, **seen)
    shown = Moderator(desk, Role.LEGAL).client.get(f"/records/{case_id}").text
    assert "Ready-made texts that it began with (2)" in shown
    folded = shown[shown.index("Ready-made texts that it began with") :]
    assert folded.index(READY) > folded.index("stands there as it was")
    assert folded.index(TOLD) > folded.index("was changed")


def test_clauses_are_found_and_what_is_ticked_and_typed_stays(desk: Desk) -> None:
    ids = [make_clause(number, text) for number, text in (("1", "No threats."), ("2", "No spam at all."))]
    moderator, case_id = Moderator(desk), make_case()
    seen = moderator.claim(case_id)
    answer = moderator.post(
        f"/cases/{case_id}/review", find="1", q="SPAM  all", clauses=[ids[0]], rationale=OWN, **seen
    )
    assert (answer.status_code, answer.location) == (303, f"/cases/{case_id}?q=SPAM++all#clauses")
    page = moderator.get(answer.location.partition("#")[0])
    assert typed(page, "rationale") == OWN
    hidden = re.findall(r'<div class="choice" hidden>\s*<label><input[^>]*value="(W-[^"]+)"', page)
    assert hidden == [], "a ticked clause stays whatever is looked for"
    page = moderator.get(f"/cases/{case_id}?q=nothing+of+it")
    hidden = re.findall(r'<div class="choice" hidden>\s*<label><input[^>]*value="(W-[^"]+)"', page)
    assert hidden == [ids[1]]
    assert f'value="{ids[0]}" checked' in page


def test_long_texts_are_led_to_with_what_is_ready_made(desk: Desk) -> None:
    clause = make_clause("4.2", "One sentence of many. " * 800)
    ready_made(desk, clause)
    moderator, case_id = Moderator(desk), make_case()
    moderator.claim(case_id)
    page = moderator.get(f"/cases/{case_id}")
    assert "One sentence of many." not in page
    assert f'href="/clauses/{clause}?language=ar"' in page
    assert "data-insert" in page
    apart = moderator.get(f"/clauses/{clause}?language=ar")
    assert apart.count("One sentence of many.") == 800
    assert f'data-kind="statement" data-text="{TOLD}"' in apart
    for missing in ("W-0000-0000-0000", "nonsense"):
        assert moderator.client.get(f"/clauses/{missing}").status_code == 404


def test_a_draft_saves_itself_with_json_and_one_event_a_claim(desk: Desk) -> None:
    moderator, case_id = Moderator(desk), make_case()
    seen = moderator.claim(case_id)
    for number in range(3):
        answer = moderator.post(
            f"/cases/{case_id}/draft", autosave="1", rationale=f"typed {number}", snippets=["H-1"], **seen
        )
        assert answer.status_code == 200
        assert answer.content_type == "application/json"
        saved_at = datetime.fromisoformat(json.loads(answer.text)["saved_at"])
        assert abs((datetime.now(UTC) - saved_at).total_seconds()) < 60
        assert re.fullmatch(r"saved \d\d:\d\d:\d\d UTC", json.loads(answer.text)["text"])
    assert "Draft saved." not in moderator.get(f"/cases/{case_id}")
    assert desk.session.scalars(sa.select(Draft)).one().fields["snippets"] == ["H-1"]

    def events() -> int:
        counted = sa.select(sa.func.count()).where(Opening.event_type == "case.draft_saved")
        return desk.session.scalar(counted) or 0

    assert events() == 1
    moderator.post(f"/cases/{case_id}/draft", rationale="by the button", **seen)
    assert events() == 2
    moderator.post(f"/cases/{case_id}/release", **seen)
    released = events()
    again = moderator.claim(case_id)
    for _number in range(2):
        moderator.post(f"/cases/{case_id}/draft", autosave="1", rationale="in the next claim", **again)
    assert events() == released + 1
    refused = moderator.post(f"/cases/{case_id}/draft", autosave="1", rationale="too late", **seen)
    assert refused.status_code == 409
    assert refused.content_type == "application/problem+json"
    assert json.loads(refused.text)["type"] == "/errors/claim_lost"
    assert "too late" not in refused.text


def together(desk: Desk) -> tuple[str, list[str]]:
    """Three cases of one referral: the first, and the two others by location."""
    sender = sender_actor(make_sender("Harbour Watch"))
    receive(sender, *(f"https://video.example/form/{number}" for number in range(3)))
    rows = desk.session.execute(sa.text("SELECT case_id FROM items ORDER BY position")).all()
    return rows[0][0], [row[0] for row in rows[1:]]


def test_other_cases_of_the_referral_are_offered_and_recorded_with_it(desk: Desk) -> None:
    first, others = together(desk)
    join_case(others[1], url="https://video.example/form/2", sender_id=make_sender())
    moderator = Moderator(desk)
    seen = moderator.claim(first)
    page = moderator.get(f"/cases/{first}")
    offered = re.findall(r'name="also" value="([^"]+)"', page)
    assert offered == [f"{others[0]}:1", f"{others[1]}:2"]
    assert "hxxps://video[.]example/form/2" in page
    assert "Harbour Watch" not in page
    assert "All together the statement goes to 2 senders." in page
    assert "Goes to 1 sender:" in page
    moderator.post(f"/cases/{first}/draft", also=offered, rationale=OWN, **seen)
    page = moderator.get(f"/cases/{first}")
    assert "Goes to 2 senders:" in page
    assert all(f'value="{one}" checked' in page for one in offered)
    other = Moderator(desk)
    other.claim(others[1])
    decline = {
        "outcome": "declined", "decline_reason": "no_breach", "rationale": OWN,
        "statement": "It keeps our terms.", "then": "stay", "also": offered,
    }  # fmt: skip
    answer = moderator.post(f"/cases/{first}/review", **decline, **seen)
    assert answer.status_code == 303
    page = moderator.get(answer.location)
    assert "Recorded for 1 further case of the same referral too" in page
    assert f"somebody else has them or they have ended: {others[1]}." in page
    assert set(desk.session.scalars(sa.select(Review.case_id))) == {first, others[0]}
    work = moderator.get("/my-work")
    assert re.findall(r'action="/cases/([^/]+)/undo"', work) == [first, others[0]], (
        "the whole step has the key"
    )
    assert f"recorded with {first}" in work
    assert moderator.post(f"/cases/{first}/undo").status_code == 303
    assert desk.session.scalar(sa.select(sa.func.count()).where(Review.undone_at.is_(None))) == 0
    page = moderator.get(f"/cases/{first}")
    ticked = re.findall(r'name="also" value="([^"]+)" checked', page)
    assert [value.partition(":")[0] for value in ticked] == [others[0]], (
        "what was undone with it is ticked again"
    )
    assert f"With it 1 further case was undone, which is ticked again in the form: {others[0]}." in page


def test_a_ticked_case_that_is_not_offered_any_more_is_named(desk: Desk) -> None:
    first, others = together(desk)
    moderator = Moderator(desk)
    seen = moderator.claim(first)
    offered = [f"{case_id}:1" for case_id in others]
    moderator.post(f"/cases/{first}/draft", also=offered, rationale=OWN, **seen)
    assert "Not ticked any more" not in moderator.get(f"/cases/{first}")
    Moderator(desk).claim(others[0])
    page = moderator.get(f"/cases/{first}")
    assert f"they have ended, or they changed: {others[0]}." in page
    assert re.findall(r'name="also" value="([^"]+)" checked', page) == offered[1:]
    refused = moderator.post(f"/cases/{first}/review", outcome="accepted", also=offered, **seen)
    assert refused.status_code == 422
    assert f"they have ended, or they changed: {others[0]}." in refused.text


@pytest.mark.parametrize(
    "value", ["", "x", "C-0000-0000-0000", "C-0000-0000-0000:", "c-0:1", "C-0000-0000-0000:x"]
)
def test_a_made_up_company_records_nothing_and_keeps_the_text(desk: Desk, value: str) -> None:
    moderator, case_id = Moderator(desk), make_case()
    seen = moderator.claim(case_id)
    answer = moderator.post(
        f"/cases/{case_id}/review", outcome="declined", decline_reason="not_found", rationale=OWN,
        also=[value], **seen,
    )  # fmt: skip
    assert answer.status_code == 422
    assert OWN in answer.text
    assert desk.session.scalar(sa.select(sa.func.count()).select_from(ReviewClause)) == 0


def test_nobody_else_sees_what_goes_along(desk: Desk) -> None:
    first, others = together(desk)
    Moderator(desk).claim(first)
    page = Moderator(desk).get(f"/cases/{first}")
    assert "also" not in page
    assert others[0] not in page


def test_the_form_carries_its_hidden_fields(desk: Desk) -> None:
    moderator, case_id = Moderator(desk), make_case()
    moderator.claim(case_id)
    page = moderator.get(f"/cases/{case_id}")
    assert f'data-autosave="/cases/{case_id}/draft"' in page
    assert "data-saved" in page
    assert field(page, "csrf_token")
