"""The clause pages: administrators draft, a second person publishes, and no version is ever lost."""

import re
from datetime import date, timedelta

import pytest
import sqlalchemy as sa
import time_machine
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from review import clock, db
from review.actions.clauses import import_clauses
from review.domain.clause_text import ClauseText
from review.domain.permissions import OPERATOR, Role
from review.models import Clause, ClauseDraft, ClauseVersion
from review.queries.clauses import clauses_in_force
from tests.conftest import Desk
from tests.factories import make_key, make_sender, make_sign_in
from tests.trails import decide_all, refer

TEXT = "You may not threaten anybody with violence.\n\nReports are allowed."
MENDED = "You may not threaten or scare anybody with violence.\n\nReports are allowed.\n\nNo <b>praise</b>."


class Person:
    """Somebody signed in, who sends the forms that the pages show."""

    def __init__(self, desk: Desk, role: Role) -> None:
        self.client: FlaskClient = desk.client()
        self.account = make_sign_in(self.client, role)

    def get(self, address: str, status: int = 200) -> str:
        answer = self.client.get(address)
        assert answer.status_code == status, (address, answer.status_code)
        return answer.text

    def post(self, address: str, page: str, **values: str) -> TestResponse:
        """Send a form of ``page``: its token and hidden fields, and what is typed."""
        hidden = {name: field(page, name) for name in ("version", "replaces") if f'name="{name}"' in page}
        return self.client.post(address, data=hidden | values | {"csrf_token": field(page, "csrf_token")})

    def draft(self, address: str, **values: str) -> TestResponse:
        """Open the page of a draft and save it."""
        typed = {"title": "Violence", "text": MENDED, "valid_from": tomorrow(), "reason": "Clearer."}
        return self.post(address, self.get(address), **(typed | values))

    def publish(self, address: str) -> TestResponse:
        """Read the difference and publish it."""
        return self.post(address, self.get(address))


def field(page: str, name: str) -> str:
    tag = re.search(rf'<input[^>]* name="{name}"[^>]*>', page)
    assert tag is not None, name
    found = re.search(r' value="([^"]*)"', tag[0])
    return found[1] if found else ""


def tomorrow() -> str:
    return (clock.now().date() + timedelta(1)).isoformat()


def a_clause(number: str = "1", document: str = "Our terms") -> str:
    """The address of a clause that a command brought in."""
    terms = [ClauseText(number, "Violence", TEXT)]
    import_clauses(document, terms, valid_from=date(2021, 1, 1), actor=OPERATOR)
    found = db.session().scalars(sa.select(Clause.id).where(Clause.number == number)).one()
    return f"/admin/clauses/{found}"


def words(page: str) -> str:
    """The words of a page without its marks."""
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_an_administrator_drafts_and_legal_publishes_what_it_read(desk: Desk) -> None:
    clause, admin, legal = a_clause(), Person(desk, Role.ADMIN), Person(desk, Role.LEGAL)
    assert admin.draft(clause + "/draft").headers["Location"] == clause + "/draft"
    beside = words(admin.get(clause + "/draft"))
    assert "You may not threaten [Added: or scare ] anybody with violence." in beside
    assert "Added – [Added: No &lt;b&gt;praise&lt;/b&gt;. ]" in beside
    assert "Read and publish" in legal.get("/admin/clauses")
    page = legal.get(clause + "/publish")
    assert "[Added: or scare ]" in words(page)
    assert "Clearer." in page
    published = legal.post(clause + "/publish", page)
    assert (published.status_code, published.headers["Location"]) == (303, clause)
    shown = words(legal.get(clause))
    for expected in ("Published as version 2", "To come", "In force", "used by no decision", "Clearer."):
        assert expected in shown
    with time_machine.travel(clock.now() + timedelta(1)):
        assert [one.version for one in clauses_in_force(desk.session, on=clock.now().date())] == [2]
    compared = words(legal.get(clause + "/difference?earlier=2&later=1"))
    assert "[Removed: or scare ]" in compared


def test_the_author_reads_but_does_not_publish(desk: Desk) -> None:
    clause, admin = a_clause(), Person(desk, Role.ADMIN)
    admin.draft(clause + "/draft")
    page = admin.get(clause + "/publish")
    assert "You drafted this" in page
    assert 'name="replaces"' not in page
    version = desk.session.scalar(sa.select(ClauseDraft.version)) or ""
    refused = admin.post(clause + "/publish", page, version=version, replaces="1")
    assert refused.status_code == 403
    assert "A second person has to do this" in refused.text
    assert desk.session.scalar(sa.select(sa.func.count()).select_from(ClauseVersion)) == 1
    assert Person(desk, Role.ADMIN).publish(clause + "/publish").status_code == 303


