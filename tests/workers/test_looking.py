"""Evidence of held cases is looked into before anybody asks, and what fails stops nothing."""

import pytest
import sqlalchemy as sa

from review.actions.cases import claim_case
from review.models import Evidence, EvidenceLook
from review.models.evidence_files import evidence_path, preview_length
from review.workers import looking
from tests.conftest import Desk
from tests.factories import make_account, make_case
from tests.hostile_files import REFUSED
from tests.pieces import add_evidence


def test_evidence_of_a_held_case_is_ready_and_that_of_others_waits(desk: Desk) -> None:
    held, waiting = make_case(), make_case()
    add_evidence(held)
    add_evidence(held, REFUSED["GIF"][0])
    add_evidence(waiting, REFUSED["SVG"][0])
    assert not looking.run_once(desk.app)
    claim_case(held, actor=make_account())
    assert [looking.run_once(desk.app) for _turn in range(3)] == [True, True, False]
    looks = desk.session.scalars(sa.select(EvidenceLook.refused)).all()
    assert sorted(looks, key=str) == [None, "kind"]
    shown = desk.session.scalars(sa.select(EvidenceLook.sha256).where(EvidenceLook.refused.is_(None))).one()
    assert preview_length(desk.settings.data_dir, shown, "grey")


def test_a_file_that_is_gone_does_not_keep_the_others_waiting(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "_passed_over", set())
    case_id = make_case()
    claim_case(case_id, actor=make_account())
    for number in range(3):
        add_evidence(case_id, f"text {number}".encode())
    digests = sorted(desk.session.scalars(sa.select(Evidence.sha256)))
    evidence_path(desk.settings.data_dir, digests[0]).unlink()
    assert [looking.run_once(desk.app) for _turn in range(4)] == [True, True, True, False]
    assert sorted(desk.session.scalars(sa.select(EvidenceLook.sha256))) == digests[1:]
