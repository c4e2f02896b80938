"""A sender's pages in states that no other story reaches: clean in every look, mirrored, never broken."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine
from playwright.sync_api import expect

from review import clock
from review.actions import notices
from review.actions.cases import claim_case
from review.actions.dispatching import dispatch_review
from review.actions.questions import ask_sender, end_questions
from review.actions.restrictions import report_implemented
from review.actions.uploaded_files import note_progress
from review.actions.withdrawals import withdraw_item, withdraw_referral
from review.domain.decisions import ReviewInput
from review.domain.notices import OCCASIONS
from review.domain.permissions import ANONYMOUS, SERVICE, Role
from review.domain.webhooks import MOST_TRIES, Failure
from review.formats.columns import LEFT_OUT
from review.models import Delivery, Item
from review.web.sender import files as file_pages
from review.webhooks import Outcome
from tests.draws import NOT_DRAWN
from tests.endpoints import lease, make_endpoint, managing, record
from tests.factories import make_account, make_clause, make_key, make_sender, receive
from tests.files import good_rows, table, work
from tests.journeys.desk_of_pages import HOSTILE, TYPED
from tests.journeys.states import CANARY, bring, end, flashed, look, press, refused, says
from tests.journeys.test_rarer_pages import House, house
from tests.judging import DECLINE, accept, judge
from tests.platforms import PLATFORM, decide, restriction_of
from tests.posts import mail_through

__all__ = ["house"]  # the desk of those tests, once more for these

pytestmark = pytest.mark.browser
LONG = "https://video.example/" + "long/" * 60
ELSEWHERE = f"https://elsewhere.example/{'l' * 300}"
HEADER = f"Ref,Why,Link,Sort,{HOSTILE[:60]}"
COLUMNS = ("reference", "reason", LEFT_OUT, "category", LEFT_OUT)


@pytest.fixture
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that asks again by itself holds still while it is looked at."""
    monkeypatch.setattr(file_pages, "ASKS_AFTER", 3600)


@pytest.mark.usefixtures("still")
def test_a_file_that_is_good_from_its_arrival_to_its_receipts(house: House) -> None:
    visitor, _person = house.sit(Role.SENDER)
    page = visitor.page
    visitor.open("/sender/batches")
    says(page, "No file yet")
    look(house, visitor, "files-none")
    file_id = bring(visitor, table(*good_rows(3)), name=f"{HOSTILE[:90]}{'w' * 90}.csv")
    says(page, "0 rows read")
    look(house, visitor, "file-waiting", walked=True, mirrored=True)
    note_progress(file_id, rows=3, done=2, actor=SERVICE)
    page.reload()
    says(page, "2 of 3 rows checked")
    look(house, visitor, "file-read")
    assert work(house.desk.app) > 0
    page.reload()
    says(page, "3 ready · 0 need fixing")
    look(house, visitor, "file-good", walked=True)
    press(page, "Send the 3 ready rows")
    says(page, "0 of 3 sent")
    look(house, visitor, "file-sending", walked=True)
    assert work(house.desk.app) > 0
    page.reload()
    says(page, "3 rows received, 0 were there before, 0 refused.")
    look(house, visitor, "file-sent", walked=True)
    page.get_by_role("link", name="What became of each row").click()
    expect(page.locator("tbody tr")).to_have_count(3)
    look(house, visitor, "file-rows", walked=True, mirrored=True)
    end(visitor)


