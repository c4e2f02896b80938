"""The evidence of a decision that is judged for quality: step by step, for its judge alone, without names."""

import re
from collections.abc import Callable
from functools import partial
from io import BytesIO
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from flask.testing import FlaskClient
from PIL import Image

from review import db
from review.actions.comforts import choose_comfort
from review.actions.quality import judge_decision, leave_drawn_case
from review.actions.record_evidence import hide_from_judge, reveal_to_judge
from review.domain.media import Stage
from review.domain.permissions import Role
from review.domain.wellbeing import Comfort
from review.errors import NotPermitted
from review.models import Account, Item, Opening, Reveal
from tests.actions.races import at_once
from tests.actions.test_evidence import SMALL
from tests.actions.test_quality import NOW, decided
from tests.conftest import Desk
from tests.factories import make_account, make_sign_in
from tests.pieces import add_evidence, first_item
from tests.web.moderator.test_evidence import HELD_HEADERS
from tests.web.test_quality import drawn, signed_in, token


@pytest.fixture(autouse=True)
def at_ten() -> Any:
    with time_machine.travel(NOW, tick=False) as hand:
        yield hand


def judged_page(client: FlaskClient) -> str:
    """The address of the first entry of a new sample."""
    page = client.get(drawn(client).location).text
    return str(re.findall(r'href="(/quality/samples/Y-[^"/]+/D-[^"]+)"', page)[0])


def steps(page: str) -> list[str]:
    """The addresses of the steps that the page offers, as a browser sends them."""
    found = re.findall(r'formaction="(/quality/[^"#]*/(?:reveal|hide)[^"#]*)', page)
    return [one.replace("&amp;", "&") for one in found]


def media(page: str) -> list[str]:
    return re.findall(r'src="(/evidence/[^"]+)"', page)


def press(client: FlaskClient, page: str, address: str, **typed: str) -> str:
    """Press a step; the page that it leads to."""
    answer = client.post(address, data={"csrf_token": token(page)} | typed, follow_redirects=True)
    assert answer.status_code == 200, answer.text
    return answer.text


def told(desk: Desk, case_id: str) -> list[str]:
    found = desk.session.scalars(sa.select(Opening.event_type).where(Opening.object_id == case_id))
    return sorted(one for one in found if one.startswith("record.") and one != "record.opened")


def test_a_picture_is_shown_step_by_step_and_each_step_is_on_the_trail(desk: Desk) -> None:
    author = make_account()
    (case_id,) = decided(1, author)
    add_evidence(case_id)
    client = signed_in(desk)
    address = judged_page(client)
    page = client.get(address).text
    assert media(page) == []
    sizes = []
    for stage in ("small", "grey", "colour"):
        (offered,) = steps(page)[:1]
        assert f"stage={stage}" in offered
        page = press(client, page, offered)
        (medium,) = media(page)
        answer = client.get(medium)
        assert {name: answer.headers[name] for name in HELD_HEADERS} == HELD_HEADERS
        image = Image.open(BytesIO(answer.data), formats=["JPEG"])
        sizes.append((image.size, image.mode))
        name = desk.session.scalar(sa.select(Account.pseudonym).where(Account.id == author.account_id))
        sender = desk.session.scalar(sa.text("SELECT name FROM senders"))
        assert str(name) not in page
        assert sender not in page
    assert sizes == [((160, 120), "L"), ((320, 240), "L"), ((320, 240), "RGB")]
    assert [one for one in steps(page) if "/reveal" in one] == []
    assert told(desk, case_id) == ["record.evidence_revealed"] * 3
    (hide,) = steps(page)
    page = press(client, page, hide)
    assert media(page) == []
    assert client.get(medium).status_code == 404
    assert told(desk, case_id) == ["record.evidence_hidden"] + ["record.evidence_revealed"] * 3


def test_the_judge_reads_what_the_items_were_described_as(desk: Desk) -> None:
    (case_id,) = decided(1)
    text = "A flag <i>at</i> 0:40."
    with db.transaction() as writer:
        writer.execute(sa.update(Item).where(Item.case_id == case_id).values(description=text))
    client = signed_in(desk)
    assert "A flag &lt;i&gt;at&lt;/i&gt; 0:40." in client.get(judged_page(client)).text


def test_the_steps_are_those_that_the_judge_chose(desk: Desk) -> None:
    (case_id,) = decided(1)
    add_evidence(case_id)
    client = desk.client()
    lead = make_sign_in(client, Role.LEAD)
    choose_comfort(
        Comfort(blur=False, grey=True, size="full"), break_minutes=None, budget_high=None, actor=lead
    )
    (offered,) = steps(client.get(judged_page(client)).text)
    assert "stage=grey" in offered


def test_what_is_typed_comes_along_with_each_step(desk: Desk) -> None:
    (case_id,) = decided(1)
    add_evidence(case_id)
    client = signed_in(desk)
    page = client.get(judged_page(client)).text
    assert re.search(r'<button type="submit" form="judge" name="then"[^>]*hidden></button>', page)
    assert page.index('form="judge" name="then"') < page.index("/reveal?"), "Enter shows nothing"
    page = press(client, page, steps(page)[0], finding="technical", remark="Half a <sentence>")
    assert len(media(page)) == 1
    assert "Half a &lt;sentence&gt;</textarea>" in page
    assert re.search(r'value="technical" checked', page)
    page = press(client, page, steps(page)[-1], finding="technical", remark="Half a <sentence>")
    assert media(page) == []
    assert "Half a &lt;sentence&gt;</textarea>" in page


