"""One referral by form: typed, checked, sent, acknowledged; nothing is lost and nothing is sent twice."""

import json
import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
import sqlalchemy as sa

from review import clock, db
from review.domain.permissions import Role
from review.domain.removal_order import ORDER_FIELDS
from review.models import Account, Case, Item, Opening, Referral, Sender
from review.queries.referrals import original_of
from tests.conftest import Desk
from tests.domain.referral_bodies import order_body
from tests.factories import make_sender, receive, sender_actor
from tests.web.admin.pages import Person

NEW, SEND = "/sender/referrals/new", "/sender/referrals/new/send"
URL = "https://video.example/watch/1"
PNG = b"\x89PNG\r\n\x1a\n" + b"picture" * 20
GOOD = {"intake_kind": "referral", "urgency": "normal", "urls": URL, "reason": "Praise of a listed group."}
NOTICE = GOOD | {
    "intake_kind": "notice",
    "contact_name": "Duty desk",
    "contact_email": "desk@unit.example",
    "good_faith": "y",
}
ORDER = GOOD | {"intake_kind": "removal_order"} | {f"order_{name}": one for name, one in order_body().items()}


@pytest.fixture
def unit(desk: Desk) -> str:
    """A unit that refers."""
    return make_sender("Harbour Watch")


@pytest.fixture
def officer(desk: Desk, unit: str) -> Person:
    """Somebody of it."""
    return at_the_form(desk, unit)


def at_the_form(desk: Desk, sender_id: str) -> Person:
    person = Person(desk, Role.SENDER, sender_id=sender_id)
    person.get(NEW)
    return person


@pytest.fixture
def judge(desk: Desk) -> Person:
    """Somebody of a competent authority."""
    return at_the_form(desk, make_sender("Court", kind="competent_authority"))


def hidden(page: str) -> dict[str, list[str]]:
    """The hidden fields of the page's own form, by name."""
    form = page.partition('id="refer"')[2].partition("</form>")[0]
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', form):
        found.setdefault(unescape(name), []).append(unescape(value))
    found.pop("csrf_token", None)
    return found


def once(page: str) -> str:
    """What stands for the form on a page."""
    found = re.search(r'name="once"[^>]*value="([^"]+)"', page)
    assert found is not None
    return found[1]


def sent(person: Person, **typed: Any) -> tuple[str, Any]:
    """Check a form and send it: the page of the check, and the answer."""
    page = person.post(NEW, 200, **({"once": once(person.get(NEW))} | typed)).text
    return page, person.post(SEND, 303, **hidden(page))


def count(desk: Desk, table: Any) -> int:
    return desk.session.scalar(sa.select(sa.func.count()).select_from(table)) or 0


def test_the_plainest_referral_by_form(desk: Desk, officer: Person, unit: str) -> None:
    page, answer = sent(officer, **GOOD)
    assert "Nothing is sent yet." in page
    (kept,) = desk.session.scalars(sa.select(Referral)).all()
    assert answer.headers["Location"] == f"/sender/referrals/{kept.id}/acknowledgement"
    assert (kept.sender_id, kept.transmitted_via, kept.key_id) == (unit, "form", None)
    assert re.fullmatch(r"F-\w{4}-\w{4}-\w{4}", kept.reference)
    assert kept.reference in page
    original = original_of(desk.session, kept.id, data_dir=desk.settings.data_dir)
    assert json.loads(original or b"") == {
        "reference": kept.reference,
        "intake_kind": "referral",
        "transmitted_via": "form",
        "reason": GOOD["reason"],
        "urgency": "normal",
        "items": [{"url": URL}],
    }
    event = desk.session.scalars(sa.select(Opening).where(Opening.object_id == kept.id)).one()
    assert event.event_type == "referral.received"
    shown = officer.follow(answer)
    (item,) = desk.session.scalars(sa.select(Item.id)).all()
    for told in (kept.id, kept.reference, item, kept.body_sha256, f'href="/sender/referrals/{kept.id}"'):
        assert told in shown
    assert "Article 16(4)" not in shown


