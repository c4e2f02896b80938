"""Set aside, pass on and rest from the page of a case, without script; one's own work lists what is aside."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
import time_machine
from flask.testing import FlaskClient

from review.domain.permissions import Role
from review.models import Break, Draft
from tests.conftest import Desk
from tests.factories import make_case, make_sign_in
from tests.web.moderator.test_my_work import _button, _row
from tests.web.moderator.test_pages import Moderator, _declined

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def _in_brussels(person: Moderator) -> None:
    form = {"theme": "system", "density": "comfortable", "text_size": "100", "language": "en"}
    assert person.post("/display", zone="Europe/Brussels", back="/queue", **form).status_code == 303


def _menu(page: str) -> str:
    return page.partition('<details class="drop-menu"')[2].partition("</details>")[0]


def test_the_menu_shows_each_end_in_the_zone_of_the_person_and_what_is_after_the_target(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False):
        case_id, person = make_case(due_in=2 * HOUR), Moderator(desk)
        _in_brussels(person)
        person.claim(case_id)
        menu = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", _menu(person.get(f"/cases/{case_id}"))))
        assert "1 hour 23 Nov 2026, 12:00 CET 4 hours 23 Nov 2026, 15:00 CET · after the target" in menu
        assert "Tomorrow morning 24 Nov 2026, 08:00 CET · after the target" in menu
        assert menu.count("after the target") == 2
        for words in ("Personal impact s 1", "Conflict of interest", "Language that I do not read"):
            assert words in menu


def test_every_button_of_the_menu_takes_the_typed_review_along(desk: Desk) -> None:
    case_id, person = make_case(), Moderator(desk)
    person.claim(case_id)
    page = person.get(f"/cases/{case_id}")
    buttons = re.findall(r"<button[^>]*>", _menu(page))
    assert len(buttons) == 7
    assert all('form="review"' in button and "formaction=" in button for button in buttons)
    assert re.search(r'<button type="submit" form="review"[^>]*formaction="/break\?case=', page)


def test_a_case_set_aside_keeps_what_was_typed_and_is_taken_again_from_ones_own_work(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False) as hand:
        case_id, person = make_case(), Moderator(desk)
        seen = person.claim(case_id)
        answer = person.post(f"/cases/{case_id}/set-aside", **_declined(**seen, until="hour"))
        assert (answer.status_code, answer.location) == (303, "/queue")
        page = person.get("/my-work")
        assert "Set aside until 23 Nov 2026, 11:00 UTC. Colleagues may take it meanwhile." in page
        row = _row(page, case_id)
        assert "23 Nov 2026, 11:00 UTC in 1 h" in row
        assert "saved" in row
        assert "Free" in row
        assert page.count(f">{case_id}</a>") == 1, "not among the drafts as well"
        assert person.post("/queue/next").location == "/queue"
        for _quarter in range(4):  # within the time after which an idle person is signed out
            hand.shift(HOUR / 4)
            person.get("/queue")
        page = person.get("/my-work")
        assert "Its time has come" in _row(page, case_id)
        again = person.client.post(f"/cases/{case_id}/claim", data=_button(page, f"/cases/{case_id}/claim"))
        assert again.location == f"/cases/{case_id}"
        assert "The video praises" in person.get(f"/cases/{case_id}")
        assert "Nothing. “Pass on or set aside”" in person.get("/my-work")


def test_a_time_after_the_target_is_said_where_it_is_listed(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False):
        case_id, person = make_case(due_in=2 * HOUR), Moderator(desk)
        _in_brussels(person)
        seen = person.claim(case_id)
        typed = {"until": "time", "until_time": "2026-11-24T09:30"}
        person.post(f"/cases/{case_id}/set-aside", **seen, **typed)
        page = person.get("/my-work")
        assert (
            "Set aside until 24 Nov 2026, 09:30 CET, which is after its target, 23 Nov 2026, 13:00 CET."
            in page
        )
        assert "After the target" in _row(page, case_id)


@pytest.mark.parametrize(
    "typed",
    [{}, {"until": "weeks"}, {"until": "time"}, {"until": "time", "until_time": "soon"},
     {"until": "time", "until_time": "2026-12-24T09:30"},
     {"until": "time", "until_time": "2026-11-22T09:30"}],
)  # fmt: skip
def test_a_wrong_time_keeps_the_case_and_every_word(desk: Desk, typed: dict[str, str]) -> None:
    with time_machine.travel(NOW, tick=False):
        case_id, person = make_case(), Moderator(desk)
        seen = person.claim(case_id)
        answer = person.post(f"/cases/{case_id}/set-aside", **_declined(**seen), **typed)
        assert answer.status_code == 422
        assert "The video praises" in answer.text
        assert "Held by you until" in answer.text
        summary, _strip, page = answer.text.partition('class="case-strip"')
        assert 'role="alert" tabindex="-1" autofocus' in summary
        assert '<a href="#until_time">' in summary
        assert "Please correct this" not in page, "said once, where the field is"
        assert '<details class="drop-menu" data-key="s" open>' in page
        at_field = re.search(r'id="until_time"[^>]*>', page)
        assert at_field is not None
        assert 'aria-describedby="until_time-error"' in at_field[0]
        assert f'value="{typed.get("until_time", "")}"' in at_field[0]


def test_passing_on_is_told_in_neutral_words_and_the_case_is_offered_no_more(desk: Desk) -> None:
    case_id, person, other = make_case(), Moderator(desk), Moderator(desk)
    seen = person.claim(case_id)
    answer = person.post(f"/cases/{case_id}/pass", **_declined(**seen), reason="personal_impact")
    assert (answer.status_code, answer.location) == (303, "/queue")
    page = person.get("/my-work")
    assert "was passed on. It waits for your colleagues, and is not offered to you again." in page
    assert f">{case_id}</a>" not in page
    assert "impact" not in page
    assert "is kept with the case: it is there again if you claim it after all" in page
    seen = person.claim(case_id)
    assert _declined()["rationale"] in person.get(f"/cases/{case_id}")
    person.post(f"/cases/{case_id}/pass", **_declined(**seen), reason="personal_impact")
    assert person.post("/queue/next").location == "/queue"
    queue = person.get("/queue")
    assert case_id not in queue
    assert "0 waiting" in queue
    assert "oldest came" not in queue
    assert case_id in other.get("/queue")
    assert other.post("/queue/next").location == f"/cases/{case_id}"
    for reader in (other, Moderator(desk, Role.LEAD)):
        for address in ("/queue", "/my-work", f"/cases/{case_id}"):
            words = _without_menu(reader.get(address)).lower()
            assert "passed" not in words
            assert "personal impact" not in words


def _without_menu(page: str) -> str:
    return page.replace(_menu(page), "")


def test_a_case_that_is_lost_is_not_left_and_no_word_is_lost(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False) as hand:
        case_id, person = make_case(), Moderator(desk)
        seen = person.claim(case_id)
        hand.shift(timedelta(minutes=15))
        for address, more in (("set-aside", {"until": "hour"}), ("pass", {"reason": "language"})):
            answer = person.post(f"/cases/{case_id}/{address}", **_declined(**seen), **more)
            assert answer.status_code == 409
            assert "The video praises" in answer.text


def test_a_break_keeps_the_draft_and_has_one_way_back(desk: Desk) -> None:
    case_id, person = make_case(), Moderator(desk)
    seen = person.claim(case_id)
    started = person.post(f"/break?case={case_id}", **_declined(**seen))
    assert (started.status_code, started.location) == (303, "/break")
    page = person.get("/break").partition("<main ")[2].partition("</main")[0].partition(">")[2]
    assert "Take your time" in page
    assert page.count("<button") == 1
    assert re.search(r"\d", re.sub(r"<[^>]+>", "", page)) is None, "nothing is counted"
    assert len(desk.session.scalars(sa.select(Draft)).all()) == 1
    assert desk.session.scalars(sa.select(Break.ended_at)).all() == [None]
    desk.session.rollback()
    back = person.post("/break/end")
    assert (back.status_code, back.location) == (303, "/my-work")
    assert None not in desk.session.scalars(sa.select(Break.ended_at)).all()


def test_a_break_from_a_lost_case_loses_no_word(desk: Desk) -> None:
    with time_machine.travel(NOW, tick=False) as hand:
        case_id, person = make_case(), Moderator(desk)
        seen = person.claim(case_id)
        hand.shift(timedelta(minutes=15))
        answer = person.post(f"/break?case={case_id}", **_declined(**seen))
        assert answer.status_code == 409
        assert "The video praises" in answer.text


def test_nobody_sees_the_breaks_of_a_person_not_even_the_person_on_a_page(desk: Desk) -> None:
    """Where they are counted for the person alone is another page's affair."""
    person = Moderator(desk)
    readers = [Moderator(desk, role).client for role in (Role.MODERATOR, Role.LEAD)]
    looked: list[tuple[FlaskClient, str]] = [
        (client, address) for client in readers for address in ("/queue", "/my-work", "/break")
    ]
    for role, addresses in ((Role.LEGAL, ("/records", "/team")), (Role.ADMIN, ("/admin/accounts",))):
        client = desk.client()
        make_sign_in(client, role)
        looked += [(client, address) for address in addresses]
    person.post("/break")
    for client, address in looked:
        assert re.search("(?i)on a break|resting", client.get(address).text) is None


@pytest.mark.parametrize("role", [Role.LEGAL, Role.ADMIN, Role.SENDER])
def test_others_have_none_of_these_addresses(desk: Desk, role: Role) -> None:
    client, case_id = desk.client(), make_case()
    make_sign_in(client, role)
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/display").text)
    assert token is not None
    assert client.get("/break").status_code == 403
    for address in (f"/cases/{case_id}/set-aside", f"/cases/{case_id}/pass", "/break", "/break/end"):
        assert client.post(address, data={"csrf_token": token[1]}).status_code == 403


def test_the_first_review_that_can_be_undone_bears_the_key(desk: Desk) -> None:
    person = Moderator(desk)
    for _number in range(2):
        case_id = make_case()
        person.post(f"/cases/{case_id}/review", **_declined(**person.claim(case_id), then="stay"))
    assert person.get("/my-work").count("<kbd>z</kbd>") == 1
