"""A note that is typed and not written yet is lost by no step: kept with the draft, or the step waits."""

import pytest
import sqlalchemy as sa

from review.models import Draft, Note, Review
from tests.conftest import Desk
from tests.factories import make_case
from tests.web.moderator.test_pages import Moderator, _declined

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

NOTE = "Half a thought for the next shift"


def test_a_note_is_kept_with_the_draft_and_stands_in_its_field_again(desk: Desk) -> None:
    case_id, person = make_case(), Moderator(desk)
    seen = person.claim(case_id)
    saved = person.post(f"/cases/{case_id}/draft", autosave="1", note=NOTE, pinned="1", rationale="", **seen)
    assert saved.status_code == 200
    page = person.get(f"/cases/{case_id}")
    assert f">{NOTE}</textarea>" in page
    assert 'name="pinned" value="1" checked' in page
    assert "Not written yet; it is kept with your draft." in page
    person.post(f"/cases/{case_id}/release", note=NOTE, rationale="", **seen)
    person.claim(case_id)
    assert f">{NOTE}</textarea>" in person.get(f"/cases/{case_id}"), "after the case was given back too"
    assert desk.session.scalars(sa.select(Note)).all() == []


@pytest.mark.parametrize(
    "outcome",
    [
        {},
        {"outcome": "ask", "question": "Where in the video is it?"},
        {"outcome": "escalate", "rationale": "Is this satire in the sense of our terms?"},
    ],
)
def test_no_step_that_ends_the_draft_goes_on_while_a_note_is_typed(
    desk: Desk, outcome: dict[str, str]
) -> None:
    case_id, person = make_case(), Moderator(desk)
    typed = _declined(**person.claim(case_id)) | outcome
    answer = person.post(f"/cases/{case_id}/review", **typed, note=NOTE)
    assert answer.status_code == 422
    assert f">{NOTE}</textarea>" in answer.text
    summary = answer.text[
        answer.text.index('<div class="message error" role="alert" tabindex="-1" autofocus>') :
    ]
    assert 'href="#note"' in summary[: summary.index("</div>")]
    assert "Your note is not written yet" in summary
    assert typed["rationale"] in answer.text
    assert "data-unsaved" in answer.text
    assert desk.session.scalars(sa.select(Review)).all() == []
    assert person.post(f"/cases/{case_id}/review", **typed, note=" ").status_code == 303


def test_writing_the_note_takes_it_out_of_the_draft(desk: Desk) -> None:
    case_id, person = make_case(), Moderator(desk)
    seen = person.claim(case_id)
    person.post(f"/cases/{case_id}/draft", note=NOTE, rationale="So far", **seen)
    written = person.post(f"/cases/{case_id}/note", note=NOTE, rationale="So far", **seen)
    assert written.status_code == 303
    page = person.get(f"/cases/{case_id}")
    assert "></textarea>" in page[page.index('id="note"') :][:400]
    assert desk.session.scalars(sa.select(Draft)).one().fields["rationale"] == "So far"


def test_a_note_beside_a_lost_claim_is_given_back_and_comes_along_again(desk: Desk) -> None:
    case_id, person = make_case(), Moderator(desk)
    seen = person.claim(case_id)
    person.post(f"/cases/{case_id}/release", **seen)
    answer = person.post(f"/cases/{case_id}/draft", **_declined(**seen), note=NOTE)
    assert answer.status_code == 409
    assert f'<input type="hidden" name="note" value="{NOTE}">' in answer.text
    person.post(f"/cases/{case_id}/claim", **_declined(), note=NOTE)
    assert f">{NOTE}</textarea>" in person.get(f"/cases/{case_id}")


def test_a_refused_note_takes_the_focus_with_the_reason(desk: Desk) -> None:
    case_id, person = make_case(), Moderator(desk)
    answer = person.post(f"/cases/{case_id}/note", **person.claim(case_id), note="@Reviewer Z99 look")
    assert answer.status_code == 422
    assert answer.text.count("autofocus") == 1
    summary = answer.text.partition("autofocus>")[2].partition("</div>")[0]
    assert 'href="#note"' in summary
    assert "called Reviewer Z99" in summary