def test_sent_twice_or_after_going_back_it_is_one_referral(desk: Desk, officer: Person) -> None:
    page, first = sent(officer, **GOOD)
    again = officer.post(SEND, 303, **hidden(page))
    assert again.headers["Location"] == first.headers["Location"]
    assert "nothing was added" in officer.follow(again)
    checked = officer.post(NEW, 200, **hidden(page)).text
    assert officer.post(SEND, 303, **hidden(checked)).headers["Location"] == first.headers["Location"]
    assert (count(desk, Referral), count(desk, Item), count(desk, Case)) == (1, 1, 1)


def test_a_form_that_was_sent_and_changed_is_not_sent_unnoticed(desk: Desk, officer: Person) -> None:
    page, _answer = sent(officer, **GOOD)
    changed = hidden(page) | {"reason": "Something else."}
    refused = officer.post(SEND, 422, **changed).text
    assert "This form was sent already, as R-" in unescape(refused)
    assert "Something else." in refused
    assert count(desk, Referral) == 1
    assert once(refused) != changed["once"][0]
    checked = officer.post(NEW, 200, **(changed | {"once": once(refused)})).text
    officer.post(SEND, 303, **hidden(checked))
    assert count(desk, Referral) == 2


def test_a_used_reference_is_told_before_anything_is_sent(desk: Desk, officer: Person, unit: str) -> None:
    earlier = receive(sender_actor(unit), "https://video.example/2", reference="HW-1").referral_id
    receive(sender_actor(make_sender()), "https://video.example/2", reference="HW-2")  # another sender's
    refused = officer.post(NEW, 422, **GOOD, reference="HW-1").text
    assert f"{earlier} of yours has this reference" in refused
    assert 'href="#reference"' in refused
    assert GOOD["reason"] in refused
    assert "Nothing is sent yet." in officer.post(NEW, 200, **GOOD, reference="HW-2").text


def test_a_reference_used_meanwhile_is_told_at_its_field(desk: Desk, officer: Person, unit: str) -> None:
    page = officer.post(NEW, 200, **GOOD, reference="HW-1").text
    earlier = receive(sender_actor(unit), "https://video.example/2", reference="HW-1").referral_id
    refused = officer.post(SEND, 422, **hidden(page)).text
    assert f"{earlier} of yours has this reference" in refused
    assert 'href="#reference"' in refused


def test_what_is_here_word_for_word_is_said_before_sending(desk: Desk, officer: Person) -> None:
    page, answer = sent(officer, **GOOD, reference="HW-1")
    assert "exactly this already" not in page
    again = officer.post(NEW, 200, **GOOD, reference="HW-1").text
    assert "exactly this already" in again
    assert answer.headers["Location"].removesuffix("/acknowledgement") in again


def test_a_sent_form_that_differs_now_is_told_at_the_check(desk: Desk, officer: Person) -> None:
    page, _answer = sent(officer, **GOOD)
    changed = hidden(page) | {"reason": "Something else."}
    refused = officer.post(NEW, 422, **changed).text
    assert "This form was sent already, as R-" in unescape(refused)
    officer.post(NEW, 200, **(changed | {"once": once(refused)}))


def test_a_notice_has_its_four_elements_and_is_acknowledged(desk: Desk, officer: Person) -> None:
    refused = officer.post(NEW, 422, **(GOOD | {"intake_kind": "notice", "reason": "", "urls": ""})).text
    assert re.search(r"<title>\s*Error:", refused)
    for field in ("urls", "reason", "contact_name", "contact_email", "good_faith"):
        assert f'href="#{field}"' in refused
        assert f'id="{field}-error"' in refused
    assert "autofocus" in refused
    _page, answer = sent(officer, **NOTICE)
    assert "Article 16(4)" in officer.follow(answer)
    (kept,) = desk.session.scalars(sa.select(Referral)).all()
    told = (kept.intake_kind, kept.good_faith, kept.contact_name, kept.contact_email)
    assert told == ("notice", True, "Duty desk", "desk@unit.example")


