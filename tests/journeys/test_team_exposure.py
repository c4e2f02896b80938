"""What people were shown, on the team page in a real browser: a chart of days, and no day of few people."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser

from tests.factories import referral_body
from tests.journeys.server import Program, running
from tests.journeys.visitor import Visitor

pytestmark = pytest.mark.browser
PEOPLE = 5
REVEAL = sa.text(
    "INSERT INTO reveals (id, case_id, item_id, evidence_id, account_id, claim_generation, stage, width,"
    " height, bytes, revealed_at)"
    " SELECT :id, case_id, items.id, evidence.id, :account_id, 1, 'small', 160, 120, 900, :at"
    " FROM items JOIN evidence ON evidence.item_id = items.id"
)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """A desk where five people were shown a picture on three days, and one of them on a fourth."""
    folder = tmp_path_factory.mktemp("exposure")
    url = f"sqlite:///{folder / 'review.db'}"
    desk = Program(folder, url, hosts="video.example")
    with running(desk):
        desk.add_account("lead@desk.example", "lead")
        for number in range(PEOPLE):
            desk.add_account(f"person{number}@desk.example", "moderator")
        sender_id = desk.command("senders", "create", "Harbour Watch", "--kind", "other")["id"]
        key = desk.command("senders", "issue-key", sender_id, "--scope", "refer,read")["key"]
        piece = {"name": "frame.png", "media_type": "image/png", "content": "aGVsbG8="}
        item = {"url": "https://video.example/watch/1", "evidence": [piece]}
        answer = httpx.post(
            desk.address + "/api/v1/referrals",
            content=referral_body("EX-1", items=[item]),
            headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
        )
        assert answer.status_code == 201, answer.text
        _show(url)
        yield desk


def _show(url: str) -> None:
    noon = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0, tzinfo=None)
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        people = connection.scalars(sa.text("SELECT id FROM accounts WHERE role = 'moderator'")).all()
        for back, some in ((2, people), (3, people), (5, people[:1]), (20, people)):
            at = (noon - timedelta(days=back)).isoformat(" ", "microseconds")
            for place, account_id in enumerate(some):
                row = {"id": f"W-{back:04}-0000-{place:04}", "account_id": account_id, "at": at}
                connection.execute(REVEAL, row)
    engine.dispose()


@pytest.mark.parametrize(
    ("width", "look"),
    [
        (1440, ""),
        (360, "dark:comfortable:100:en:Europe/Brussels"),
        (360, "light:comfortable:100:ar:Africa/Cairo"),
    ],
)
def test_the_team_page_draws_the_days_of_five_people(
    one_chromium: Browser, program: Program, width: int, look: str
) -> None:
    visitor = Visitor(one_chromium, program.address, width=width, display=look)
    visitor.sign_in("lead@desk.example")
    visitor.open("/team")
    page = visitor.page
    assert page.locator("#exposure-days svg rect.bar").count() == 3
    numbers = page.locator("#exposure tbody tr").nth(1).locator("td").all_inner_texts()
    assert [text.split()[0] for text in numbers] == ["10", "15"]
    assert visitor.violations() == []
    assert not visitor.scrolls_sideways()
    visitor.picture(f"team-exposure-{width}-{look.partition(':')[0] or 'plain'}")
    assert visitor.troubles == []
    visitor.close()
