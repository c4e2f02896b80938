"""Files with one referral by form: kept with a form that comes back, refused with the reason, one's own."""

import re
from html import unescape
from io import BytesIO
from typing import Any

import pytest
import sqlalchemy as sa
from PIL import Image

from review.models import Evidence, Referral
from review.queries.referrals import original_of
from tests.conftest import Desk
from tests.web.admin.pages import Person
from tests.web.sender.test_refer import GOOD, NEW, PNG, SEND, hidden, judge, officer, once, unit

__all__ = ["judge", "officer", "unit"]


def with_file(name: str, content: bytes, **typed: Any) -> dict[str, Any]:
    return GOOD | typed | {"files": (BytesIO(content), name)}


def upload(person: Person, status: int, **typed: Any) -> str:
    answer = person.post(NEW, status, **typed)
    answer.request.environ["wsgi.input"].close()  # the test client leaves it open
    return answer.text


def kept_on(page: str) -> list[str]:
    return re.findall(r'name="kept" value="([^"]+)" checked', page)


def test_files_are_kept_with_a_form_that_comes_back(desk: Desk, officer: Person) -> None:
    refused = upload(officer, 422, **with_file("../frame\u202e.png", PNG, reason=""))
    assert "frame" in refused
    (token,) = kept_on(refused)
    page = officer.post(NEW, 200, **GOOD, kept=token, once=once(refused)).text
    assert "frame" in page
    back = officer.post(NEW, 200, **hidden(page), step="change").text
    assert kept_on(back) == [token]
    answer = officer.post(SEND, 303, **hidden(page))
    (piece,) = desk.session.scalars(sa.select(Evidence)).all()
    assert (piece.media_type, piece.length) == ("image/png", len(PNG))
    assert f"{len(PNG)} bytes" in officer.follow(answer)
    (kept,) = desk.session.scalars(sa.select(Referral)).all()
    assert original_of(desk.session, kept.id, data_dir=desk.settings.data_dir)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.png", b"", "is empty"),
        ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
        ("a.exe", b"MZ\x00\x01", "none of the kinds"),
        ("a.txt", b"x" * (10 * 1024 * 1024 + 1), "at most 10 MiB"),
        ("a.txt", b"x" * (33 * 1024 * 1024), "more than 32 MiB"),
    ],
)
def test_a_file_that_cannot_be_taken_is_named(
    desk: Desk, officer: Person, name: str, content: bytes, sentence: str
) -> None:
    status = 413 if len(content) > 32 * 1024 * 1024 else 422
    page = unescape(upload(officer, status, **with_file(name, content)))
    assert sentence in page
    assert status == 413 or GOOD["reason"] in page
    assert not kept_on(page)


def test_a_file_that_cannot_be_shown_is_said_to_be_so_before_sending(desk: Desk, officer: Person) -> None:
    page = upload(officer, 200, **with_file("fake.png", PNG))
    said = "It is kept, but it cannot be shown to our review team. It is damaged or cut off."
    assert said in page
    assert said in officer.post(NEW, 200, **hidden(page)).text  # known of the kept file, without a new look
    officer.post(SEND, 303, **hidden(page))
    assert desk.session.scalars(sa.select(Evidence.name)).all() == ["fake.png"]


def test_a_file_that_can_be_shown_is_taken_without_a_word(desk: Desk, officer: Person) -> None:
    picture = BytesIO()
    Image.new("RGB", (8, 8)).save(picture, "PNG")
    page = upload(officer, 200, **with_file("real.png", picture.getvalue()))
    assert "real.png" in page
    assert "cannot be shown" not in page


def test_a_file_of_somebody_else_cannot_be_named(desk: Desk, officer: Person, judge: Person) -> None:
    (token,) = kept_on(upload(officer, 422, **with_file("secret.txt", b"CANARY", reason="")))
    for wrong in (token, token[:-2], "x", ""):
        assert "secret.txt" not in judge.post(NEW, 200, **GOOD, kept=wrong).text


def test_a_file_that_is_gone_is_to_be_chosen_again(desk: Desk, officer: Person) -> None:
    (token,) = kept_on(upload(officer, 422, **with_file("a.txt", b"words", reason="")))
    for path in (desk.settings.data_dir / "unsent").iterdir():
        path.unlink()
    page = unescape(officer.post(NEW, 422, **GOOD, kept=token).text)
    assert "Choose “a.txt” again" in page
    assert GOOD["reason"] in page