def test_every_address_is_judged_by_the_form(desk: Desk, officer: Person) -> None:
    urls = f"{URL}\r\nhxxps://video[.]example/2\r\n\r\nhttps://elsewhere.invalid/\r\n{URL}#x\r\n"
    refused = unescape(officer.post(NEW, 422, **(GOOD | {"urls": urls})).text)
    at_field = refused.split('id="urls-error"')[1].split("</p>")[0]
    assert "Address 3 (hxxps://elsewhere[.]invalid/): " in at_field
    assert "Address 4 (hxxps://video[.]example/watch/1#x): " in at_field
    assert "elsewhere.invalid" in refused
    page, _answer = sent(officer, **(GOOD | {"urls": urls.partition("https://else")[0]}))
    assert "hxxps://video[.]example/2" in page
    assert count(desk, Item) == 2


def test_the_summary_has_each_bad_address_up_to_ten_with_how_it_begins(desk: Desk, officer: Person) -> None:
    bad = [f"https://elsewhere.invalid/{number}" for number in range(12)]
    refused = officer.post(NEW, 422, **(GOOD | {"urls": "\n".join([URL, *bad])})).text
    summary = unescape(refused.partition('<div class="message error"')[2].partition("</div>")[0])
    for number in range(10):
        assert f"Address {number + 2} (hxxps://elsewhere[.]invalid/{number}): " in summary
    assert summary.count("Address 1") == 2, "the tenth and the eleventh"
    assert "and 2 more" in summary


def test_a_country_written_out_is_told_and_not_cut_to_two_letters(
    desk: Desk, officer: Person, judge: Person
) -> None:
    page = officer.post(NEW, 422, **(GOOD | {"issuing_country": "Austria"})).text
    assert "Write two capital letters such as BE" in page.split('id="issuing_country-error"')[1]
    order = judge.post(NEW, 422, **(ORDER | {"order_issuing_state": "Austria"})).text
    assert 'id="order_issuing_state-error"' in order
    for shown, name in ((page, "issuing_country"), (order, "order_issuing_state")):
        (field,) = re.findall(rf'<input[^>]* name="{name}"[^>]*>', shown)
        assert 'value="austria"' in field.lower()
        assert int(re.findall(r'maxlength="(\d+)"', field)[0]) > 40, "a browser would keep two letters"


def test_what_was_sent_before_is_said_before_sending(desk: Desk, officer: Person, unit: str) -> None:
    own = receive(sender_actor(unit), URL, reference="HW-7").referral_id
    other = receive(sender_actor(make_sender()), "https://video.example/2", reference="CANARY").referral_id
    page = officer.post(NEW, 200, **(GOOD | {"urls": f"{URL}#again\nhttps://video.example/2"})).text
    assert f'href="/sender/referrals/{own}"' in page
    assert "HW-7" in page
    assert other not in page
    assert "CANARY" not in page
    assert "Sent before" not in officer.post(NEW, 200, **(GOOD | {"urls": "https://video.example/3"})).text


def test_an_order_of_an_authority_is_due_in_an_hour(desk: Desk, judge: Person) -> None:
    blank = judge.get(f"{NEW}?kind=removal_order")
    assert re.search(r'value="removal_order" checked', blank)
    assert 'value="Court"' in blank
    for line in ORDER_FIELDS:
        assert f'name="order_{line.member}"' in blank
    page, answer = sent(judge, **ORDER)
    assert "Court of first instance, Ghent" in page
    shown = judge.follow(answer)
    assert "Due" in shown
    assert "Article 3(3)" in shown
    (kept,) = desk.session.scalars(sa.select(Referral)).all()
    assert json.loads(kept.removal_order or "") == order_body()
    status = judge.get(f"/sender/referrals/{kept.id}")
    assert "Before the Council of State" in status


def test_the_fields_of_annex_i_are_told_at_their_places(desk: Desk, judge: Person) -> None:
    refused = judge.post(NEW, 422, **(GOOD | {"intake_kind": "removal_order"})).text
    for line in ORDER_FIELDS:
        assert (f'id="order_{line.member}-error"' in refused) == line.required, line.member
    wrong = ORDER | {
        "order_issued_at": "yesterday",
        "order_email": "nobody",
        "order_issuing_state": "US",
    }
    refused = judge.post(NEW, 422, **wrong).text
    assert "of a Member State of the European Union" in refused
    for name in ("issued_at", "email", "issuing_state"):
        assert f'id="order_{name}-error"' in refused
    assert "yesterday" in refused