@pytest.mark.usefixtures("still")
def test_a_file_with_refused_rows_and_one_that_cannot_be_read(house: House) -> None:
    visitor, person = house.sit(Role.SENDER)
    page = visitor.page
    bad = [
        f"B-{number} {HOSTILE[:70]},{HOSTILE},{ELSEWHERE},{HOSTILE if number % 2 else 'violense'},{HOSTILE}"
        for number in range(51)
    ]
    file_id = bring(visitor, table(*bad, f",,{HOSTILE},", *good_rows(2), header=HEADER))
    assert work(house.desk.app) > 0
    page.reload()
    says(page, "What do the columns mean?")
    for place, column in enumerate(COLUMNS):
        page.select_option(f"select[name=column-{place}]", column)
    press(page, "Check the rows")
    refused(visitor)
    look(house, visitor, "file-columns-refused", walked=True)
    page.select_option("[name=column-2]", "url")
    press(page, "Check the rows")
    assert work(house.desk.app) > 0
    page.reload()
    says(page, "54 rows · 2 ready · 52 need fixing")
    look(house, visitor, "file-bad", walked=True, mirrored=True)
    page.locator("a[rel=next]").click()
    expect(page.locator("tbody tr")).to_have_count(2)
    look(house, visitor, "file-bad-further", walked=True)
    receive(
        managing(person.sender_id or ""), LONG, reference="F-2"
    )  # taken between the check and the sending
    press(page, "Send the 2 ready rows")
    assert work(house.desk.app) > 0
    page.reload()
    says(page, "1 rows received, 0 were there before, 1 refused.")
    look(house, visitor, "file-partly-sent", walked=True)
    visitor.open(f"/sender/batches/{file_id}/results")
    expect(page.locator("tbody tr")).to_have_count(2)
    look(house, visitor, "file-rows-refused", walked=True)
    dropped = bring(visitor, table(*good_rows(1, start=9)))
    press(page, "Drop the file")
    flashed(page, "The file is dropped")
    look(house, visitor, "file-dropped-now")
    visitor.open(f"/sender/batches/{dropped}")
    says(page, "This file was dropped")
    look(house, visitor, "file-dropped", walked=True)
    bring(visitor, b"PK\x03\x04 no workbook", name="book.xlsx")
    assert work(house.desk.app) > 0
    page.reload()
    says(page, "This file cannot be read")
    look(house, visitor, "file-refused", walked=True, mirrored=True)
    visitor.open("/sender/batches")
    expect(page.locator("tbody tr")).to_have_count(3)
    look(house, visitor, "files", walked=True, mirrored=True)
    end(visitor)


def test_keys_from_the_first_to_their_end(house: House) -> None:
    visitor, _person = house.sit(Role.SENDER)
    page = visitor.page
    visitor.open("/sender/keys")
    says(page, "No key yet")
    look(house, visitor, "keys-none", walked=True)
    page.get_by_label("Last day on which it works").fill("2020-01-01")
    page.get_by_label("Label").fill(TYPED[:100])
    press(page, "Issue first key")
    refused(visitor)
    look(house, visitor, "key-refused", walked=True)
    page.get_by_label("Last day on which it works").fill("")
    page.get_by_label("Label").fill(f"<b>{'w' * 80} نص عن الطقس")
    press(page, "Issue first key")
    expect(page.get_by_label("The key")).to_have_value(re.compile("^rr_"))
    look(house, visitor, "key-issued", walked=True)
    secret = page.input_value("#once")
    page.get_by_role("link", name="Back to the keys").click()
    assert secret not in page.content()
    look(house, visitor, "keys", walked=True, mirrored=True)
    page.get_by_role("link", name="Revoke").click()
    press(page, "Revoke the key")
    flashed(page, "The key is revoked")
    look(house, visitor, "keys-revoked")
    end(visitor)