def test_two_administrators_do_not_overwrite_one_another(desk: Desk) -> None:
    clause, first, second = a_clause(), Person(desk, Role.ADMIN), Person(desk, Role.ADMIN)
    early = second.get(clause + "/draft")
    first.draft(clause + "/draft")
    typed = {"title": "Force", "text": "Mine entirely.", "valid_from": tomorrow(), "reason": "Better."}
    refused = second.post(clause + "/draft", early, **typed)
    assert refused.status_code == 409
    assert "Nothing was overwritten" in refused.text
    assert "Mine entirely.</textarea>" in refused.text
    assert desk.session.scalar(sa.select(ClauseDraft.text)) == MENDED
    assert "Draft there now" in refused.text
    assert second.post(clause + "/draft", refused.text, **typed).status_code == 303
    assert desk.session.scalar(sa.select(ClauseDraft.text)) == "Mine entirely."


def test_text_typed_for_a_draft_that_is_gone_is_kept_too(desk: Desk) -> None:
    first, second = Person(desk, Role.ADMIN), Person(desk, Role.ADMIN)
    values = {"document": "Our terms", "number": "9"}
    address = first.draft("/admin/clauses/new", **values).headers["Location"]
    early = second.get(address)
    gone = first.post(address + "/discard", first.get(address))
    assert gone.headers["Location"] == "/admin/clauses"
    typed = {"title": "Fraud", "text": "No deceit.", "valid_from": tomorrow(), "reason": "Missing."}
    refused = second.post(address, early, **typed)
    assert refused.status_code == 409
    assert "No deceit.</textarea>" in refused.text
    assert second.get(address, 404)
    assert second.post(address, refused.text, **typed).status_code == 303


def test_a_draft_that_changed_after_it_was_read_is_not_published(desk: Desk) -> None:
    clause, admin, legal = a_clause(), Person(desk, Role.ADMIN), Person(desk, Role.LEGAL)
    admin.draft(clause + "/draft")
    read = legal.get(clause + "/publish")
    admin.draft(clause + "/draft", text="Something worse.")
    refused = legal.post(clause + "/publish", read)
    assert refused.status_code == 409
    assert "Nothing was published" in refused.text
    assert "Something worse." in refused.text
    second = Person(desk, Role.ADMIN).publish(clause + "/publish")
    assert second.status_code == 303
    late = legal.post(clause + "/publish", refused.text)
    assert late.headers["Location"] == clause
    assert "published or discarded this draft meanwhile" in legal.get(clause)
    assert desk.session.scalar(sa.select(sa.func.count()).select_from(ClauseVersion)) == 2


def test_a_draft_whose_day_has_passed_waits_for_another_day(desk: Desk) -> None:
    clause, admin, legal = a_clause(), Person(desk, Role.ADMIN), Person(desk, Role.LEGAL)
    admin.draft(clause + "/draft")
    read = legal.get(clause + "/publish")
    later = clock.now() + timedelta(2)
    with time_machine.travel(later):
        reader = Person(desk, Role.LEGAL)
        page = reader.get(clause + "/publish")
        assert "cannot be published as it is" in page
        assert 'name="replaces"' not in page
        answer = reader.post(
            clause + "/publish", page, version=field(read, "version"), replaces=field(read, "replaces")
        )
        assert answer.status_code == 422
        assert "This day has passed" in answer.text


def test_what_is_wrong_is_said_at_its_field_and_nothing_typed_is_lost(desk: Desk) -> None:
    clause, admin = a_clause(), Person(desk, Role.ADMIN)
    refused = admin.draft(clause + "/draft", valid_from="2020-01-01", reason="", text="Kept.\x00")
    assert refused.status_code == 422
    assert "Reason for the change: Say why" in refused.text
    assert "This day has passed" in refused.text
    assert "Kept.</textarea>" in refused.text
    assert 'value="2020-01-01"' in refused.text
    assert admin.draft(clause + "/draft", valid_from="soon").status_code == 422
    unchanged = admin.draft(clause + "/draft", text=TEXT.replace("\n", "\r\n"))
    assert "Title and text are those of version 1" in unchanged.text
    taken = admin.draft("/admin/clauses/new", document="Our terms", number="1")
    assert taken.status_code == 409
    assert "already" in taken.text
    assert "No &lt;b&gt;praise" in taken.text


