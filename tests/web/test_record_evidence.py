"""Evidence in the record: nothing before it is asked for, then step by step, for its reader alone."""

import re
from io import BytesIO

import pytest
import sqlalchemy as sa
import time_machine
from PIL import Image

from review import clock
from review.domain.media import SHOWN_IN_RECORD
from review.domain.permissions import Role
from review.models import EvidenceLook, Opening, Reveal
from review.models.evidence_files import evidence_path
from tests.answers import plain
from tests.conftest import Desk
from tests.factories import make_case, make_sign_in
from tests.hostile_files import REFUSED
from tests.pieces import add_evidence
from tests.web.moderator.test_evidence import HELD_HEADERS
from tests.web.moderator.test_pages import Moderator, field


class Reader:
    """Somebody of legal at a browser without script."""

    def __init__(self, desk: Desk) -> None:
        self.client = desk.client()
        self.actor = make_sign_in(self.client, Role.LEGAL)

    def get(self, address: str) -> str:
        answer = self.client.get(address)
        assert answer.status_code == 200, answer.text
        return answer.text


def buttons(page: str) -> list[str]:
    """The addresses of the steps that the record offers."""
    found = re.findall(r'formaction="(/records/[^"]*/(?:reveal|hide)[^"]*)"', page)
    return [one.replace("&amp;", "&") for one in found]


def media(page: str) -> list[str]:
    """The addresses of what the record shows."""
    return re.findall(r'src="(/evidence/[^"]+)"', page)


def press(reader: Reader, page: str, address: str) -> str:
    """Press a button of the record; the record that it leads to."""
    answer = reader.client.post(address, data={"csrf_token": field(page, "csrf_token")})
    assert answer.status_code == 303, answer.text
    return reader.get(answer.headers["Location"].partition("#")[0])


def access_list(page: str) -> str:
    """The words of the list of those who read."""
    return re.sub(r"<[^>]+>", "", page.partition("Who opened this record")[2].partition("</section>")[0])


def test_a_picture_is_shown_step_by_step_and_each_step_stands_in_the_access_list(desk: Desk) -> None:
    case_id, reader = make_case(), Reader(desk)
    evidence_id = add_evidence(case_id)
    page = reader.get(f"/records/{case_id}")
    assert media(page) == []
    assert "/evidence/" not in page
    sizes = []
    for stage in ("small", "grey", "colour"):
        (offered,) = [one for one in buttons(page) if "/reveal" in one]
        assert offered == f"/records/{case_id}/reveal?evidence={evidence_id}&stage={stage}"
        page = press(reader, page, offered)
        (address,) = media(page)
        answer = reader.client.get(address)
        assert {name: answer.headers[name] for name in HELD_HEADERS} == HELD_HEADERS
        image = Image.open(BytesIO(answer.data), formats=["JPEG"])
        sizes.append((image.size, image.mode))
        assert f'width="{image.width}" height="{image.height}"' in page
    assert sizes == [((160, 120), "L"), ((320, 240), "L"), ((320, 240), "RGB")]
    assert [one for one in buttons(page) if "/reveal" in one] == []
    told, timeline = access_list(page), page.partition('id="timeline"')[2]
    assert told.count("Evidence shown in the record: frame.png, ") == 3
    for words in ("small, blurred, grey, 160 × 120, ", "grey, 320 × 240, ", "in colour, 320 × 240, "):
        assert words in told, words
    assert told.count(reader.actor.id.replace("person-", "Reviewer ")) == 3 + 3
    assert "Evidence shown" not in timeline


def test_the_timeline_tells_how_evidence_was_shown_to_a_reviewer(desk: Desk) -> None:
    case_id, moderator = make_case(), Moderator(desk)
    evidence_id = add_evidence(case_id)
    moderator.claim(case_id)
    for stage in ("small_sharp_grey", "colour"):
        moderator.post(f"/cases/{case_id}/reveal?evidence={evidence_id}&stage={stage}")
    timeline = Reader(desk).get(f"/records/{case_id}").partition('id="timeline"')[2]
    words = re.sub(r"<[^>]+>", "", timeline)
    assert "small, grey, 160 × 120" in words
    assert "in colour, 320 × 240" in words


def test_hide_drops_it_from_the_page_and_from_its_address(desk: Desk) -> None:
    case_id, reader = make_case(), Reader(desk)
    evidence_id = add_evidence(case_id)
    page = reader.get(f"/records/{case_id}")
    page = press(reader, page, f"/records/{case_id}/reveal?evidence={evidence_id}&stage=small")
    (address,) = media(page)
    (hide,) = [one for one in buttons(page) if "/hide" in one]
    page = press(reader, page, hide)
    assert media(page) == []
    assert reader.client.get(address).status_code == 404
    assert "Evidence hidden in the record" in access_list(page)


def test_it_goes_away_by_itself(desk: Desk) -> None:
    case_id, reader = make_case(), Reader(desk)
    evidence_id = add_evidence(case_id)
    with time_machine.travel(clock.now(), tick=False) as hand:
        page = reader.get(f"/records/{case_id}")
        page = press(reader, page, f"/records/{case_id}/reveal?evidence={evidence_id}&stage=small")
        (address,) = media(page)
        hand.shift(SHOWN_IN_RECORD)
        assert media(reader.get(f"/records/{case_id}")) == []
        assert reader.client.get(address).status_code == 404


