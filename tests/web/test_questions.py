"""A moderator asks through the review form, the sender answers on its page, the next holder reads it."""

import re
from html import unescape
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from review.domain.permissions import Role
from review.models import Case, Draft, Item, Question, Referral
from tests.conftest import Desk
from tests.factories import join_case, make_case, make_key, make_sender, make_sign_in

QUESTION = "CANARY-QUESTION: at which minute?"
ANSWER = "CANARY-ANSWER: at minute 3."


def field(page: str, name: str) -> str:
    found = re.search(rf'name="{name}"[^>]*value="([^"]*)"', page)
    assert found is not None, name
    return found[1]


def words_of(page: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", page.partition("<main")[2])))


def claim(client: FlaskClient, case_id: str) -> str:
    token = field(client.get("/queue").text, "csrf_token")
    client.post(f"/cases/{case_id}/claim", data={"csrf_token": token})
    return client.get(f"/cases/{case_id}").text


def ask(client: FlaskClient, case_id: str, **changes: Any) -> Any:
    page = claim(client, case_id)
    fields = {name: field(page, name) for name in ("csrf_token", "version", "claim_generation")}
    fields |= {"outcome": "ask", "question": QUESTION} | changes
    return client.post(f"/cases/{case_id}/review", data=fields)


class Scene:
    """A moderator, two senders of one case, and somebody of the first of them."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.moderator, self.officer = desk.client(), desk.client()
        make_sign_in(self.moderator, Role.MODERATOR)
        self.sender_id = make_sender("Harbour Watch")
        make_sign_in(self.officer, Role.SENDER, sender_id=self.sender_id)
        self.case_id = make_case(sender_id=self.sender_id)
        self.other_id = join_case(self.case_id, sender_id=make_sender("Northland Online Authority"))
        own = sa.select(Referral.id).where(Referral.sender_id == self.sender_id)
        self.referral_id = desk.session.scalars(own).one()
        self.address = f"/sender/referrals/{self.referral_id}"

    def reply(self, answer: str, **changes: str) -> Any:
        page = self.officer.get(self.address).text
        form = page.partition('id="question-')[2].partition("</form>")[0] or page
        fields = {"csrf_token": field(form, "csrf_token"), "answer": answer}
        if "asked_at" in form:
            fields |= {name: field(form, name) for name in ("item", "asked_at")}
        return self.officer.post(f"{self.address}/answer", data=fields | changes)


@pytest.fixture
def scene(desk: Desk) -> Scene:
    """The stage of most of these."""
    return Scene(desk)


def test_the_whole_way_of_a_question_and_its_answer(scene: Scene, desk: Desk) -> None:
    before = scene.officer.get(scene.address).text
    assert "waits for you" not in before
    asked = ask(scene.moderator, scene.case_id)
    assert asked.status_code == 303
    told = scene.moderator.get("/queue").text
    assert "was asked; it comes back with the answer" in told
    assert "This cannot be undone; it stands under My work." in told
    apart = scene.moderator.get(f"/cases/{scene.case_id}").text
    assert "The sender was asked; it comes back with the answer, or by itself after 7 days" in apart
    assert QUESTION in apart, "who asked sees what was asked"
    work = scene.moderator.get("/my-work").text
    assert "Waits for the answer" in words_of(work)
    assert "CANARY" not in work
    home = words_of(scene.officer.get("/sender").text)
    assert "1 Waiting for your answer" in home
    listed = scene.officer.get("/sender/referrals?status=waiting_sender").text
    assert scene.referral_id in listed
    assert scene.referral_id not in scene.officer.get("/sender/referrals?status=in_review").text
    page = words_of(scene.officer.get(scene.address).text)
    for words in ("A question waits for you", "Our question", QUESTION, "We asked you about 1 item"):
        assert words in page
    given = scene.reply(ANSWER)
    assert (given.status_code, given.location.partition("?")[0]) == (303, scene.address)
    told = scene.officer.get(given.location).text
    assert "Your answer is stored" in told
    page = words_of(told)
    for words in ("We asked", "You answered our question", ANSWER):
        assert words in page
    assert "A question waits for you" not in page
    assert "0 Waiting for your answer" in words_of(scene.officer.get("/sender").text)
    assert "Answered" in words_of(scene.moderator.get("/my-work").text)
    other = desk.client()
    make_sign_in(other, Role.MODERATOR)
    held = words_of(claim(other, scene.case_id))
    for words in ("Answer of the sender", ANSWER, "Item 1 of 2", "What was asked", QUESTION):
        assert words in held


def test_legal_reads_question_and_answer_word_for_word(scene: Scene, desk: Desk) -> None:
    legal = desk.client()
    make_sign_in(legal, Role.LEGAL)
    ask(scene.moderator, scene.case_id)
    waiting = words_of(legal.get(f"/records/{scene.case_id}").text)
    assert "No answer yet." in waiting
    scene.reply(ANSWER)
    record = words_of(legal.get(f"/records/{scene.case_id}").text)
    messages = record.partition("Messages with the senders, verbatim")[2].partition("Who opened")[0]
    for words in ("Harbour Watch", QUESTION, "Answer of the sender", ANSWER, "Reviewer"):
        assert words in messages
    for words in ("Sender asked", "Question sent to the sender", "Answer of the sender received"):
        assert words in record.partition("Timeline")[2]
    assert "The question Q-" not in record, "its row is what the trail tells"


def test_the_second_referral_can_be_asked_about_without_naming_its_sender(scene: Scene, desk: Desk) -> None:
    page = claim(scene.moderator, scene.case_id)
    assert "Northland" not in page
    choice = page.partition('name="question_item"')[2].partition("</select>")[0]
    options = re.findall(r'<option[^>]*value="(I-[^"]+)"[^>]*>([^<]+)<', choice)
    assert [words for _item, words in options] == [
        "Item 1 of 2 · Referral 1 of 2",
        "Item 2 of 2 · Referral 2 of 2",
    ]
    assert ask(scene.moderator, scene.case_id, question_item=options[1][0]).status_code == 303
    assert desk.session.scalar(sa.select(Question.item_id)) == scene.other_id
    assert "waits for you" not in scene.officer.get(scene.address).text


def test_any_item_can_be_asked_about_by_its_place_and_its_sender_sees_which(desk: Desk) -> None:
    moderator, officer = desk.client(), desk.client()
    make_sign_in(moderator, Role.MODERATOR)
    sender_id = make_sender()
    make_sign_in(officer, Role.SENDER, sender_id=sender_id)
    case_id = make_case(url="https://video.example/watch?v=1", sender_id=sender_id)
    for number in range(2):
        url = f"https://video.example/watch?v=1&utm_source={number}"
        join_case(case_id, url=url, sender_id=sender_id, reason=f"Again, {number}.")
    page = claim(moderator, case_id)
    items = re.findall(r'class="item-head" id="(I-[^"]+)"[^>]*>([^<]+)<', page)
    choice = page.partition('name="question_item"')[2].partition("</select>")[0]
    options = re.findall(r'<option([^>]*)value="(I-[^"]+)"[^>]*>([^<]+)<', choice)
    assert [words.partition(" · ")[0] for *_rest, words in options] == [words for _item, words in items]
    assert [item for _chosen, item, _words in options] == [item for item, _words in items]
    assert not any("selected" in chosen for chosen, *_rest in options[1:]), "the first unless one is chosen"
    second = items[1][0]
    assert ask(moderator, case_id, question_item=second).status_code == 303
    asked = desk.session.scalars(sa.select(Item.referral_id).where(Item.id == second)).one()
    page = officer.get(f"/sender/referrals/{asked}").text
    assert f"Answer for item {second}" in page
    assert QUESTION in page.partition(f'id="question-{second}"')[2].partition("</section>")[0]
    others = desk.session.scalars(sa.select(Referral.id).where(Referral.id != asked)).all()
    assert all(QUESTION not in officer.get(f"/sender/referrals/{one}").text for one in others)


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        (" ", "Write what the sender should tell us."),
        ("w" * 5_001, "Write at most 5000 characters"),
        ("Does Northland Online Authority agree?", "take out “Northland Online Authority”"),
        ("It is C-7K3M-9QXD-2FWT here.", "take out our id"),
    ],
)
def test_a_question_that_may_not_go_out_is_refused_at_its_field(
    scene: Scene, desk: Desk, question: str, sentence: str
) -> None:
    answer = ask(scene.moderator, scene.case_id, question=question, statement="kept text")
    assert answer.status_code == 422
    assert sentence in unescape(answer.text)
    assert "kept text" in answer.text
    assert desk.session.scalar(sa.select(Case.state)) == "open"


def test_what_was_typed_beside_the_question_stays_as_draft(scene: Scene, desk: Desk) -> None:
    ask(scene.moderator, scene.case_id, rationale="So far it looks like satire.", then="stay")
    (draft,) = desk.session.scalars(sa.select(Draft)).all()
    assert draft.fields["rationale"] == "So far it looks like satire."
    assert not {"outcome", "question", "question_item"} & draft.fields.keys()
    scene.reply(ANSWER)
    page = claim(scene.moderator, scene.case_id)
    assert "So far it looks like satire." in page
    ask(scene.moderator, scene.case_id, rationale="")
    assert desk.session.scalars(sa.select(Draft)).all() == []


@pytest.mark.parametrize(("answer", "status"), [("", 422), ("words\x07", 422), ("w" * 10_001, 422)])
def test_a_refused_answer_keeps_its_text(scene: Scene, desk: Desk, answer: str, status: int) -> None:
    ask(scene.moderator, scene.case_id)
    refused = scene.reply(answer)
    assert refused.status_code == status
    assert "Please correct this" in refused.text
    assert answer[:5].replace("\x07", "") in refused.text
    assert desk.session.scalar(sa.select(Case.state)) == "waiting_sender"


def test_an_answer_that_comes_too_late_is_told_and_can_be_copied(scene: Scene) -> None:
    ask(scene.moderator, scene.case_id)
    form = scene.officer.get(scene.address).text
    asked_at, item = field(form, "asked_at"), field(form, "item")
    assert scene.reply(ANSWER).status_code == 303
    assert scene.reply(ANSWER, asked_at=asked_at, item=item).status_code == 303, "a double click"
    late = scene.reply("Another one.", asked_at=asked_at, item=item)
    assert late.status_code == 409
    assert "We do not ask anything about this now" in late.text
    assert "Another one." in late.text.partition("Not stored; copy")[2]


def test_nobody_else_answers(scene: Scene, desk: Desk) -> None:
    ask(scene.moderator, scene.case_id)
    stranger = desk.client()
    make_sign_in(stranger, Role.SENDER)
    token = (
        field(stranger.get("/sender").text, "csrf_token")
        if "csrf_token" in stranger.get("/sender").text
        else ""
    )
    token = token or field(stranger.get("/display").text, "csrf_token")
    form = {"csrf_token": token, "answer": ANSWER}
    assert stranger.post(f"{scene.address}/answer", data=form).status_code == 404
    assert scene.moderator.post(f"{scene.address}/answer", data=form).status_code in (400, 403)
    assert desk.session.scalar(sa.select(Case.state)) == "waiting_sender"


class Api:
    """The programs of both senders of one case."""

    def __init__(self, desk: Desk) -> None:
        self.scene, self.client = Scene(desk), desk.client()
        other = sa.select(Referral.id, Referral.sender_id).join(Item).where(Item.id == self.scene.other_id)
        self.other_referral, other_sender = desk.session.execute(other).one()
        self.key, self.other_key = make_key(self.scene.sender_id), make_key(other_sender)
        self.own = f"/api/v1/referrals/{self.scene.referral_id}"
        self.others = f"/api/v1/referrals/{self.other_referral}"

    def get(self, address: str, key: str) -> Any:
        return self.client.get(address, headers={"Authorization": f"Bearer {key}"})

    def answer(self, body: Any, address: str = "", key: str = "") -> Any:
        headers = {"Authorization": f"Bearer {key or self.key}"}
        return self.client.post(f"{address or self.own}/answer", json=body, headers=headers)


def test_by_api_the_question_is_read_and_answered(desk: Desk) -> None:
    api = Api(desk)
    first = api.get(api.own, api.key)
    other = api.get(api.others, api.other_key)
    ask(api.scene.moderator, api.scene.case_id)
    asked = api.get(api.own, api.key)
    assert asked.headers["ETag"] != first.headers["ETag"]
    item = asked.json["items"][0]
    assert (asked.json["status"], item["status"], item["question"]["text"]) == (
        "waiting_sender", "waiting_sender", QUESTION,
    )  # fmt: skip
    since = api.get(f"/api/v1/referrals?updated_since={asked.json['updated_at']}", api.key).json
    assert [one["id"] for one in since["referrals"]] == [api.scene.referral_id]
    waiting = api.get("/api/v1/referrals?status=waiting_sender", api.key).json["referrals"]
    assert [one["id"] for one in waiting] == [api.scene.referral_id]
    assert api.get("/api/v1/referrals?status=in_review", api.key).json["referrals"] == []
    body = {"answer": ANSWER, "item": item["id"], "asked_at": item["question"]["asked_at"]}
    given = api.answer(body)
    assert (given.status_code, given.json["status"]) == (200, "in_review")
    assert given.json["items"][0]["question"] is None
    again = api.answer(body)
    assert (again.status_code, again.data) == (200, given.data)
    refused = api.answer({"answer": "Another."})
    assert (refused.status_code, refused.json["type"]) == (409, "/errors/already_closed")
    after = api.get(api.others, api.other_key)
    assert (after.data, after.headers["ETag"]) == (other.data, other.headers["ETag"])


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({}, "/answer", "missing"),
        ({"answer": None}, "/answer", "missing"),
        ({"answer": " "}, "/answer", "missing"),
        ({"answer": 3}, "/answer", "wrong_type"),
        ({"answer": "w" * 10_001}, "/answer", "too_long"),
        ({"answer": "a\x07"}, "/answer", "control_character"),
        ({"answer": "a", "item": 1}, "/item", "wrong_type"),
        ({"answer": "a", "item": "I" * 41}, "/item", "too_long"),
        ({"answer": "a", "asked_at": []}, "/asked_at", "wrong_type"),
        ({"answer": "a", "more": 1}, "/more", "unknown_member"),
    ],
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_body_that_breaks_a_rule_is_told_where(desk: Desk, body: Any, pointer: str, code: str) -> None:
    api = Api(desk)
    ask(api.scene.moderator, api.scene.case_id)
    refused = api.answer(body)
    assert (refused.status_code, refused.json["type"]) == (422, "/errors/invalid_input")
    assert [(error["pointer"], error["code"]) for error in refused.json["errors"]] == [(pointer, code)]


def test_by_api_nobody_else_answers_and_foreign_is_like_missing(desk: Desk) -> None:
    api = Api(desk)
    ask(api.scene.moderator, api.scene.case_id)
    foreign = api.answer({"answer": ANSWER}, key=api.other_key)
    missing = api.answer({"answer": ANSWER}, address="/api/v1/referrals/R-0000-0000-0000", key=api.other_key)
    assert (foreign.status_code, foreign.data) == (404, missing.data)
    for item in (api.scene.other_id, "I-0000-0000-0000", "nonsense"):
        assert api.answer({"answer": ANSWER, "item": item}).status_code == 409
    unknown = api.client.post(f"{api.own}/answer", json={"answer": ANSWER})
    assert unknown.status_code == 401
    assert desk.session.scalar(sa.select(Case.state)) == "waiting_sender"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_answer_typed_while_the_sign_in_ended_is_not_lost(scene: Scene, desk: Desk) -> None:
    ask(scene.moderator, scene.case_id)
    gone = desk.client()
    token = field(gone.get("/display").text, "csrf_token")
    refused = gone.post(f"{scene.address}/answer", data={"csrf_token": token, "answer": ANSWER})
    assert refused.status_code == 401
    assert ANSWER in refused.text
    assert "Sign in again and come back to the referral" in refused.text
    expired = scene.officer.post(f"{scene.address}/answer", data={"csrf_token": "old", "answer": ANSWER})
    assert (expired.status_code, ANSWER in expired.text) == (403, True)
    assert "Open the referral again" in expired.text
