"""Evidence for whoever judges for quality, one's own exposure, and mentions, in a real browser."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
import time_machine
from playwright.sync_api import Browser

from review import db
from review.actions.cases import claim_case
from review.actions.evidence import Size, reveal_evidence, reveal_text
from review.actions.quality import draw_quality_sample
from review.domain.media import Stage
from review.domain.permissions import Role
from review.domain.sampling import Draw
from review.models import Item
from tests.conftest import Desk
from tests.draws import NOT_DRAWN
from tests.factories import make_account, make_case
from tests.journeys.inside import served, sit_down
from tests.journeys.visitor import Visitor
from tests.judging import judge, settle_review
from tests.pieces import add_evidence, first_item

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]
LOOKS = [(1440, "light"), (360, "dark")]


def _looked_at(visitor: Visitor, name: str) -> None:
    assert visitor.violations() == []
    assert not visitor.scrolls_sideways()
    visitor.picture(f"{name}-{visitor.page.viewport_size['width']}-{visitor.scheme}")  # type: ignore[index]


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_a_judge_is_shown_evidence_and_keeps_what_is_typed(
    one_chromium: Browser, desk: Desk, width: int, scheme: str
) -> None:
    before = datetime.now(UTC) - timedelta(days=2)
    with time_machine.travel(before, tick=False) as hand:
        case_id = make_case()
        add_evidence(case_id)
        add_evidence(case_id, b"word " * 100, name="post.txt", media_type="text/plain")
        settle_review(judge(case_id, make_account()), hand, lot=NOT_DRAWN)
    drawn = Draw(before.date(), before.date() + timedelta(days=1), size=1, seed="7f3a")
    sample = draw_quality_sample(drawn, actor=make_account(Role.LEAD))
    with served(desk.app) as address:
        visitor = Visitor(one_chromium, address, width=width, scheme=scheme)  # type: ignore[arg-type]
        sit_down(desk, visitor, Role.LEAD)
        visitor.open(f"/quality/samples/{sample.sample_id}")
        page = visitor.page
        page.get_by_role("link", name="Judge the next case").click()
        assert page.locator("img.medium").count() == 0
        page.locator("#remark").fill("Half a sentence")
        page.get_by_role("button", name="Show small, blurred and grey frame.png").click()
        page.locator("img.medium").wait_for()
        assert page.locator("#remark").input_value() == "Half a sentence"
        page.get_by_role("button", name="Show the text post.txt").click()
        page.get_by_text("word word").first.wait_for()
        assert page.locator("#remark").input_value() == "Half a sentence"
        _looked_at(visitor, "quality-evidence")
        with visitor.context.expect_page() as opened:
            page.get_by_role("link", name="Leave for the live address").click()
        leaving = opened.value
        leaving.get_by_text("You will be seen there").wait_for()
        leaving.close()
        assert visitor.troubles == []
        visitor.close()


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_ones_own_exposure_the_names_to_mention_and_wrong_limits(
    one_chromium: Browser, desk: Desk, width: int, scheme: str
) -> None:
    severe, calm = make_case(severity="high"), make_case()
    make_account(Role.LEAD)
    with db.transaction() as writer:
        writer.execute(sa.update(Item).values(description="word " * 80))
    with served(desk.app) as address:
        visitor = Visitor(one_chromium, address, width=width, scheme=scheme)  # type: ignore[arg-type]
        person = sit_down(desk, visitor, Role.MODERATOR)
        for case_id in (severe, calm):
            claim_case(case_id, actor=person)
            for stage in (Stage.SMALL, Stage.COLOUR):
                piece = add_evidence(case_id)
                reveal_evidence(case_id, piece, stage=stage, size=Size(9), actor=person)
        reveal_text(severe, first_item(severe), size=Size(400), actor=person)
        visitor.open("/my-work")
        assert visitor.page.locator("#shown-today svg rect.bar").count() == 3
        _looked_at(visitor, "my-work-exposure")
        visitor.open("/comfort")
        for field, typed in (("#break_minutes", "soon"), ("#budget_high", "900")):
            visitor.page.locator(field).fill(typed)
        visitor.page.get_by_role("button", name="Keep").click()
        assert visitor.page.get_by_role("alert").get_by_role("link").count() == 2
        _looked_at(visitor, "comfort-wrong")
        visitor.open(f"/cases/{calm}")
        assert visitor.page.get_by_label("Mention").locator("option").count() == 2
        _looked_at(visitor, "case-mention")
        # a browser says so of the answer to the wrong form
        assert visitor.troubles_besides(422) == []
        visitor.close()
