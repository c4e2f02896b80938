"""Senders for administrators: list, enter, change; older forms keep their text."""

import re
from typing import Any

import pytest
import sqlalchemy as sa

from review.actions import sender_changes, senders
from review.domain.permissions import OPERATOR, Role
from review.domain.senders import Limits
from review.models import FlaggerStatus, Opening, Sender
from review.web.admin import senders as pages
from tests.conftest import Desk
from tests.factories import make_sender, receive, sender_actor
from tests.trails import decide_all
from tests.web.admin.pages import Person

HOSTILE = "<b>Unit</b> \u202egnp"


def create(name: str = "Harbour Watch", kind: str = "iru") -> str:
    return senders.create_sender(name, kind=kind, country="BE", flagger=None, actor=OPERATOR)


def events(desk: Desk) -> list[str]:
    return list(desk.session.scalars(sa.select(Opening.event_type).order_by(Opening.recorded_at)))


def test_the_list_is_empty_then_has_pages_and_kinds(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "LISTED", 2)
    admin = Person(desk)
    assert "There are no senders yet." in admin.get("/admin/senders")
    ids = [create(f"Unit {number}", "other" if number == 1 else "iru") for number in range(3)]
    links = [f'/admin/senders/{sender_id}"' for sender_id in ids]
    first = admin.get("/admin/senders")
    assert [link in first for link in links] == [True, True, False]
    following = re.search(r'href="([^"]+)" rel="next"', first)
    assert following is not None
    second = admin.get(following[1].replace("&amp;", "&"))
    assert [link in second for link in links] == [False, False, True]
    assert 'rel="first"' in second
    narrowed = admin.get("/admin/senders?kind=other")
    assert [link in narrowed for link in links] == [False, True, False]
    assert "No sender is of this kind." in admin.get("/admin/senders?kind=civil_society")
    for wrong in ("?kind=police", "?cursor=x", "?cursor=K-0000-0000-0000"):
        admin.get("/admin/senders" + wrong, 404)


def test_what_senders_are_called_cannot_harm_the_page(desk: Desk) -> None:
    sender_id = make_sender(HOSTILE)
    admin = Person(desk)
    for address in ("/admin/senders", f"/admin/senders/{sender_id}", f"/admin/senders/{sender_id}/limits"):
        page = admin.get(address)
        assert "<b>Unit" not in page
        assert "⟨202E⟩" in page
        assert "\u202e" not in page


def test_a_new_sender_is_on_the_trail_and_is_offered_its_first_key(desk: Desk) -> None:
    admin = Person(desk)
    admin.get("/admin/senders/new")
    answer = admin.post("/admin/senders/new", name=" Harbour  Watch ", kind="iru", country="be")
    page = admin.follow(answer)
    assert "Harbour Watch" in page
    assert "Issue first key" in page
    assert "The sender is entered" in page
    assert events(desk) == ["sender.created"]
    admin.get("/admin/senders/new")
    page = admin.post("/admin/senders/new", 409, name="Harbour Watch", kind="iru", country="").text
    assert "There is a sender of this name already" in page
    assert 'value="Harbour Watch"' in page
    page = admin.post("/admin/senders/new", 422, name="", kind="", country="BEL").text
    assert page.count("field-error") == 3
    assert "Error: " in page


def test_a_changed_profile_is_shown_and_a_blank_contact_goes(desk: Desk) -> None:
    sender_id, admin = create(), Person(desk)
    address = f"/admin/senders/{sender_id}"
    admin.get(f"{address}/change")
    typed: dict[str, Any] = {
        "name": "Harbour Watch", "kind": "competent_authority", "country": "BE",
        "further_countries": "nl; fr", "identity_note": "Called back.",
        "contact_0_name": "Duty desk", "contact_0_email": "duty@unit.example",
        "contact_0_telephone": "+32 2 555 01 00", "contact_0_out_of_hours": "Call twice.",
    }  # fmt: skip
    page = admin.follow(admin.post(f"{address}/change", **typed))
    for words in (
        "Competent authority",
        "FR, NL",
        "Called back.",
        "Duty desk",
        "duty@unit.example",
        "Call twice.",
    ):
        assert words in page, words
    admin.get(f"{address}/change")
    blank: dict[str, Any] = {name: "" for name in typed if name.startswith("contact")}
    page = admin.follow(admin.post(f"{address}/change", **typed | blank))
    assert "Nobody is entered yet" in page
    assert events(desk) == ["sender.created", "sender.changed", "sender.changed"]


def test_room_for_a_contact_stores_nothing_and_keeps_what_was_typed(desk: Desk) -> None:
    sender_id, admin = create(), Person(desk)
    address = f"/admin/senders/{sender_id}/change"
    assert "contact_1_name" not in admin.get(address)
    page = admin.post(address, 200, name="Typed <name>", kind="iru", contact_0_name="Desk", more="1").text
    assert 'name="contact_1_name"' in page
    assert 'value="Typed &lt;name&gt;"' in page
    page = admin.post(
        address, 422, name="Typed", kind="iru", contact_0_name="Desk", contact_1_name="Second"
    ).text
    assert page.count("Give this contact an e-mail address") == 4
    assert events(desk) == ["sender.created"]


def test_an_older_profile_form_is_refused_with_its_text_and_what_is_stored(desk: Desk) -> None:
    sender_id, admin, other = create(), Person(desk), Person(desk)
    address = f"/admin/senders/{sender_id}/change"
    admin.get(address)
    other.get(address)
    other.post(address, name="Theirs", kind="iru", country="BE", contact_0_name="")
    page = admin.post(address, 409, name="Mine", kind="iru", country="BE", contact_0_name="").text
    assert 'value="Mine"' in page
    assert "What is stored now" in page
    assert "Theirs" in page
    assert desk.session.scalar(sa.select(Sender.name)) == "Theirs"
    admin.post(address, name="Mine", kind="iru", country="BE", contact_0_name="")
    assert desk.session.scalar(sa.select(Sender.name)) == "Mine"