def test_its_address_works_for_nobody_else_and_those_of_reviewers_not_here(desk: Desk) -> None:
    case_id, reader, other = make_case(), Reader(desk), Reader(desk)
    evidence_id = add_evidence(case_id)
    page = reader.get(f"/records/{case_id}")
    page = press(reader, page, f"/records/{case_id}/reveal?evidence={evidence_id}&stage=small")
    (address,) = media(page)
    assert media(other.get(f"/records/{case_id}")) == []
    answer, missing = (other.client.get(one) for one in (address, "/evidence/records/W-0000-0000-0000"))
    assert (answer.status_code, len(answer.data)) == (404, len(missing.data))
    moderator = Moderator(desk)
    assert moderator.client.get(address).status_code == 403
    reveal_id = address.rpartition("/")[2]
    assert moderator.client.get(f"/evidence/{reveal_id}").status_code == 404
    moderator.claim(case_id)
    assert moderator.client.get(f"/evidence/{reveal_id}").status_code == 404
    moderator.post(f"/cases/{case_id}/reveal?evidence={evidence_id}&stage=grey")
    own = desk.session.scalars(sa.select(Reveal.id).where(Reveal.claim_generation.is_not(None))).one()
    assert moderator.client.get(f"/evidence/{own}").status_code == 200
    assert reader.client.get(f"/evidence/records/{own}").status_code == 404
    assert reader.client.get(f"/evidence/{own}").status_code == 403
    assert reader.client.get(address).status_code == 200, "the claim of somebody else ends nothing here"


def test_reviewers_notice_nothing(desk: Desk) -> None:
    """The page of the case is the same before and after, but for its clock and its tokens."""
    case_id, reader, moderator = make_case(), Reader(desk), Moderator(desk)
    evidence_id = add_evidence(case_id)
    page = reader.get(f"/records/{case_id}")
    press(reader, page, f"/records/{case_id}/reveal?evidence={evidence_id}&stage=small")
    known = desk.session.scalars(sa.select(EvidenceLook.sha256)).all()
    assert len(known) == 1
    moderator.claim(case_id)
    before = moderator.get(f"/cases/{case_id}")
    for stage in ("grey", "colour"):
        page = press(reader, page, f"/records/{case_id}/reveal?evidence={evidence_id}&stage={stage}")
    assert plain(moderator.get(f"/cases/{case_id}")) == plain(before)
    assert media(before) == []
    types = set(desk.session.scalars(sa.select(Opening.event_type).where(Opening.object_id == case_id)))
    assert types == {"case.claimed", "record.opened", "record.evidence_revealed"}


def test_a_text_is_unfolded_and_what_cannot_be_shown_says_so(desk: Desk) -> None:
    case_id, reader = make_case(), Reader(desk)
    text = add_evidence(case_id, b"PLAIN-WORDS " * 30, name="words.txt", media_type="text/plain")
    broken = add_evidence(case_id, REFUSED["deflate bomb"][0], name="bomb.png")
    gone = add_evidence(case_id, b"never kept", name="gone.txt", media_type="text/plain")
    digest = desk.session.scalar(sa.text("SELECT sha256 FROM evidence WHERE id = :id"), {"id": gone})
    evidence_path(desk.settings.data_dir, str(digest)).unlink()
    page = reader.get(f"/records/{case_id}")
    assert "PLAIN-WORDS" not in page
    page = press(reader, page, f"/records/{case_id}/reveal?evidence={text}&stage=text")
    assert page.count("PLAIN-WORDS") == 30
    page = press(reader, page, f"/records/{case_id}/reveal?evidence={broken}&stage=small")
    assert "cannot be shown" in page
    page = press(reader, page, f"/records/{case_id}/reveal?evidence={gone}&stage=text")
    assert "missing from our store" in page
    assert len(desk.session.scalars(sa.select(Reveal.id)).all()) == 1


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("evidence={there}&stage=placeholder", 422),
        ("evidence={there}&stage=x", 422),
        ("evidence={elsewhere}&stage=small", 404),
        ("evidence=nonsense&stage=small", 404),
        ("stage=small", 404),
    ],
)
def test_what_is_not_there_is_refused_and_leaves_nothing(desk: Desk, query: str, status: int) -> None:
    case_id, reader = make_case(), Reader(desk)
    asked = query.format(there=add_evidence(case_id), elsewhere=add_evidence(make_case()))
    page = reader.get(f"/records/{case_id}")
    token = {"csrf_token": field(page, "csrf_token")}
    first = reader.client.post(f"/records/{case_id}/reveal?evidence=x&stage=small", data=token)
    assert first.status_code == 404
    answer = reader.client.post(f"/records/{case_id}/reveal?{asked}", data=token)
    assert answer.status_code == status
    assert reader.client.post("/records/C-0000-0000-0000/hide", data=token).status_code == 404
    assert desk.session.scalars(sa.select(Reveal.id)).all() == []