def test_endpoints_and_what_became_of_their_messages(house: House) -> None:
    visitor, person = house.sit(Role.SENDER)
    page = visitor.page
    actor = managing(person.sender_id or "")
    visitor.open("/sender/endpoints")
    page.get_by_label("Address").fill("http://" + HOSTILE[:80].replace("\x07", ""))
    press(page, "Add the endpoint")
    refused(visitor)
    look(house, visitor, "endpoint-refused", walked=True)
    shown = make_endpoint(actor, LONG.replace("video", "hook"))
    visitor.open(f"/sender/endpoints/{shown.endpoint_id}")
    press(page, "Send a test message")
    says(page, "It is on its way")
    look(house, visitor, "message-new", walked=True)
    [test] = lease()
    record(test, Outcome(204, None, 9))
    page.reload()
    says(page, "It arrived")
    look(house, visitor, "message-arrived", walked=True)
    receive(actor, LONG)
    visitor.open(f"/sender/endpoints/{shown.endpoint_id}/off")
    press(page, "Switch off")
    flashed(page, "The endpoint is switched off")
    look(house, visitor, "endpoint-switched-off", walked=True, mirrored=True)
    page.locator("tbody a").first.click()
    says(page, "It can be sent again while its endpoint is on.")
    look(house, visitor, "message-switched-off")
    visitor.open(f"/sender/endpoints/{shown.endpoint_id}")
    press(page, "Switch on")
    flashed(page, "The endpoint is switched on")
    receive(actor, LONG)
    page.reload()
    look(house, visitor, "endpoint-log", walked=True, mirrored=True)
    for state in ("On its way", "Arrived", "Dead letter"):
        expect(page.locator("tbody")).to_contain_text(state)
    press(page, "Send all dead letters again")
    flashed(page, "on its way again")
    press(page, "Rotate the secret")
    says(page, "for 24 hours")
    look(house, visitor, "endpoint-rotated", walked=True)
    visitor.open("/sender/deliveries?state=dead")
    says(page, "No message is like that.")
    look(house, visitor, "messages-unlike", walked=True)
    end(visitor)


def _give_up() -> None:
    """What is on its way was tried for the last time."""
    for leased in lease():
        last = replace(leased, tries=MOST_TRIES - 1)
        record(last, Outcome(550, Failure.MAIL_REFUSED, 12, HOSTILE[:200]))


def test_notices_in_each_state(house: House) -> None:
    mail_through(house.desk, 9)
    visitor, person = house.sit(Role.SENDER)
    actor, page = managing(person.sender_id or ""), visitor.page
    told = notices.add_notice(f"{'duty' * 15}@{'unit' * 12}.example", OCCASIONS, actor=actor)
    notices.confirm_notice(told, actor=ANONYMOUS)
    notices.add_notice("gone@unit.example", OCCASIONS[:1], actor=actor)
    decide(house.desk, actor, LONG)
    _give_up()
    notices.add_notice("late@unit.example", OCCASIONS, actor=actor)
    visitor.open("/sender/notices")
    says(page, "Our mail did not arrive")
    expect(page.locator("tbody tr")).to_have_count(3)
    look(house, visitor, "notices", walked=True, mirrored=True)
    page.get_by_label("E-mail address").fill(TYPED[:200])
    press(page, "Add the address")
    refused(visitor)
    look(house, visitor, "notices-refused", walked=True)
    press(page, "Remove")
    flashed(page, "The address is removed")
    look(house, visitor, "notices-removed")
    mails = sa.select(Delivery.id).where(Delivery.topic == "item.decided")
    visitor.open(f"/sender/deliveries/{house.desk.session.scalars(mails).first()}")
    says(page, "It did not arrive")
    look(house, visitor, "mail-dead", walked=True)
    end(visitor)


def _parts(house: House, referral_id: str) -> list[tuple[str, str]]:
    """Its items and their cases."""
    wanted = sa.select(Item.id, Item.case_id).where(Item.referral_id == referral_id).order_by(Item.position)
    found = [(row.id, str(row.case_id)) for row in house.desk.session.execute(wanted)]
    house.desk.session.rollback()
    return found


def _settled(case_id: str, review: ReviewInput) -> None:
    hostile = replace(review, rationale=f"{CANARY} read all of it, word by word. {TYPED}", statement=TYPED)
    recorded = judge(case_id, make_account(), hostile)
    assert dispatch_review(recorded.review_id, actor=SERVICE, lot=NOT_DRAWN) is not None


def _ask(case_id: str) -> None:
    asker = make_account()
    claim = claim_case(case_id, actor=asker)
    ask_sender(case_id, TYPED, claim_generation=claim.claim_generation, version=claim.version, actor=asker)


