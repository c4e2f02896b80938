"""Every code that a problem document may name has a public page."""

import pytest
from markupsafe import escape

from review.errors import ReviewError
from review.web.errors import STATUS
from review.web.public.errors import KINDS
from tests.conftest import Desk


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_every_code_has_a_page_with_meaning_status_and_remedy(desk: Desk) -> None:
    client = desk.client()
    listed = client.get("/errors/").text
    for kind, status in (STATUS | {ReviewError: 500}).items():
        answer = client.get(f"/errors/{kind.code}")
        assert (answer.status_code, answer.mimetype) == (200, "text/html")
        for text in (kind.code, str(status), kind.title, kind.remedy):
            assert str(escape(text)) in answer.text, (kind.code, text)
        assert f'href="/errors/{kind.code}"' in listed


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_type_of_a_problem_leads_to_its_page(desk: Desk) -> None:
    client = desk.client()
    problem = client.get("/api/v1/referrals").json
    assert problem is not None
    assert client.get(problem["type"]).status_code == 200
    unknown = client.get("/errors/no_such_code")
    assert (unknown.status_code, unknown.mimetype) == (404, "text/html")


def test_every_kind_says_what_to_do_in_words_of_its_own() -> None:
    assert len(KINDS) == len(STATUS) + 1
    own = [kind for kind in STATUS if "remedy" in vars(kind)]
    assert own == list(STATUS)
    assert all(kind.remedy.endswith(".") and kind.title != kind.remedy for kind in KINDS.values())
