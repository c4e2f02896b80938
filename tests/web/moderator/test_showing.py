"""Evidence is shown by the step that asks for it, never by a link: opening a case shows placeholders."""

import itertools
import json
import re
from io import BytesIO
from typing import Any

import pytest
import sqlalchemy as sa
from PIL import Image

from review import db
from review.actions.comforts import choose_comfort
from review.domain.wellbeing import SIZES, Comfort
from review.models import Item, Opening, Reveal
from tests.conftest import Desk
from tests.factories import make_case
from tests.hostile_files import picture
from tests.pieces import add_evidence, first_item
from tests.web.moderator.test_evidence import along, media, step, steps
from tests.web.moderator.test_pages import Moderator, _declined, field

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def _stages(page: str) -> list[str]:
    return [one.rpartition("stage=")[2] for one in steps(page) if "/reveal" in one]


def _numbers(page: str) -> dict[str, Any]:
    return {name: field(page, name) for name in ("version", "claim_generation", "shown")}


def test_a_case_opened_by_its_link_shows_placeholders_whatever_was_revealed(desk: Desk) -> None:
    case_id = make_case()
    evidence_id = add_evidence(case_id)
    add_evidence(case_id, b"CANARY-TEXT", name="a.txt", media_type="text/plain")
    person = Moderator(desk)
    seen = person.claim(case_id)
    person.post(f"/cases/{case_id}/look", **seen)
    for address in [one for one in steps(person.get(f"/cases/{case_id}")) if "/reveal" in one]:
        step(person, address)
    for _opening in range(2):
        page = person.get(f"/cases/{case_id}")
        assert media(page) == []
        assert "CANARY-TEXT" not in page
        assert sorted(_stages(page)) == ["small", "text"]
        assert 'name="shown"' not in page
        person.get("/queue")
    answer = person.post(f"/cases/{case_id}/reveal?evidence={evidence_id}&stage=small")
    shown = answer.headers["Location"].partition("#")[0]
    assert len(set(media(person.get(shown)))) == 1
    assert media(person.get(shown)) == [], "its address works once"
    assert media(person.get(f"/cases/{case_id}?shown=W-0000-0000-0000")) == []


def test_the_next_step_goes_on_from_the_last_one_and_each_is_one_event(desk: Desk) -> None:
    case_id = make_case()
    add_evidence(case_id)
    person = Moderator(desk)
    person.claim(case_id)
    page = person.get(f"/cases/{case_id}")
    for stage in ("small", "grey", "colour"):
        (address,) = [one for one in steps(page) if "/reveal" in one]
        assert address.endswith(stage)
        page = step(person, address, **along(page))
        assert len(set(media(page))) == 1
    revealed = sa.select(Opening.eid).where(Opening.event_type == "evidence.revealed")
    assert len(desk.session.scalars(revealed).all()) == 3


@pytest.mark.parametrize("way", ["draft", "find", "renew", "note", "look", "refused"])
def test_what_is_shown_stays_through_the_other_buttons_of_its_page(desk: Desk, way: str) -> None:
    case_id = make_case()
    evidence_id = add_evidence(case_id)
    person = Moderator(desk)
    person.claim(case_id)
    page = step(person, f"/cases/{case_id}/reveal?evidence={evidence_id}&stage=grey")
    given = _declined(**_numbers(page))
    answer = {
        "draft": lambda: person.post(f"/cases/{case_id}/draft", **given),
        "find": lambda: person.post(f"/cases/{case_id}/draft", **given, find="1", q="praise"),
        "renew": lambda: person.post(f"/cases/{case_id}/renew", **given),
        "note": lambda: person.post(f"/cases/{case_id}/note", **given, note="So far"),
        "look": lambda: person.post(f"/cases/{case_id}/look", **given),
        "refused": lambda: person.post(f"/cases/{case_id}/review", **(given | {"rationale": ""})),
    }[way]()
    if way == "refused":
        assert answer.status_code == 422
        after = answer.text
    else:
        assert answer.status_code == 303
        after = person.get(answer.headers["Location"].partition("#")[0])
    assert set(media(after)) == set(media(page))
    assert _stages(after) == ["colour"]
    assert len(desk.session.scalars(sa.select(Reveal.id)).all()) == 1
    assert media(person.get(f"/cases/{case_id}")) == []


