"""Copies that moderators add to the evidence, long texts unfolded, and leaving for the live address."""

import re
from typing import Any

import pytest
import sqlalchemy as sa

from review import db
from review.models import Evidence, EvidenceLook, Item, Opening, Reveal
from review.models.evidence_files import evidence_path
from tests.conftest import Desk
from tests.factories import make_case
from tests.hostile_files import REFUSED, picture, png
from tests.pieces import add_evidence, first_item
from tests.web.moderator.test_evidence import media, step, steps
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
NO_LOOK = "To look at it is no first look, because the sender gave evidence too."


def capture(
    moderator: Moderator, case_id: str, content: bytes, name: str, *, item: str | None = None, **fields: Any
) -> Any:
    """Add a file as a browser sends it; the test client's own encoder leaves large ones open.

    ``item``: the choice in the form; else the one item of the case, as its button names it.
    """
    chosen = {} if item is None else {"item": item}
    token = field(moderator.get("/queue"), "csrf_token")
    parts = [
        f'--b\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode()
        for key, value in ({"csrf_token": token} | chosen | fields).items()
    ]
    head = f'--b\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'.encode()
    address = f"/cases/{case_id}/capture" + (f"?item={first_item(case_id)}" if item is None else "")
    body = b"".join(parts) + head + content + b"\r\n--b--\r\n"
    return moderator.client.post(address, data=body, content_type="multipart/form-data; boundary=b")


def test_a_capture_becomes_evidence_that_is_hidden_like_any_other(desk: Desk) -> None:
    case_id = make_case()
    moderator = Moderator(desk)
    fields = moderator.claim(case_id)
    answer = capture(moderator, case_id, picture(), "../shot\u202e.png", rationale="so far", **fields)
    assert answer.status_code == 303
    page = moderator.get(f"/cases/{case_id}")
    assert "shot⟨202E⟩.png" in page
    assert "\u202e" not in page
    assert "captured here" in page
    assert "so far</textarea>" in page
    row = desk.session.scalars(sa.select(Evidence)).one()
    assert (row.name, row.media_type, row.account_id) == (
        "shot\u202e.png", "image/png", moderator.actor.account_id,
    )  # fmt: skip
    assert evidence_path(desk.settings.data_dir, row.sha256).read_bytes() == picture()
    assert media(page) == []
    page = step(moderator, f"/cases/{case_id}/reveal?evidence={row.id}&stage=small")
    assert len(set(media(page))) == 1


def test_showing_ones_own_capture_unfolds_neither_sender_nor_precedents(desk: Desk) -> None:
    case_id = make_case(issuing_authority="CANARY-AUTHORITY")
    add_evidence(case_id)
    moderator = Moderator(desk)
    fields = moderator.claim(case_id)
    capture(moderator, case_id, b"What I saw there.", "own.txt", **fields)
    own = desk.session.scalars(sa.select(Evidence.id).where(Evidence.account_id.is_not(None))).one()
    page = step(moderator, f"/cases/{case_id}/reveal?evidence={own}&stage=text")
    assert "What I saw there." in page
    assert "CANARY-AUTHORITY" not in page
    assert "Earlier decisions" not in page
    assert "Decide without looking at the evidence" in page
    assert page.count(NO_LOOK) == 1
    beside = page.partition(f'id="{own}"')[2].partition("</li>")[0]
    assert NO_LOOK in beside
    sent = desk.session.scalars(sa.select(Evidence.id).where(Evidence.account_id.is_(None))).one()
    page = step(moderator, f"/cases/{case_id}/reveal?evidence={sent}&stage=small")
    assert "CANARY-AUTHORITY" in page
    assert NO_LOOK not in page, "the first look is past"


def test_without_evidence_of_the_sender_a_capture_is_a_look_like_any_other(desk: Desk) -> None:
    case_id = make_case(issuing_authority="CANARY-AUTHORITY")
    moderator = Moderator(desk)
    capture(moderator, case_id, b"What I saw there.", "own.txt", **moderator.claim(case_id))
    assert NO_LOOK not in moderator.get(f"/cases/{case_id}")


def _told_at_the_file(page: str, words: str) -> bool:
    """Whether the page has an error in the open box of captures, and a link to it in the focused summary."""
    box = re.search(r'<details class="panel" open>\s*<summary>Add a capture.*?</details>', page, re.S)
    summary = re.search(r'role="alert" tabindex="-1" autofocus>.*?<a href="#file">([^<]*)</a>', page, re.S)
    assert box is not None
    assert summary is not None
    assert 'aria-invalid="true"' in box[0]
    return words in box[0] and words in summary[1]


