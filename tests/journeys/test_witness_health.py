"""The health page says in every look how witnesses stand, whatever their names are."""

import pytest
from playwright.sync_api import Browser

from review import clock
from review.actions.witnesses import Said, record_cosignatures
from review.domain.permissions import SERVICE, Role
from review.domain.witness_policy import parse_policy
from review.domain.witness_requests import WitnessFailure
from review.formats import key_files
from review.queries.checkpoints import newest_checkpoint
from tests.conftest import Desk
from tests.domain.test_witness_policy import key, policy_text
from tests.journeys.inside import served, sit_down
from tests.journeys.visitor import Visitor
from tests.trails import record_events, settle

HOSTILE = f"{'very-long-name.' * 16}example/<script>alert(1)</script>"


@pytest.mark.browser
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_health_page_tells_how_the_witnesses_stand(one_chromium: Browser, desk: Desk) -> None:
    record_events(3)
    settle(desk.settings.data_dir)
    newest = newest_checkpoint(desk.session)
    assert newest is not None
    log = key_files.read_vkey(desk.settings.data_dir)
    policy = parse_policy(policy_text(log, [key(1), key(2, name=HOSTILE), key(3)]))
    desk.app.config["REVIEW_WITNESSES"] = policy
    first, second, third = policy.witnesses
    said = [
        Said(first.key, line="— w A\n", cosigned_at=clock.now()),
        Said(second.key, failure=WitnessFailure.OTHER_HISTORY),
        Said(third.key, line="— w A\n", cosigned_at=clock.now()),
    ]
    record_cosignatures(newest.size, said, actor=SERVICE)
    with served(desk.app) as address:
        visitor = Visitor(one_chromium, address)
        sit_down(desk, visitor, Role.ADMIN)
        visitor.open("/admin")
        row = visitor.page.locator("tr", has_text="Witnesses of the trail")
        told = row.inner_text()
        assert "it has seen another history of this trail" in told
        assert f"The quorum stands for the first {newest.size} entries" in told
        assert "<script>alert(1)</script>" in told
        assert visitor.flaws() == []
        for width, scheme in ((1440, "light"), (360, "dark")):
            visitor.page.set_viewport_size({"width": width, "height": 900})
            visitor.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            visitor.picture(f"health-witnesses-{width}-{scheme}")
        assert visitor.troubles == []
        visitor.close()
