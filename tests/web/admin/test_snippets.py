"""The pages of ready-made texts: an administrator writes, legal reads, and no version is ever lost."""

import re

import pytest

from review.domain.permissions import Role
from review.models import ClauseVersion
from tests.conftest import Desk
from tests.factories import make_clause
from tests.web.admin.test_clauses import Person, field

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
HOSTILE = "</textarea><script>alert(1)</script>\u202e"


def address_of(desk: Desk) -> str:
    return f"/admin/clauses/{desk.session.get_one(ClauseVersion, make_clause()).clause_id}/snippets"


def test_a_text_is_written_changed_withdrawn_and_every_version_stays(desk: Desk) -> None:
    person, address = Person(desk, Role.ADMIN), address_of(desk)
    assert "Nothing is ready-made for this clause." in person.get(address)
    form = person.get(f"{address}/edit")
    assert field(form, "version") == "0"
    saved = person.post(f"{address}/edit", form, kind="rationale", language="PT-br", text="It praises them.")
    assert (saved.status_code, saved.location) == (303, address)
    page = person.get(address)
    assert "It praises them." in page
    assert "in no review" in page
    one = f"{address}/edit?kind=rationale&language=pt-BR"
    form = person.get(one)
    assert 'name="language" value="pt-BR"' in form
    assert "It praises them.</textarea>" in form
    given = {"kind": "rationale", "language": "pt-BR"}
    assert person.post(f"{address}/edit", form, **given, text=HOSTILE).status_code == 303
    page = person.get(address)
    assert "<script>alert" not in page
    assert "\u202e" not in page
    assert page.index("Earlier versions") < page.index("It praises them.")
    assert person.post(f"{address}/withdraw", page, **given).status_code == 303
    page = person.get(address)
    assert "Withdrawn: nothing was offered." in page
    assert "It praises them." in page
    assert re.findall(r"Version (\d)", page) == ["3", "2", "1"]


def test_two_at_the_same_text_and_the_second_reads_the_first(desk: Desk) -> None:
    first, second, address = Person(desk, Role.ADMIN), Person(desk, Role.ADMIN), address_of(desk)
    form = second.get(f"{address}/edit")
    given = {"kind": "statement", "language": "en"}
    first.post(f"{address}/edit", first.get(f"{address}/edit"), **given, text="The first one.")
    refused = second.post(f"{address}/edit", form, **given, text="The second one.")
    assert refused.status_code == 409
    assert "The second one.</textarea>" in refused.text
    assert "The first one." in refused.text
    assert second.post(f"{address}/edit", refused.text, **given, text="The second one.").status_code == 303
    assert "The second one." in first.get(address)
    stale = first.post(f"{address}/withdraw", first.get(address), **(given | {"version": "1"}))
    assert stale.status_code == 303
    assert "Offered" in first.get(address)


@pytest.mark.parametrize(
    ("values", "field_name"),
    [
        ({"kind": "rationale", "language": "", "text": "x y"}, "language"),
        ({"kind": "rationale", "language": "no language", "text": "x y"}, "language"),
        ({"kind": "", "language": "en", "text": "x y"}, "kind"),
        ({"kind": "statement", "language": "en", "text": ""}, "text"),
    ],
)
def test_what_is_wrong_stands_at_its_field_and_the_rest_is_kept(
    desk: Desk, values: dict[str, str], field_name: str
) -> None:
    person, address = Person(desk, Role.ADMIN), address_of(desk)
    refused = person.post(f"{address}/edit", person.get(f"{address}/edit"), **values)
    assert refused.status_code == 422
    assert f'id="{field_name}-error"' in refused.text
    assert values["text"] in refused.text


def test_legal_reads_and_nobody_else_sees_them(desk: Desk) -> None:
    address = address_of(desk)
    legal = Person(desk, Role.LEGAL)
    assert "Write another text" not in legal.get(address)
    legal.get(f"{address}/edit", 403)
    for role in (Role.MODERATOR, Role.LEAD, Role.SENDER):
        Person(desk, role).get(address, 403)
    person = Person(desk, Role.ADMIN)
    person.get("/admin/clauses/L-0000-0000-0000/snippets", 404)
    person.get(f"{address}/edit?kind=rationale&language=fr", 404)
    answer = person.client.post(
        f"{address}/edit", data={"csrf_token": field(person.get(f"{address}/edit"), "csrf_token")}
    )
    assert answer.status_code == 422
