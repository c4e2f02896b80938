"""The record of a case is complete: rounds, messages, wordings, evidence, readers, and cited entries."""

import hashlib
import re
from base64 import b64encode
from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine

from review import clock, db
from review.actions.clauses import import_clauses
from review.actions.senders import create_sender
from review.domain.clause_text import read_clauses
from review.domain.permissions import OPERATOR, Role
from review.domain.senders import FlaggerEvidence
from review.models import Case, EmailedReferral
from tests.conftest import Desk
from tests.emails import CALLED, arrive, confirm, message
from tests.factories import make_account, make_key, make_sender, make_sign_in, receive, sender_actor
from tests.guards import unguarded
from tests.trails import decide_all, refer, settle

URL = "https://video.example/watch/77"


def the_case(desk: Desk) -> str:
    return str(desk.session.scalar(sa.select(Case.id)))


def test_entries_have_fixed_numbers_in_both_orders(desk: Desk) -> None:
    client = desk.client()
    refer(client, make_key(make_sender()), URL)
    (case_id,) = decide_all()
    settle(desk.settings.data_dir)
    make_sign_in(client, Role.LEGAL)
    newest = client.get(f"/records/{case_id}").text
    oldest = client.get(f"/records/{case_id}?order=oldest").text
    for page, numbers in ((newest, ["3", "2", "1"]), (oldest, ["1", "2", "3"])):
        assert re.findall(r'id="entry-(\d+)"', page) == numbers
        for number in numbers:
            assert f'<a href="#entry-{number}">{case_id}, entry {number}</a>' in page
    assert "Case claimed" in newest.split('id="entry-1"')[1][:300]
    assert "Case claimed" in oldest.split('id="entry-1"')[1][:300]


def test_who_opened_the_record_is_listed_and_does_not_crowd_the_timeline(desk: Desk) -> None:
    client = desk.client()
    refer(client, make_key(make_sender()), URL)
    first = make_sign_in(client, Role.LEGAL)
    assert "Nobody before you." in client.get(f"/records/{the_case(desk)}").text
    make_sign_in(client, Role.LEGAL)
    page = client.get(f"/records/{the_case(desk)}").text
    assert "Nobody before you." not in page
    pseudonym = first.id.replace("person-", "Reviewer ")
    assert pseudonym in page.split("Who opened this record")[1].split("Timeline")[0]
    assert "Record opened" not in page


def test_each_sender_s_message_stands_verbatim_beside_its_items(desk: Desk) -> None:
    client = desk.client()
    keys = {name: make_key(make_sender(name)) for name in ("Unit North", "Unit South")}
    items = [refer(client, key, URL, reference=f"{name}/1")["items"][0]["id"] for name, key in keys.items()]
    (case_id,) = decide_all()
    make_sign_in(client, Role.LEGAL)
    page = client.get(f"/records/{case_id}").text
    messages = page.split("Messages with the senders, verbatim")[1].split("</section>")[0]
    for words in ("Unit North", "Unit South", "Unit North/1", "Unit South/1", *items):
        assert words in messages, words
    assert messages.count("&#34;decline_reason&#34;:&#34;no_breach&#34;") == 2


def test_what_an_item_was_described_as_stands_beside_it_a_long_text_folded(desk: Desk) -> None:
    long = "From 0:40 on a listed group is praised. " * 10
    for url, text in ((URL, "<b>A flag</b> is shown."), (f"{URL}8", long)):
        receive(sender_actor(make_sender()), items=[{"url": url, "description": text}])
    client = desk.client()
    make_sign_in(client, Role.LEGAL)
    short, folded = (
        client.get(f"/records/{case_id}").text.split('class="item stack"')[1].split("</li>")[0]
        for case_id in desk.session.scalars(sa.select(Case.id).order_by(Case.opened_at))
    )
    assert "&lt;b&gt;A flag&lt;/b&gt; is shown." in short
    assert "<details>" not in short
    begun, rest = folded.split("<summary>Show 240 more characters</summary>")
    assert (begun.count("From 0:40"), rest.count("From 0:40")) == (4, 6)


def test_rounds_without_a_review_say_why(desk: Desk) -> None:
    client = desk.client()
    refer(client, make_key(make_sender()), URL)
    make_sign_in(client, Role.LEGAL)
    page = client.get(f"/records/{the_case(desk)}").text
    rounds = page.split("Rounds</h2>")[1].split("</section>")[0]
    assert [rounds.count(name) for name in ("First review", "Second review", "Resolving review")] == [1, 1, 1]
    assert rounds.count("Not re") == 4