def test_an_order_that_is_still_to_be_issued_is_told_at_its_field(desk: Desk, judge: Person) -> None:
    ahead = (clock.now() + timedelta(hours=1)).isoformat()
    refused = judge.post(NEW, 422, **(ORDER | {"order_issued_at": ahead})).text
    assert 'id="order_issued_at-error"' in refused
    assert "this time is still to come" in refused


def test_a_time_of_day_is_the_readers(desk: Desk, judge: Person) -> None:
    judge.client.set_cookie("display", "system:comfortable:100:en:Europe/Brussels:on")
    _page, _answer = sent(judge, **(ORDER | {"order_issued_at": "2026-07-01T10:00"}))
    (kept,) = desk.session.scalars(sa.select(Referral)).all()
    assert json.loads(kept.removal_order or "")["issued_at"] == "2026-07-01T10:00:00+02:00"


def test_who_may_not_order_is_not_offered_it_and_is_refused(desk: Desk, officer: Person) -> None:
    assert "removal_order" not in officer.get(f"{NEW}?kind=removal_order")
    refused = officer.post(NEW, 422, **ORDER).text
    assert "competent authorities" in refused
    assert officer.post(SEND, 422, **ORDER).status_code == 422
    assert count(desk, Referral) == 0


def test_another_look_keeps_what_was_typed(desk: Desk, officer: Person) -> None:
    look = {"theme": "dark", "density": "compact", "text_size": "115", "language": "ar", "zone": "UTC"}
    page = officer.post(NEW, 200, **GOOD, **look, content_language="de", step="display")
    assert 'data-theme="dark"' in page.text
    assert 'dir="rtl"' in page.text
    assert GOOD["reason"] in page.text
    assert 'value="de"' in page.text
    assert "dark" in page.headers["Set-Cookie"]
    checked = officer.post(NEW, 200, **GOOD, **(look | {"language": "en"}), step="display_check").text
    assert hidden(checked)["reason"] == [GOOD["reason"]]


def test_what_is_known_of_the_sender_is_filled_in(desk: Desk, officer: Person, unit: str) -> None:
    person = desk.session.scalars(sa.select(Account).where(Account.sender_id == unit)).one()
    page = officer.get(NEW)
    assert f'value="{person.email}"' in page
    contact = {"name": "Night desk", "email": "night@unit.example", "telephone": "", "out_of_hours": ""}
    with db.transaction() as writer:
        writer.execute(sa.update(Sender).where(Sender.id == unit).values(contacts=[contact]))
    page = officer.get(NEW)
    assert 'value="Night desk"' in page
    assert 'value="night@unit.example"' in page


def test_hostile_words_stay_words(desk: Desk, judge: Person) -> None:
    words = "<script>alert(1)</script>\u202egnp.exe{{ 7 * 7 }}"
    texts = [line.member for line in ORDER_FIELDS if line.form in ("line", "text")]
    typed = ORDER | {f"order_{name}": words[:60] for name in texts}
    typed |= dict.fromkeys(
        ("reason", "description", "legal_basis", "issuing_authority", "contact_name"), words
    )
    page, answer = sent(judge, **typed, reference=words)
    pages = [page, judge.follow(answer)]
    referral_id = desk.session.scalars(sa.select(Referral.id)).one()
    pages += [
        judge.get(f"/sender/referrals/{referral_id}"),
        judge.post(NEW, 422, **(typed | {"urls": ""})).text,
    ]
    for shown in pages:
        assert "<script>alert" not in shown
        assert "&lt;script&gt;alert(1)" in shown
    for shown in pages[:3]:
        assert "\u202e" not in re.sub(r'<input type="hidden"[^>]*>', "", shown)


def test_others_find_nothing(desk: Desk, officer: Person, judge: Person) -> None:
    _page, answer = sent(officer, **GOOD)
    address = answer.headers["Location"]
    assert officer.client.get(address).status_code == 200
    assert judge.client.get(address).status_code == 404
    for role in (Role.MODERATOR, Role.LEAD, Role.LEGAL, Role.ADMIN):
        stranger = Person(desk, role)
        assert stranger.client.get(NEW).status_code == 403
        assert stranger.client.get(address).status_code == 403