def test_what_was_revealed_before_the_case_was_opened_again_does_not_come_back_with_another(
    desk: Desk,
) -> None:
    case_id = make_case()
    first, second = (add_evidence(case_id, picture(size=(64, height))) for height in (48, 49))
    person = Moderator(desk)
    person.claim(case_id)
    (before,) = set(media(step(person, f"/cases/{case_id}/reveal?evidence={first}&stage=colour")))
    person.get(f"/cases/{case_id}")
    page = step(person, f"/cases/{case_id}/reveal?evidence={second}&stage=small")
    (now,) = set(media(page))
    assert now != before
    assert sorted(_stages(page)) == ["grey", "small"], "the first begins anew"


def test_a_second_tab_begins_with_placeholders_and_the_first_goes_on(desk: Desk) -> None:
    case_id = make_case()
    first, second = (add_evidence(case_id, picture(size=(64, height))) for height in (48, 49))
    person = Moderator(desk)
    person.claim(case_id)
    tab = step(person, f"/cases/{case_id}/reveal?evidence={first}&stage=small")
    assert media(person.get(f"/cases/{case_id}")) == []
    tab = step(person, f"/cases/{case_id}/reveal?evidence={second}&stage=small", **along(tab))
    assert len(set(media(tab))) == 2


def test_an_unfolded_text_is_folded_again_when_the_case_is_opened(desk: Desk) -> None:
    case_id = make_case()
    with db.transaction() as writer:
        writer.execute(sa.update(Item).values(description="word " * 60 + "CANARY-END"))
    person = Moderator(desk)
    person.claim(case_id)
    offered = f"/cases/{case_id}/reveal?text={first_item(case_id)}&stage=text"
    assert _stages(step(person, offered)) == []
    assert _stages(person.get(f"/cases/{case_id}")) == ["text"]


def test_after_undo_everything_is_hidden(desk: Desk) -> None:
    case_id = make_case()
    evidence_id = add_evidence(case_id)
    person = Moderator(desk)
    person.claim(case_id)
    page = step(person, f"/cases/{case_id}/reveal?evidence={evidence_id}&stage=grey")
    assert (
        person.post(f"/cases/{case_id}/review", **_declined(**_numbers(page), then="stay")).status_code == 303
    )
    answer = person.post(f"/cases/{case_id}/undo")
    page = person.get(answer.headers["Location"])
    assert re.search(r'name="claim_generation"[^>]*value="2"', page)
    assert media(page) == []
    assert _stages(page) == ["small"]


@pytest.mark.parametrize(("size", "blur", "grey"), [*itertools.product(SIZES, (True, False), (True, False))])
def test_size_blur_and_grey_of_the_first_look_are_each_as_chosen(
    desk: Desk, size: str, blur: bool, grey: bool
) -> None:
    case_id = make_case()
    edge = Image.new("RGB", (320, 240), "white")
    edge.paste((200, 40, 40), (160, 0, 320, 240))
    taken = BytesIO()
    edge.save(taken, "PNG")
    add_evidence(case_id, taken.getvalue())
    person = Moderator(desk)
    comfort = Comfort(blur=blur, grey=grey, size=size)
    choose_comfort(comfort, break_minutes=None, budget_high=None, actor=person.actor)
    person.claim(case_id)
    page, seen, buttons = person.get(f"/cases/{case_id}"), [], []
    while offered := [one for one in steps(page) if "/reveal" in one]:
        buttons += re.findall(r">(Show [^<]*?)\s*<", page)
        page = step(person, offered[0], **along(page))
        (address,) = set(media(page))
        image = Image.open(BytesIO(person.client.get(address).data))
        middle = image.width // 2
        row = [image.convert("L").getpixel((x, 60)) for x in range(middle - 7, middle + 7)]
        seen.append((image.width, image.mode == "L", len({*row}) > 10))
    assert len({*buttons}) == len(seen), "no button says twice the same"
    assert ("Show in colour" in buttons) is (grey or len(seen) == 1)
    assert seen[0] == (160 if size == "small" else 320, grey, blur)
    assert seen[-1] == (320, False, False)
    assert len(seen) == len({*seen}) == 1 + grey + (blur or size == "small")
    told = sa.select(Opening.envelope).where(Opening.event_type == "evidence.revealed")
    metas = [json.loads(one)["meta"] for one in desk.session.scalars(told)]
    assert sorted(meta["width"] for meta in metas) == sorted(width for width, *_rest in seen)
    assert len({meta["stage"] for meta in metas}) == len(seen)
    assert "comfort" not in json.dumps(metas)
