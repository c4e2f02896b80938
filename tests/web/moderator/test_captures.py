"""Copies that moderators add to the evidence, long texts unfolded, and leaving for the live address."""

import re
from typing import Any

import pytest
import sqlalchemy as sa

from review import db
from review.models import Evidence, Item, Opening, Reveal
from review.models.evidence_files import evidence_path
from tests.conftest import Desk
from tests.factories import make_case
from tests.hostile_files import picture
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


def _capture(moderator: Moderator, case_id: str, content: bytes, name: str, **fields: Any) -> Any:
    """Add a file as a browser sends it; the test client's own encoder leaves large ones open."""
    token = field(moderator.get("/queue"), "csrf_token")
    parts = [
        f'--b\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode()
        for key, value in ({"csrf_token": token} | fields).items()
    ]
    head = f'--b\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'.encode()
    address = f"/cases/{case_id}/capture?item={first_item(case_id)}"
    body = b"".join(parts) + head + content + b"\r\n--b--\r\n"
    return moderator.client.post(address, data=body, content_type="multipart/form-data; boundary=b")


def test_a_capture_becomes_evidence_that_is_hidden_like_any_other(desk: Desk) -> None:
    case_id = make_case()
    moderator = Moderator(desk)
    fields = moderator.claim(case_id)
    answer = _capture(moderator, case_id, picture(), "../shot\u202e.png", rationale="so far", **fields)
    assert answer.status_code == 303
    page = moderator.get(f"/cases/{case_id}")
    assert "shot.png" in page
    assert "captured here" in page
    assert "so far</textarea>" in page
    row = desk.session.scalars(sa.select(Evidence)).one()
    assert (row.name, row.media_type, row.account_id) == ("shot.png", "image/png", moderator.actor.account_id)
    assert evidence_path(desk.settings.data_dir, row.sha256).read_bytes() == picture()
    assert media(page) == []
    page = step(moderator, f"/cases/{case_id}/reveal?evidence={row.id}&stage=small")
    assert len(set(media(page))) == 1


def test_showing_ones_own_capture_unfolds_neither_sender_nor_precedents(desk: Desk) -> None:
    case_id = make_case(issuing_authority="CANARY-AUTHORITY")
    add_evidence(case_id)
    moderator = Moderator(desk)
    fields = moderator.claim(case_id)
    _capture(moderator, case_id, b"What I saw there.", "own.txt", **fields)
    own = desk.session.scalars(sa.select(Evidence.id).where(Evidence.account_id.is_not(None))).one()
    page = step(moderator, f"/cases/{case_id}/reveal?evidence={own}&stage=text")
    assert "What I saw there." in page
    assert "CANARY-AUTHORITY" not in page
    assert "Earlier decisions" not in page
    assert "Decide without looking at the evidence" in page


@pytest.mark.parametrize(
    ("content", "words"), [(b"", "Choose a file"), (b"x" * (10 * 1024 * 1024 + 1), "more than 10 MiB")]
)
def test_a_capture_without_or_with_too_many_bytes_is_refused_in_words(
    desk: Desk, content: bytes, words: str
) -> None:
    case_id = make_case()
    moderator = Moderator(desk)
    fields = moderator.claim(case_id)
    answer = _capture(moderator, case_id, content, "a.png", rationale="kept words", **fields)
    assert answer.status_code == 422
    assert words in answer.text
    assert "kept words" in answer.text
    assert desk.session.scalars(sa.select(Evidence.id)).all() == []


def test_a_capture_of_somebody_who_does_not_hold_the_case_is_not_kept(desk: Desk) -> None:
    case_id = make_case()
    moderator = Moderator(desk)
    answer = _capture(moderator, case_id, picture(), "a.png")
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
    assert "more characters</summary>" in page
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