def test_limits_are_changed_and_an_older_form_is_refused_with_its_numbers(desk: Desk) -> None:
    sender_id, admin = create(), Person(desk)
    address = f"/admin/senders/{sender_id}"
    admin.get(f"{address}/limits")
    assert "its own limit" in admin.follow(
        admin.post(f"{address}/limits", requests_per_minute="30", batch_lines="")
    )
    admin.get(f"{address}/limits")
    sender_changes.change_limits(sender_id, Limits(31, 7), version=1, actor=OPERATOR)
    page = admin.post(f"{address}/limits", 409, requests_per_minute="32", batch_lines="9").text
    assert 'value="32"' in page
    assert "requests a minute 31, lines 7" in page
    page = admin.post(f"{address}/limits", 422, requests_per_minute="many", batch_lines="0.5").text
    assert page.count("field-error") == 2
    assert 'value="many"' in page
    assert (
        "Nothing is changed yet"
        in admin.post(f"{address}/limits", 422, requests_per_minute="31", batch_lines="7").text
    )


def test_evidence_is_added_once_and_ended_once(desk: Desk) -> None:
    sender_id, admin = create(), Person(desk)
    address = f"/admin/senders/{sender_id}"
    award: dict[str, Any] = {
        "coordinator": "Coordinator of X",
        "valid_from": "2020-01-01",
        "valid_until": "",
        "reference": "TF-7",
    }
    admin.get(f"{address}/flagger")
    page = admin.follow(admin.post(f"{address}/flagger", **award))
    for words in ("Trusted flagger today", "Coordinator of X", "1 Jan 2020", "TF-7", "End this status"):
        assert words in page, words
    page = admin.post(f"{address}/flagger", 409, version="0", **award).text
    assert 'value="Coordinator of X"' in page
    page = admin.post(f"{address}/flagger", 422, coordinator="", valid_from="soon").text
    assert 'value="soon"' in page
    number = desk.session.scalar(sa.select(FlaggerStatus.id))
    end = f"{address}/flagger/{number}/end"
    admin.get(end)
    assert "field-error" in admin.post(end, 422, ended_on="").text
    assert "field-error" in admin.post(end, 422, ended_on="2019-12-31").text
    page = admin.follow(admin.post(end, ended_on="2020-06-30"))
    assert "ended early, last day" in page
    assert "Trusted flagger today" not in page
    assert "End this status" not in page
    assert "has ended already" in admin.follow(admin.post(end, ended_on="2020-06-29"))
    assert events(desk) == ["sender.created", "sender.flagger_added", "sender.flagger_ended"]


@pytest.mark.parametrize("page", ["", "/change", "/limits", "/flagger", "/flagger/1/end", "/keys"])
def test_what_is_no_sender_is_missing(desk: Desk, page: str) -> None:
    admin, others = Person(desk), Person(desk)
    sender_id = create()
    for missing in ("S-0000-0000-0000", "nonsense", "K" + sender_id[1:]):
        admin.get(f"/admin/senders/{missing}{page}", 404)
    assert others.get(f"/admin/senders/{sender_id}/flagger/999/end", 404)
    assert admin.client.get(f"/admin/senders/{sender_id.lower()}").headers["Location"].endswith(sender_id)


def test_accuracy_tells_zero_from_unknown_to_administrators_and_legal_only(desk: Desk) -> None:
    sender_id, quiet = make_sender("Judged unit"), make_sender("Quiet unit")
    admin, legal = Person(desk), Person(desk, Role.LEGAL)
    receive(sender_actor(sender_id), "https://video.example/1")
    decide_all(outcome="declined")
    for person, place in ((admin, "/admin/senders"), (legal, "/senders")):
        assert "0 of 1 judged items were accepted: 0.0 %." in person.get(f"{place}/{sender_id}")
        assert "Unknown: none of its items has been judged yet." in person.get(f"{place}/{quiet}")
    assert "Judged unit" in legal.get("/senders")
    legal.get("/senders/S-0000-0000-0000", 404)
    legal.get("/senders/nonsense", 404)
    for role in (Role.MODERATOR, Role.LEAD, Role.SENDER):
        for address in ("/senders", f"/senders/{sender_id}", f"/admin/senders/{sender_id}"):
            Person(desk, role).get(address, 403)


def test_legal_reads_no_keys_contacts_or_limits(desk: Desk) -> None:
    sender_id, admin = create(), Person(desk)
    admin.get(f"/admin/senders/{sender_id}/change")
    admin.post(
        f"/admin/senders/{sender_id}/change",
        name="Harbour Watch",
        kind="iru",
        contact_0_name="CANARY-NAME",
        contact_0_email="canary@unit.example",
    )
    page = Person(desk, Role.LEGAL).get(f"/senders/{sender_id}")
    assert "CANARY" not in page
    assert "canary@" not in page
    assert "rr_" not in page


def test_a_kind_that_is_missing_is_asked_for_in_the_words_of_the_form(desk: Desk) -> None:
    admin = Person(desk)
    for address in ("/admin/senders/new", f"/admin/senders/{create()}/change"):
        admin.get(address)
        page = admin.post(address, 422, name="Unit", kind="", country="").text
        assert "Choose from the list: " in page
        assert "; Trusted flagger; " in page.split("Choose from the list: ")[1][:200]
        assert "competent_authority, " not in page