def test_own_referrals_decided_withdrawn_refused_and_asked_about(house: House) -> None:
    actor = managing(make_sender("Harbour Watch"))
    with time_machine.travel(clock.now() - timedelta(days=8), tick=False):
        silent = receive(actor, "https://video.example/silent").referral_id
        _ask(_parts(house, silent)[0][1])
    assert end_questions(actor=SERVICE) == 1
    review = accept(make_clause("4.2", TYPED))
    mixed = receive(
        actor, f"{LONG}0", f"{LONG}1", f"{LONG}2", f"{LONG}3", f"{LONG}4", ELSEWHERE, reason=TYPED
    ).referral_id
    (first, accepted), (_second, declined), (third, _case), (_fourth, asked), _last = _parts(house, mixed)
    _settled(accepted, review)
    report_implemented(restriction_of(house.desk, first).id, clock.now(), actor=PLATFORM)
    _settled(declined, DECLINE)
    withdraw_item(third, actor=actor)
    _ask(asked)
    decided = receive(actor, "https://video.example/d/1", "https://video.example/d/2").referral_id
    for (_item, case_id), outcome in zip(_parts(house, decided), (review, DECLINE), strict=True):
        _settled(case_id, outcome)
    gone = receive(actor, "https://video.example/gone").referral_id
    withdraw_referral(gone, actor=actor)
    many = receive(actor, *(f"https://video.example/many/{number}" for number in range(51))).referral_id
    house.desk.session.rollback()
    visitor, _person = house.sit(Role.SENDER, sender_id=actor.sender_id)
    page = visitor.page
    for name, address, words in (
        ("mixed", mixed, "A question waits for you"),
        ("decided", decided, "Complaint possible until"),
        ("withdrawn", gone, "You withdrew 1 item"),
        ("unanswered", silent, "Nothing; the question ended"),
        ("many", f"{many}?page=2", "Items 51 to 51 of 51"),
    ):
        visitor.open(f"/sender/referrals/{address}")
        says(page, words)
        look(house, visitor, f"referral-{name}", walked=name in ("mixed", "decided", "many"), mirrored=True)
    visitor.open(f"/sender/referrals/{mixed}")
    for words in ("1 accepted", "1 declined", "1 withdrawn", "1 waits", "1 in review", "Not taken"):
        says(page, words)
    end(visitor)


def test_lists_that_are_empty_narrowed_and_long(house: House) -> None:
    actor = managing(make_sender(TYPED[:150]))
    visitor, _person = house.sit(Role.SENDER, sender_id=actor.sender_id)
    page = visitor.page
    for name, path, words in (
        ("home", "", "No referrals yet"),
        ("referrals", "/referrals", "No referrals yet"),
        ("refused", "/refused", "Nothing was refused."),
        ("endpoints", "/endpoints", "No endpoint yet"),
        ("messages", "/deliveries", "No message yet"),
        ("notices", "/notices", "This desk sends no mail"),
    ):
        visitor.open(f"/sender{path}")
        says(page, words)
        look(house, visitor, f"{name}-none", walked=name == "home", mirrored=True)
    for number in range(51):
        more, words = ([ELSEWHERE], TYPED[:180]) if number in (0, 50) else ([], "")
        receive(actor, LONG, *more, reference=f"{number} {words}")
    answer = house.desk.client().post(
        "/api/v1/referrals/batch",
        data=b'{"reference": "B-1"}\n',
        headers={
            "Authorization": f"Bearer {make_key(actor.sender_id or '')}",
            "Content-Type": "application/x-ndjson",
        },
    )
    assert answer.get_json()["refused"] == 1
    visitor.open("/sender/refused")
    says(page, "Deliveries with refused lines")
    look(house, visitor, "refused", walked=True, mirrored=True)
    visitor.open("/sender")
    says(page, "Latest changes")
    look(house, visitor, "home", walked=True, mirrored=True)
    page.get_by_label("Find a referral").fill("5")
    press(page, "Find")
    expect(page.locator("tbody tr")).to_have_count(2)
    look(house, visitor, "referrals-found", walked=True, mirrored=True)
    visitor.open("/sender/referrals?status=in_review&kind=referral&received_from=2026-01-02")
    expect(page.locator("tbody tr")).to_have_count(50)
    page.locator("a[rel=next]").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    look(house, visitor, "referrals-further", walked=True, mirrored=True)
    visitor.open("/sender/referrals?status=withdrawn&received_from=2026-02-01&received_to=2026-02-02")
    says(page, "No referral is like that.")
    look(house, visitor, "referrals-unlike", walked=True)
    end(visitor)
