"""Evidence on the page of a case: nothing before it is asked for, step by step, and for its holder alone."""

import re
from base64 import b64encode
from io import BytesIO
from typing import Any

import pytest
import sqlalchemy as sa
from PIL import Image

from review.actions.cases import release_claim
from review.domain.permissions import Role
from review.models import Draft, Evidence, EvidenceLook, Opening, Reveal
from review.models.evidence_files import evidence_path, preview_path
from tests.conftest import Desk
from tests.factories import join_case, make_case, make_key, make_sender, referral_body
from tests.hostile_files import HTML, REFUSED, pdf, picture
from tests.pieces import add_evidence
from tests.web.moderator.test_pages import Moderator, field

HELD_HEADERS = {
    "Content-Type": "image/jpeg",
    "Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}
LONG = "word " * 60


def steps(page: str) -> list[str]:
    """The addresses of the steps that the page offers."""
    return [
        one.replace("&amp;", "&")
        for one in re.findall(r'formaction="(/cases/[^"]*/(?:reveal|hide)[^"]*)"', page)
    ]


def media(page: str) -> list[str]:
    """The addresses of what the page shows."""
    return re.findall(r"/evidence/W-[0-9A-Z-]+", page)


def along(page: str) -> dict[str, str]:
    """What every button of the page brings along, so that what it shows stays shown."""
    return {"shown": field(page, "shown")} if 'name="shown"' in page else {}


def step(moderator: Moderator, address: str, **fields: Any) -> str:
    """Press a button; the page of the case that it leads to."""
    answer = moderator.post(address, **fields)
    assert answer.status_code == 303, answer.text
    return moderator.get(answer.headers["Location"].partition("#")[0])


def test_nothing_of_evidence_is_loaded_before_it_is_asked_for(desk: Desk) -> None:
    case_id = make_case()
    add_evidence(case_id)
    moderator = Moderator(desk)
    moderator.claim(case_id)
    for address in ("/queue", "/search?q=" + case_id, "/my-work", f"/cases/{case_id}"):
        page = moderator.get(address)
        assert "/evidence/" not in page
        assert 'class="medium"' not in page
    assert desk.session.scalars(sa.select(Reveal.id)).all() == []


def test_a_picture_is_shown_small_then_grey_then_in_colour(desk: Desk) -> None:
    case_id = make_case()
    evidence_id = add_evidence(case_id)
    moderator = Moderator(desk)
    moderator.claim(case_id)
    page = moderator.get(f"/cases/{case_id}")
    sizes = []
    for stage in ("small", "grey", "colour"):
        (offered,) = [one for one in steps(page) if "/reveal" in one]
        assert offered == f"/cases/{case_id}/reveal?evidence={evidence_id}&stage={stage}"
        page = step(moderator, offered)
        (address,) = set(media(page))
        answer = moderator.client.get(address)
        assert answer.status_code == 200
        assert {name: answer.headers[name] for name in HELD_HEADERS} == HELD_HEADERS
        reveal_id = address.rpartition("/")[2]
        assert answer.headers["Content-Disposition"] == f'attachment; filename="{reveal_id}.jpg"'
        image = Image.open(BytesIO(answer.data), formats=["JPEG"])
        sizes.append((image.size, image.mode))
        assert f'width="{image.width}" height="{image.height}"' in page
    assert sizes == [((160, 120), "L"), ((320, 240), "L"), ((320, 240), "RGB")]
    assert [one for one in steps(page) if "/reveal" in one] == []
    assert "PNG image" in page
    events = desk.session.scalars(sa.select(Opening.event_type).where(Opening.object_id == case_id)).all()
    assert sorted(events) == ["case.claimed", "case.first_look", *["evidence.revealed"] * 3]


def test_hide_drops_it_from_the_page_and_from_its_address(desk: Desk) -> None:
    case_id = make_case()
    evidence_id = add_evidence(case_id)
    moderator = Moderator(desk)
    moderator.claim(case_id)
    page = step(moderator, f"/cases/{case_id}/reveal?evidence={evidence_id}&stage=small")
    (address,) = set(media(page))
    (hide,) = [one for one in steps(page) if "/hide" in one]
    page = step(moderator, hide)
    assert media(page) == []
    assert moderator.client.get(address).status_code == 404


def test_its_address_works_for_nobody_else(desk: Desk) -> None:
    case_id = make_case()
    evidence_id = add_evidence(case_id)
    moderator = Moderator(desk)
    moderator.claim(case_id)
    (address,) = set(media(step(moderator, f"/cases/{case_id}/reveal?evidence={evidence_id}&stage=grey")))
    for role in (Role.MODERATOR, Role.LEAD):
        other = Moderator(desk, role)
        answer, missing = (other.client.get(one) for one in (address, "/evidence/W-0000-0000-0000"))
        assert (answer.status_code, len(answer.data)) == (404, len(missing.data))
    assert desk.client().get(address).status_code == 303, "nobody signed in: to the sign-in page"
    assert moderator.client.get(address).status_code == 200
    release_claim(case_id, claim_generation=1, actor=moderator.actor)
    assert moderator.client.get(address).status_code == 404
    moderator.claim(case_id)
    assert moderator.client.get(address).status_code == 404, "a new claim begins with everything hidden"
    assert media(moderator.get(f"/cases/{case_id}")) == []


def test_what_was_typed_comes_along_and_is_kept(desk: Desk) -> None:
    case_id = make_case()
    evidence_id = add_evidence(case_id)
    moderator = Moderator(desk)
    fields = moderator.claim(case_id)
    page = step(
        moderator, f"/cases/{case_id}/reveal?evidence={evidence_id}&stage=small", rationale="half a", **fields
    )
    assert "half a</textarea>" in page
    assert desk.session.scalars(sa.select(Draft.fields)).one()["rationale"] == "half a"


def test_a_form_that_nobody_touched_is_no_draft(desk: Desk) -> None:
    case_id = make_case()
    evidence_id = add_evidence(case_id)
    moderator = Moderator(desk)
    fields = moderator.claim(case_id) | {
        "visibility": "none", "account": "none", "context": "none", "territory": "world", "rationale": "",
        "statement": "", "law": "", "decline_reason": "",
    }  # fmt: skip
    address = f"/cases/{case_id}/reveal?evidence={evidence_id}&stage=small"
    step(moderator, address, **fields)
    assert desk.session.scalars(sa.select(Draft.case_id)).all() == []
    for _twice in range(2):
        step(moderator, address, **(fields | {"rationale": "half a"}))
    step(moderator, address, **fields)
    assert desk.session.scalars(sa.select(Draft.fields)).one()["rationale"] == ""
    saved = sa.select(Opening.eid).where(Opening.event_type == "case.draft_saved")
    assert len(desk.session.scalars(saved).all()) == 2, "what is kept already is not kept again"


def test_a_claim_that_is_lost_shows_nothing_and_keeps_the_words(desk: Desk) -> None:
    case_id = make_case()
    evidence_id = add_evidence(case_id)
    moderator = Moderator(desk)
    fields = moderator.claim(case_id)
    release_claim(case_id, claim_generation=1, actor=moderator.actor)
    answer = moderator.post(
        f"/cases/{case_id}/reveal?evidence={evidence_id}&stage=small", rationale="half a sentence", **fields
    )
    assert answer.status_code == 409
    assert "half a sentence" in answer.text
    assert desk.session.scalars(sa.select(Reveal.id)).all() == []


@pytest.mark.parametrize("name", ["deflate bomb", "frames of a WebP", "SVG", "truncated PNG", "pages", "GIF"])
def test_what_cannot_be_shown_says_why_and_keeps_its_row(desk: Desk, name: str) -> None:
    case_id = make_case()
    content, reason = REFUSED[name]
    evidence_id = add_evidence(case_id, content, name="../../a\u202egnp.png")
    moderator = Moderator(desk)
    moderator.claim(case_id)
    page = step(moderator, f"/cases/{case_id}/reveal?evidence={evidence_id}&stage=small")
    assert "Kept, but it cannot be shown:" in page
    assert "You can decide without it." in page
    assert media(page) == []
    assert "⟨202E⟩" in page
    assert "\u202e" not in page
    assert desk.session.scalars(sa.select(EvidenceLook.refused)).one() == reason
    assert desk.session.get_one(Evidence, evidence_id).length == len(content)
    assert desk.session.scalars(sa.select(Reveal.id)).all() == []
    assert [one for one in steps(page) if "/reveal" in one] == []
    assert 'name="outcome"' in page


def test_a_text_is_shown_in_the_page_with_its_rest_folded(desk: Desk) -> None:
    case_id = make_case()
    text = "<script>alert(1)</script> \u202e" + LONG
    evidence_id = add_evidence(case_id, text.encode(), name="post.txt", media_type="text/plain")
    moderator = Moderator(desk)
    moderator.claim(case_id)
    assert "alert(1)" not in moderator.get(f"/cases/{case_id}")
    page = moderator.get(f"/cases/{case_id}")
    (offered,) = [one for one in steps(page) if "/reveal" in one]
    assert offered.endswith("stage=text")
    page = step(moderator, offered)
    grey = moderator.post(f"/cases/{case_id}/reveal?evidence={evidence_id}&stage=grey")
    assert grey.status_code == 422, "nothing grey of a text"
    assert "&lt;script&gt;alert(1)&lt;/script&gt; ⟨202E⟩" in page
    assert "more characters</summary>" in page
    assert media(page) == []
    reveal = desk.session.scalars(sa.select(Reveal)).one()
    assert (reveal.stage, reveal.bytes) == ("text", len(text.encode()))
    assert moderator.client.get(f"/evidence/{reveal.id}").status_code == 404


def test_the_first_step_is_that_of_what_the_file_is_whatever_its_sender_says(desk: Desk) -> None:
    case_id = make_case()
    add_evidence(case_id, b"in truth a text", name="a.png", media_type="image/png")
    add_evidence(case_id, name="b.txt", media_type="text/plain")
    moderator = Moderator(desk)
    moderator.claim(case_id)
    page = moderator.get(f"/cases/{case_id}")
    for offered in [one for one in steps(page) if "/reveal" in one]:
        page = step(moderator, offered, **along(page))
    assert "in truth a text" in page
    assert len(set(media(page))) == 1
    assert sorted(desk.session.scalars(sa.select(Reveal.stage))) == ["small", "text"]


def test_the_first_page_of_a_document_is_shown_as_a_picture(desk: Desk) -> None:
    case_id = make_case()
    evidence_id = add_evidence(case_id, pdf(pages=3, script="app.alert(1)"), name="a.pdf")
    moderator = Moderator(desk)
    moderator.claim(case_id)
    page = step(moderator, f"/cases/{case_id}/reveal?evidence={evidence_id}&stage=grey")
    assert "the first of 3 pages" in page
    (address,) = set(media(page))
    assert moderator.client.get(address).headers["Content-Type"] == "image/jpeg"


def test_one_step_has_the_key_and_one_button_the_way_back(desk: Desk) -> None:
    case_id = make_case()
    first, second = (
        add_evidence(case_id, picture(size=(320, 240 + place)), name=name)
        for place, name in enumerate(("a.png", "b.png"))
    )
    moderator = Moderator(desk)
    moderator.claim(case_id)

    def keyed(page: str) -> list[str]:
        found = re.findall(r'formaction="(/cases/[^"]+)" data-key="(\w+)"', page)
        return [f"{key} {one}" for one, key in found]

    page = moderator.get(f"/cases/{case_id}")
    one, look = keyed(page)
    assert look.startswith("q "), "to decide without it"
    assert one.startswith("v ")
    assert one.endswith("small")
    assert first in one
    page = step(moderator, f"/cases/{case_id}/reveal?evidence={first}&stage=small")
    assert [one.partition(" ")[0] for one in keyed(page)] == ["v", "Esc"]
    assert keyed(page)[0].endswith("stage=grey")
    page = step(moderator, f"/cases/{case_id}/reveal?evidence={first}&stage=grey")
    assert second in keyed(page)[0 if keyed(page)[0].startswith("v") else 1]
    page = step(moderator, f"/cases/{case_id}/reveal?evidence={second}&stage=grey", **along(page))
    hide_all = [one for one in keyed(page) if one.startswith("Esc")]
    assert hide_all
    assert all("reveal=" not in one for one in hide_all)
    assert media(step(moderator, hide_all[0].partition(" ")[2].replace("&amp;", "&"))) == []


def test_bytes_that_are_gone_are_told_and_the_case_goes_on(desk: Desk) -> None:
    case_id = make_case()
    evidence_id = add_evidence(case_id)
    digest = desk.session.scalars(sa.select(Evidence.sha256)).one()
    evidence_path(desk.settings.data_dir, digest).unlink()
    moderator = Moderator(desk)
    moderator.claim(case_id)
    page = step(moderator, f"/cases/{case_id}/reveal?evidence={evidence_id}&stage=small")
    assert "missing from our store" in page


def test_a_preview_that_is_gone_is_made_anew(desk: Desk) -> None:
    case_id = make_case()
    evidence_id = add_evidence(case_id)
    moderator = Moderator(desk)
    moderator.claim(case_id)
    address = f"/cases/{case_id}/reveal?evidence={evidence_id}&stage=grey"
    step(moderator, address)
    digest = desk.session.scalars(sa.select(Evidence.sha256)).one()
    preview_path(desk.settings.data_dir, digest, "grey").unlink()
    (shown,) = set(media(step(moderator, address)))
    assert moderator.client.get(shown).status_code == 200


def test_without_a_copy_the_page_says_what_can_be_done(desk: Desk) -> None:
    case_id = make_case()
    moderator = Moderator(desk)
    moderator.claim(case_id)
    page = moderator.get(f"/cases/{case_id}")
    assert "The sender gave no copy." in page
    assert "could not be captured" not in page, "nothing tried to"
    assert "decline as not found" in page


@pytest.mark.parametrize("name", ["deflate bomb", "frames of a WebP", "SVG", "pages"])
def test_hostile_files_pass_the_intake_as_they_are(desk: Desk, name: str) -> None:
    """Nothing is decoded where they come in; they are kept byte for byte, and refused when somebody looks."""
    content = REFUSED[name][0]
    piece = {"name": "..\\..\\a\u202egnp.png", "media_type": "image/png"}
    item = {
        "url": "https://video.example/watch/bomb",
        "evidence": [piece | {"content": b64encode(content).decode()}],
    }
    answer = desk.client().post(
        "/api/v1/referrals",
        data=referral_body(None, items=[item]),
        headers={"Authorization": f"Bearer {make_key(make_sender())}", "Content-Type": "application/json"},
    )
    assert answer.status_code == 201
    row = desk.session.scalars(sa.select(Evidence)).one()
    assert evidence_path(desk.settings.data_dir, row.sha256).read_bytes() == content
    assert row.name == piece["name"]
    assert desk.session.scalars(sa.select(EvidenceLook.sha256)).all() == []
    files = {path.name for path in desk.settings.data_dir.rglob("*") if path.is_file()}
    assert {name for name in files if len(name) == 64} == {row.sha256}


def test_nothing_of_a_hostile_name_reaches_the_page_or_a_header(desk: Desk) -> None:
    case_id = make_case()
    name = '"><script>alert(1)</script>\u202e\u0007'
    evidence_id = add_evidence(case_id, picture() + HTML, name=name, media_type='text/html"><b>')
    moderator = Moderator(desk)
    moderator.claim(case_id)
    page = step(moderator, f"/cases/{case_id}/reveal?evidence={evidence_id}&stage=grey")
    assert "<script>alert" not in page
    assert "\u202e" not in page
    (address,) = set(media(page))
    answer = moderator.client.get(address)
    assert "alert" not in str(answer.headers)
    assert b"alert" not in answer.data


def test_pieces_of_many_items_stand_with_their_item(desk: Desk) -> None:
    case_id = make_case()
    second = join_case(case_id)
    add_evidence(case_id, name="first.png")
    add_evidence(case_id, picture(size=(320, 241)), name="second.png", item_id=second)
    moderator = Moderator(desk)
    moderator.claim(case_id)
    page = moderator.get(f"/cases/{case_id}")
    assert page.index("first.png") < page.index(f"address-{second}") < page.index("second.png")