@pytest.mark.parametrize(
    ("later", "words"),
    [
        (None, "Worded so to this day."),
        (
            "# 4.2 Clause 4.2\n\nNo praise and no support of listed organisations.\n",
            "Difference to version 2",
        ),
    ],
)
def test_a_clause_stands_as_worded_then_with_the_difference_to_today(
    desk: Desk, later: str | None, words: str
) -> None:
    client = desk.client()
    refer(client, make_key(make_sender()), URL)
    (case_id,) = decide_all(outcome="accepted")
    with time_machine.travel(clock.now() + timedelta(days=2), tick=False):
        if later is not None:
            document = read_clauses(later, name="Terms")
            day = clock.now().date()
            import_clauses("Terms", document.clauses, valid_from=day, actor=OPERATOR)
        make_sign_in(client, Role.LEGAL)
        page = client.get(f"/records/{case_id}").text
    assert "No praise of listed organisations." in page
    assert words in page
    assert ("<ins>" in page) == (later is not None)


def test_evidence_is_named_with_its_digest_and_not_shown(desk: Desk) -> None:
    client = desk.client()
    picture = {"name": "frame.png", "media_type": "image/png", "content": b64encode(b"picture" * 9).decode()}
    receive(sender_actor(make_sender()), items=[{"url": URL, "evidence": [picture]}])
    digest = desk.session.scalar(sa.text("SELECT sha256 FROM evidence"))
    make_sign_in(client, Role.LEGAL)
    page = client.get(f"/records/{the_case(desk)}").text
    manifest = page.split("nothing of it is loaded before you ask")[1].split("</table>")[0]
    assert "frame.png" in manifest
    assert str(digest) in manifest
    assert "<img" not in page.split("<main")[1]


def test_a_print_names_case_and_time_zone_on_each_page(desk: Desk) -> None:
    client = desk.client()
    refer(client, make_key(make_sender()), URL)
    make_sign_in(client, Role.LEGAL)
    page = client.get(f"/records/{the_case(desk)}").text
    foot = page.split('class="print-foot"')[1].split("</p>")[0]
    assert the_case(desk) in foot
    assert "UTC" in foot


def test_a_referral_that_came_by_email_says_who_confirmed_it_and_how(desk: Desk) -> None:
    lead, content = make_account(Role.LEAD), message(URL)
    email_id = arrive(content)
    confirm(email_id, make_sender("Harbour Watch"), URL, actor=lead)
    settle(desk.settings.data_dir)
    client = desk.client()
    make_sign_in(client, Role.LEGAL)
    page = client.get(f"/records/{the_case(desk)}").text
    pseudonym = lead.id.replace("person-", "Reviewer ")
    for words in (
        f"Came as e-mail {email_id}", "Harbour Watch", "· email", "Police of Ghent", pseudonym,
        "mx.desk.example; spf=pass", "Telephone call to a registered number", CALLED.words,
        hashlib.sha256(content).hexdigest(), "E-mail arrived", "E-mail confirmed as a referral",
    ):  # fmt: skip
        assert words in page, words
    assert "not what the trail tells" not in page


def test_an_identity_check_forged_since_is_shown_as_recorded(desk: Desk) -> None:
    email_id = arrive()
    confirm(email_id, make_sender(), actor=make_account(Role.LEAD))
    with unguarded(), db.transaction() as writer:
        forged = {"identity_way": "forged", "identity_words": "FORGED", "subject": "another"}
        writer.execute(sa.update(EmailedReferral).values(forged))
    client = desk.client()
    make_sign_in(client, Role.LEGAL)
    page = client.get(f"/records/{the_case(desk)}").text
    assert "not what the trail tells" in page
    told = page.split(f"Came as e-mail {email_id}")[1].split("</section>")[0]
    assert CALLED.words in told
    assert "Telephone call to a registered number" in told
    assert "FORGED<" not in told


def _target(page: str) -> str:
    return re.sub(r"<[^>]+>", "", page.split("<dt>Target</dt>")[1].split("</div>", maxsplit=1)[0])


def test_the_record_says_how_urgent_each_referral_is_and_which_rule_set_the_target(desk: Desk) -> None:
    client = desk.client()
    unit = make_sender()
    award = FlaggerEvidence("Coordinator of X", clock.now().date(), None)
    flagger = create_sender("Flagger", kind="trusted_flagger", country=None, flagger=award, actor=OPERATOR)
    make_sign_in(client, Role.LEGAL)
    first = receive(sender_actor(unit), URL).referral_id
    address = f"/records/{the_case(desk)}"
    page = client.get(address).text
    assert f"No other rule applies: 3 days after this was received: {first}" in _target(page)
    second = receive(sender_actor(flagger), URL).referral_id
    assert f"Trusted flagger: 1 day after this was received: {second}" in _target(client.get(address).text)
    third = receive(sender_actor(unit), URL, urgency="threat_to_life").referral_id
    page = client.get(address).text
    assert f"Threat to life: 1 h after this was received: {third}" in _target(page)
    of_third = page.split(f'id="referral-{third}"')[1].split("</section>")[0]
    assert "Threat to life" in of_third
    assert "Not urgent" in page.split(f'id="referral-{first}"')[1].split("</section>")[0]