@pytest.mark.parametrize(
    ("content", "words", "status"),
    [
        (b"", "Choose a file", 422),
        (b"x" * (10 * 1024 * 1024 + 1), "more than 10 MiB", 413),
        (b"x" * (17 * 1024 * 1024), "more than 10 MiB", 413),
    ],
)
def test_a_capture_without_or_with_too_many_bytes_is_refused_at_its_field(
    desk: Desk, content: bytes, words: str, status: int
) -> None:
    case_id = make_case()
    moderator = Moderator(desk)
    fields = moderator.claim(case_id)
    kept = moderator.post(f"/cases/{case_id}/draft", rationale="kept words", **fields)
    assert kept.status_code == 303
    answer = capture(moderator, case_id, content, "a.png", rationale="kept words", **fields)
    assert answer.status_code == status
    assert _told_at_the_file(answer.text, words)
    assert "kept words</textarea>" in answer.text
    assert 'name="outcome"' in answer.text, "the case is still there"
    assert desk.session.scalars(sa.select(Evidence.id)).all() == []


def test_other_forms_that_are_too_large_have_their_own_page(desk: Desk) -> None:
    case_id = make_case()
    moderator = Moderator(desk)
    moderator.claim(case_id)
    answer = moderator.client.post(
        f"/cases/{case_id}/hide", data=b"x" * (17 * 1024 * 1024), content_type="text/plain"
    )
    assert answer.status_code in (403, 413)
    assert "Add a capture" not in answer.text


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.svg", REFUSED["SVG"][0], "It is a drawing made of code (SVG)"),
        ("a.png", REFUSED["SVG with entities"][0], "It is a drawing made of code (SVG)"),
        ("b.png", png(12_000, 12_000), "It has more than 40 megapixels."),
        ("hello.exe", b"MZ\x90\x00" + bytes(99), "It is none of the kinds"),
        ("c.png", REFUSED["truncated PNG"][0], "It is damaged or cut off."),
    ],
)
def test_an_unusable_capture_is_refused_at_once_and_leaves_nothing(
    desk: Desk, name: str, content: bytes, words: str
) -> None:
    case_id = make_case()
    moderator = Moderator(desk)
    fields = moderator.claim(case_id)
    answer = capture(moderator, case_id, content, name, rationale="kept words", **fields)
    assert answer.status_code == 422
    assert _told_at_the_file(answer.text, words)
    assert "kept words</textarea>" in answer.text
    assert desk.session.scalars(sa.select(Evidence.id)).all() == []
    assert desk.session.scalars(sa.select(EvidenceLook.sha256)).all() == []
    events = set(desk.session.scalars(sa.select(Opening.event_type).where(Opening.object_id == case_id)))
    assert events == {"case.claimed", "case.draft_saved"}
    assert [path for path in desk.settings.data_dir.rglob("*") if len(path.name) >= 64] == []


def test_a_capture_of_somebody_who_does_not_hold_the_case_is_not_kept(desk: Desk) -> None:
    case_id = make_case()
    moderator = Moderator(desk)
    answer = capture(moderator, case_id, picture(), "a.png")
    assert answer.status_code == 409
    assert desk.session.scalars(sa.select(Evidence.id)).all() == []


def test_a_long_text_of_an_item_is_folded_and_unfolding_it_is_a_look(desk: Desk) -> None:
    case_id = make_case()
    item_id = first_item(case_id)
    with db.transaction() as writer:
        writer.execute(sa.update(Item).where(Item.id == item_id).values(description=LONG))
    moderator = Moderator(desk)
    moderator.claim(case_id)
    page = moderator.get(f"/cases/{case_id}")
    assert LONG[:100] in page
    assert "word " * 40 not in page, "nothing is unfolded unnoticed"
    (offered,) = [one for one in steps(page) if "/reveal" in one]
    page = step(moderator, offered)
    assert LONG.strip() in page
    reveal = desk.session.scalars(sa.select(Reveal)).one()
    assert (reveal.stage, reveal.evidence_id, reveal.item_id) == ("text", None, item_id)


def test_leaving_says_what_it_means_and_gives_the_link_once(desk: Desk) -> None:
    case_id = make_case(url="https://video.example/watch/leave")
    moderator = Moderator(desk)
    moderator.claim(case_id)
    address = f"/cases/{case_id}/leave/{first_item(case_id)}"
    assert address in moderator.get(f"/cases/{case_id}")
    page = moderator.get(address)
    assert "You will be seen there" in page
    assert "hxxps://video[.]example/watch/leave" in page
    assert "https://video.example" not in page
    answer = moderator.post(address)
    assert answer.status_code == 303
    page = moderator.get(answer.headers["Location"])
    link = re.search(r'<a [^>]*href="https://video.example/watch/leave"[^>]*>', page)
    assert link is not None
    assert 'rel="noreferrer noopener"' in link[0]
    assert "https://video.example" not in moderator.get(address), "once"
    events = desk.session.scalars(sa.select(Opening.event_type).where(Opening.object_id == case_id)).all()
    assert sorted(events) == ["case.claimed", "location.opened"]


def test_only_the_holder_may_leave_by_a_case(desk: Desk) -> None:
    case_id = make_case()
    holder, other = Moderator(desk), Moderator(desk)
    holder.claim(case_id)
    address = f"/cases/{case_id}/leave/{first_item(case_id)}"
    for answer in (other.client.get(address), other.post(address)):
        assert answer.status_code == 409
        assert "watch" not in answer.text
    assert holder.client.get(f"/cases/{case_id}/leave/I-0000-0000-0000").status_code == 404
