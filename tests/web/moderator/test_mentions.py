"""Whom a note can mention: offered without a script, by pseudonym, and nobody where that would tell."""

import re

import pytest
import sqlalchemy as sa

from review import clock, db
from review.actions.notes import write_note
from review.domain.permissions import Actor, Role
from review.models import Account, Case, Note, NoteMention
from tests.conftest import Desk
from tests.factories import make_account, make_case, make_sign_in
from tests.web.moderator.test_pages import Moderator, field


def _named(desk: Desk, person: Actor) -> str:
    return desk.session.get_one(Account, person.account_id).pseudonym


def _offered(page: str) -> list[str]:
    """The names to choose from; none where the page has no list."""
    found = re.search(r'<select name="mention".*?</select>', page, re.DOTALL)
    return [] if found is None else re.findall(r"<option(?: selected)?>(.*?)</option>", found[0])


def test_everybody_else_who_reviews_is_offered_by_pseudonym(desk: Desk) -> None:
    case_id, person = make_case(), Moderator(desk)
    one, lead, closed = make_account(), make_account(Role.LEAD), make_account()
    others = [make_account(role) for role in (Role.LEGAL, Role.ADMIN)]
    with db.transaction() as writer:
        gone = sa.update(Account).where(Account.id == closed.account_id)
        writer.execute(gone.values(closed_at=clock.now()))
        writer.execute(sa.update(Account).values(name="CANARY-NAME"))
    person.claim(case_id)
    page = person.get(f"/cases/{case_id}")
    assert _offered(page) == sorted(_named(desk, each) for each in (one, lead))
    assert "CANARY-NAME" not in page
    for nobody in (closed, *others, person.actor):
        assert _named(desk, nobody) not in _offered(page)


def test_a_name_that_is_chosen_is_mentioned_without_a_script(desk: Desk) -> None:
    case_id, person, other = make_case(), Moderator(desk), Moderator(desk)
    seen, name = person.claim(case_id), _named(desk, other.actor)
    answer = person.post(f"/cases/{case_id}/note", **seen, note="Please look", mention=name)
    assert answer.status_code == 303
    assert desk.session.scalars(sa.select(Note.text)).all() == [f"@{name} Please look"]
    assert desk.session.scalars(sa.select(NoteMention.account_id)).all() == [other.actor.account_id]
    assert case_id in other.get("/my-work")
    assert "mentions nobody" not in person.get(f"/cases/{case_id}")


def test_a_chosen_name_alone_is_no_note_and_stays_chosen(desk: Desk) -> None:
    case_id, person, other = make_case(), Moderator(desk), make_account()
    seen, name = person.claim(case_id), _named(desk, other)
    answer = person.post(f"/cases/{case_id}/note", **seen, note="", mention=name)
    assert answer.status_code == 422
    assert "The note is empty" in answer.text
    assert f"<option selected>{name}</option>" in answer.text
    person.post(f"/cases/{case_id}/draft", **seen, note="Half a thought", mention=name, rationale="")
    assert f"<option selected>{name}</option>" in person.get(f"/cases/{case_id}"), "kept with the draft"
    assert desk.session.scalars(sa.select(Note.id)).all() == []


def test_a_word_that_names_nobody_is_told_with_the_word(desk: Desk) -> None:
    case_id, person, other = make_case(), Moderator(desk), make_account()
    seen, name = person.claim(case_id), _named(desk, other)
    person.post(f"/cases/{case_id}/note", **seen, note=f"@{name} and @Bobby, see @<b>")
    page = person.get(f"/cases/{case_id}")
    assert "Note written." in page
    assert "@Bobby, @&lt;b&gt; mention nobody who reads notes." in page
    refused = person.post(f"/cases/{case_id}/note", **seen, note="@reviewerZ99 look")
    assert refused.status_code == 422
    assert "called reviewerZ99" in refused.text
    assert len(desk.session.scalars(sa.select(Note.id)).all()) == 1


@pytest.mark.parametrize("state", ["second_review", "resolving"])
def test_who_judges_after_others_is_offered_nobody(desk: Desk, state: str) -> None:
    """A list of names could be read with the other reviewer in mind, and no colleague reads that note yet."""
    case_id, lead = make_case(), Moderator(desk, Role.LEAD)
    first = make_account()
    lead.claim(case_id)
    assert _named(desk, first) in _offered(lead.get(f"/cases/{case_id}"))
    with db.transaction() as writer:
        writer.execute(sa.update(Case).where(Case.id == case_id).values(state=state))
    page = lead.get(f"/cases/{case_id}")
    assert 'name="note"' in page
    assert _offered(page) == []
    assert _named(desk, first) not in page


def test_legal_chooses_too_and_a_lead_beside_the_claim_of_others(desk: Desk) -> None:
    case_id, lead, holder = make_case(), Moderator(desk, Role.LEAD), make_account()
    name = _named(desk, holder)
    assert _offered(lead.get(f"/cases/{case_id}")) == [name]
    legal = desk.client()
    make_sign_in(legal, Role.LEGAL)
    page = legal.get(f"/records/{case_id}").text
    assert sorted(_offered(page)) == sorted([name, _named(desk, lead.actor)])
    form = {"csrf_token": field(page, "csrf_token"), "note": "Look at clause 4", "mention": name}
    assert legal.post(f"/records/{case_id}/note", data=form | {"note": " "}).status_code == 422
    assert legal.post(f"/records/{case_id}/note", data=form).status_code == 303
    write_note(case_id, "A lead's own", actor=lead.actor)
    assert desk.session.scalars(sa.select(NoteMention.account_id)).all() == [holder.account_id]