def test_one_draft_a_clause(desk: Desk) -> None:
    clause, admin, legal = a_clause(), Person(desk, Role.ADMIN), Person(desk, Role.LEGAL)
    admin.draft(clause + "/draft")
    assert admin.client.get(clause + "/end").headers["Location"] == clause
    assert "publish or discard it first" in admin.get(clause)
    admin.post(clause + "/draft/discard", admin.get(clause + "/draft"))
    today = clock.now().date().isoformat()
    assert admin.draft(clause + "/end", valid_from=today).headers["Location"] == clause + "/end"
    assert admin.client.get(clause + "/draft").headers["Location"] == clause + "/end"
    assert legal.publish(clause + "/publish").status_code == 303
    assert "Ended" in legal.get(clause)
    assert "Ended" in legal.get("/admin/clauses")
    assert clauses_in_force(desk.session, on=clock.now().date()) == ()
    legal.get(clause + "/difference", 404)


def test_a_new_clause_stands_in_the_list_in_natural_order(desk: Desk) -> None:
    for number in ("10", "2"):
        a_clause(number)
    admin = Person(desk, Role.ADMIN)
    address = admin.draft("/admin/clauses/new", document="Our terms", number="9", title="Fraud").headers
    Person(desk, Role.LEGAL).publish(address["Location"].replace("/draft", "/publish"))
    page = words(admin.get("/admin/clauses"))
    assert page.index("2 Violence") < page.index("9 Fraud") < page.index("10 Violence")
    assert "Not yet" in page
    assert "version 1 from" in page


def test_the_list_counts_the_decisions_that_name_a_clause(desk: Desk) -> None:
    refer(desk.client(), make_key(make_sender()), "https://video.example/watch/1")
    decide_all(outcome="accepted")
    page = Person(desk, Role.ADMIN).get("/admin/clauses")
    link = re.search(r'href="(/admin/clauses/L-[^"]+)"', page)
    assert link is not None
    assert "used by 1 decision" in words(Person(desk, Role.ADMIN).get(link[1]))
    assert re.search(r'class="number" data-column="Decisions"><div>1</div>', page)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("review.web.admin.clauses.MOST_LISTED", 0)
        assert "<div>0+</div>" in Person(desk, Role.LEGAL).get("/admin/clauses")


@pytest.mark.parametrize("role", [Role.MODERATOR, Role.LEAD, Role.SENDER])
def test_nobody_else_sees_drafts_or_versions(desk: Desk, role: Role) -> None:
    clause, person = a_clause(), Person(desk, role)
    for address in ("/admin/clauses", clause, clause + "/difference", clause + "/publish", clause + "/draft"):
        person.get(address, 403)


def test_legal_reads_but_does_not_draft(desk: Desk) -> None:
    clause, legal = a_clause(), Person(desk, Role.LEGAL)
    for address in ("/admin/clauses/new", clause + "/draft", clause + "/end"):
        legal.get(address, 403)
    assert "Draft a new" not in legal.get(clause) + legal.get("/admin/clauses")


def test_an_address_of_nothing_is_not_found(desk: Desk) -> None:
    clause, admin = a_clause(), Person(desk, Role.ADMIN)
    for address in ("/admin/clauses/L-0000-0000-0000", "/admin/clauses/nonsense", clause + "/publish"):
        admin.get(address, 404)
    for asked in ("earlier=1&later=2", "earlier=x&later=1", "later=0", "earlier=1&later=9999999999", ""):
        admin.get(f"{clause}/difference?{asked}", 404)
    assert admin.client.get(clause.lower().replace("l-", "L-")).status_code == 303
    assert admin.post(clause + "/draft/discard", admin.get(clause + "/draft"), version="x").status_code == 303
    assert "meanwhile" in admin.get(clause)


def test_an_empty_desk_says_what_to_do(desk: Desk) -> None:
    assert "Draft the first clause" in Person(desk, Role.ADMIN).get("/admin/clauses")
    assert "Draft the first clause" not in Person(desk, Role.LEGAL).get("/admin/clauses")