def test_it_is_for_this_judge_alone_and_ends_with_the_judgement(desk: Desk) -> None:
    client = desk.client()
    lead = make_sign_in(client, Role.LEAD)
    case_id, own = decided(2, make_account(), lead)
    evidence_id, own_evidence = add_evidence(case_id), add_evidence(own)
    address = judged_page(client)
    page = client.get(address).text
    page = press(client, page, steps(page)[0])
    (medium,) = media(page)
    for role, status in ((Role.LEAD, 404), (Role.LEGAL, 403), (Role.MODERATOR, 403)):
        assert signed_in(desk, role).get(medium).status_code == status
    other = signed_in(desk)
    assert media(other.get(address).text) == []
    mine = desk.session.scalar(sa.text(f"SELECT id FROM decisions WHERE case_id = '{own}'"))
    sample = address.rpartition("/")[0]
    form = {"csrf_token": token(page)}
    refused = client.post(f"{sample}/{mine}/reveal?evidence={own_evidence}&stage=small", data=form)
    assert refused.status_code == 403
    elsewhere = client.post(f"{address}/reveal?evidence={own_evidence}&stage=small", data=form)
    assert elsewhere.status_code == 404
    assert client.get(medium).status_code == 200
    client.post(address, data=form | {"finding": "correct"})
    assert client.get(medium).status_code == 404
    late = client.post(
        f"{address}/reveal?evidence={evidence_id}&stage=small", data=form | {"remark": "Typed late"}
    )
    assert late.status_code == 409
    assert "Typed late" in late.text
    assert len(desk.session.scalars(sa.select(Reveal.id)).all()) == 1


def test_who_may_not_judge_is_shown_nothing(desk: Desk) -> None:
    (case_id,) = decided(1)
    evidence_id = add_evidence(case_id)
    sample_id, decision_id = judged_page(signed_in(desk)).split("/")[-2:]
    for role in (Role.MODERATOR, Role.LEGAL, Role.ADMIN):
        person = make_account(role)
        with pytest.raises(NotPermitted):
            reveal_to_judge(sample_id, decision_id, evidence_id, stage=Stage.SMALL, size=SMALL, actor=person)
        with pytest.raises(NotPermitted):
            hide_from_judge(sample_id, decision_id, None, actor=person)
        with pytest.raises(NotPermitted):
            leave_drawn_case(sample_id, decision_id, first_item(case_id), actor=person)
    assert told(desk, case_id) == []


def test_leaving_says_what_it_means_is_on_the_trail_and_gives_the_link_once(desk: Desk) -> None:
    (case_id,) = decided(1)
    client = signed_in(desk)
    address = judged_page(client)
    leave = f"{address}/leave/{first_item(case_id)}"
    assert f'href="{leave}"' in client.get(address).text
    page = client.get(leave).text
    assert "You will be seen there" in page
    assert "hxxps://video[.]example/0" in page
    assert "https://video.example" not in page
    answer = client.post(leave, data={"csrf_token": token(page)})
    assert (answer.status_code, answer.location) == (303, leave)
    link = re.search(r'<a [^>]*href="https://video.example/0"[^>]*>', client.get(leave).text)
    assert link is not None
    assert 'rel="noreferrer noopener"' in link[0]
    assert "https://video.example" not in client.get(leave).text, "once"
    assert told(desk, case_id) == ["record.location_opened"]
    reader = signed_in(desk, Role.LEGAL).get(f"/records/{case_id}").text
    assert "Left for the live address from the record" in reader.partition("Who opened this record")[2]
    missing = client.get(f"{address}/leave/I-0000-0000-0000")
    assert missing.status_code == 404
    lead = make_account(Role.LEAD)
    sample_id, decision_id = address.split("/")[-2:]
    judge_decision(sample_id, decision_id, "correct", "", actor=lead)
    for late in (client.get(leave), client.post(leave, data={"csrf_token": token(page)})):
        assert late.status_code == 409
        assert "video" not in late.text


def test_a_step_and_the_judgement_at_once_leave_nothing_shown(desk: Desk) -> None:
    """Whichever is first: the other is refused, or ends what was shown."""
    (case_id,) = decided(1)
    evidence_id, lead = add_evidence(case_id), make_account(Role.LEAD)
    sample_id, decision_id = judged_page(signed_in(desk)).split("/")[-2:]
    step = partial(reveal_to_judge, sample_id, decision_id, evidence_id, stage=Stage.SMALL, size=SMALL)
    judge = partial(judge_decision, sample_id, decision_id, "correct", "")
    acts: list[Callable[[], object]] = [partial(step, actor=lead), partial(judge, actor=lead)]
    _step, judged = at_once(desk.app, acts)
    assert judged is None
    desk.session.rollback()
    assert desk.session.scalars(sa.select(Reveal.id).where(Reveal.hidden_at.is_(None))).all() == []
