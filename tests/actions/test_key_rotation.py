"""A key is followed by another: proofs hold before, during and after; a freeze ends the trail."""

from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient

from review import client as clients
from review import clock, db, ledger
from review.actions import signer, trail
from review.domain import merkle
from review.domain.permissions import OPERATOR, SERVICE, Role
from review.domain.signed_note import parse_checkpoint, parse_vkey, verify
from review.domain.signer_refusals import Refusal, SignerRefused
from review.domain.witness_policy import parse_policy
from review.errors import InvalidInput, NotPermitted, NotReady, TrailBroken
from review.formats import key_files
from review.formats.receipts import check_receipt
from tests.bundles import bundle_of, judged
from tests.conftest import Desk
from tests.factories import make_account, make_key, make_sender, sender_actor
from tests.journeys.inside import served
from tests.stored import opened_fields
from tests.trails import record_events, refer, settle

NOW = timedelta(0)


@dataclass
class Rotating:
    """A desk whose first key has signed a receipt, and a sender who knows that key alone."""

    desk: Desk
    web: FlaskClient
    key: str
    old: str
    referral: str
    first: bytes

    @property
    def folder(self) -> Path:
        return self.desk.settings.signer_dir

    def receipt(self, referral_id: str) -> bytes:
        """A referral's receipt as the desk gives it now."""
        self.desk.session.rollback()
        address = f"/api/v1/referrals/{referral_id}/receipt"
        found: bytes = self.web.get(address, headers={"Authorization": f"Bearer {self.key}"}).data
        return found

    def grow(self) -> bytes:
        """A new referral with a checkpoint over it; its receipt."""
        referral = refer(self.web, self.key)["id"]
        settle(self.folder)
        return self.receipt(referral)

    def rotate(self) -> str:
        """A new key, its event signed."""
        vkey = signer.rotate_key(folder=self.folder, actor=OPERATOR)
        settle(self.folder)
        return vkey

    def signers(self) -> set[str]:
        """The keys (name and id) under the newest checkpoint."""
        self.desk.session.rollback()
        note = parse_checkpoint(self.web.get("/log/checkpoint").text)
        return {f"{one.name}+{one.key_id.hex()}" for one in note.signatures}

    def is_genuine(self, receipt: bytes) -> bool:
        """What the public page says."""
        page = self.web.post("/verify", data={"receipt": receipt, "csrf_token": self.token()}).text
        return "Genuine" in page

    def token(self) -> str:
        """For the form."""
        return self.web.get("/verify").text.partition('name="csrf_token" value="')[2].partition('"')[0]


def named(vkey: str) -> str:
    return "+".join(vkey.split("+", 2)[:2])


@pytest.fixture
def rotating(desk: Desk) -> Rotating:
    settle(desk.settings.signer_dir)
    key, web = make_key(make_sender()), desk.client()
    old = key_files.read_vkey(desk.settings.signer_dir)
    found = Rotating(desk, web, key, old, "", b"")
    found.referral = refer(web, key)["id"]
    settle(desk.settings.signer_dir)
    found.first = found.receipt(found.referral)
    assert check_receipt(found.first, old).object_id == found.referral
    return found


def test_receipts_hold_before_during_and_after(rotating: Rotating) -> None:
    new = rotating.rotate()
    during = rotating.grow()
    assert rotating.signers() == {named(rotating.old), named(new)}
    for vkey in (rotating.old, new):
        assert check_receipt(during, vkey).checkpoint.size
    assert signer.retire_key(folder=rotating.folder, after=NOW, actor=OPERATOR) == rotating.old
    after = rotating.grow()
    assert rotating.signers() == {named(new)}
    assert check_receipt(after, new).checkpoint.size
    with pytest.raises(TrailBroken):
        check_receipt(after, rotating.old)
    for receipt in (rotating.first, during, after, rotating.receipt(rotating.referral)):
        assert rotating.is_genuine(receipt)
        assert check_receipt(receipt, rotating.old, new).checkpoint.origin == parse_vkey(new)[0]
    assert opened_fields(rotating.desk, "trail.key_rotated") == [{"vkey": new, "before": rotating.old}]
    assert opened_fields(rotating.desk, "trail.key_retired") == [{"vkey": rotating.old}]
    assert trail.verify_trail(folder=rotating.folder, actor=OPERATOR).finding.intact


def test_bundles_hold_by_the_policy_that_the_desk_publishes(rotating: Rotating, tmp_path: Path) -> None:
    def exit_of(policy: str) -> int:
        settle(rotating.folder)
        rotating.desk.session.rollback()
        bundle = bundle_of(referral_ids=[rotating.referral])
        code, said = judged(tmp_path, policy, bundle, rotating.first)
        assert code in (0, 2), said
        return code

    def published() -> str:
        return rotating.web.get("/log/policy").text

    only_old = f"log {rotating.old}\nquorum none\n"
    assert published() == only_old
    assert exit_of(published()) == 0
    new = rotating.rotate()
    assert parse_policy(published()).logs == (rotating.old, new)
    assert rotating.web.get("/log/key").text.strip() == new
    assert (exit_of(published()), exit_of(only_old)) == (0, 0)
    signer.retire_key(folder=rotating.folder, after=NOW, actor=OPERATOR)
    rotating.grow()
    assert (exit_of(published()), exit_of(only_old)) == (0, 2)


def test_a_client_that_knows_the_first_key_follows_two_rotations(rotating: Rotating, tmp_path: Path) -> None:
    with served(rotating.desk.app) as address:

        def sender() -> clients.Desk:
            return clients.Desk(address, rotating.key, folder=tmp_path / "kept", wait=lambda _s: None)

        assert sender().vkey() == rotating.old
        kept = sender().newest_checkpoint()
        vkeys = [rotating.old]
        for _number in range(2):
            vkeys.append(rotating.rotate())
            rotating.grow()
            assert sender().newest_checkpoint().size > kept.size
            signer.retire_key(folder=rotating.folder, after=NOW, actor=OPERATOR)
        after = rotating.grow()
        given = clients.Desk(address, rotating.key, vkey=rotating.old, wait=lambda _s: None)
        assert given.check_receipt(after).checkpoint.size > kept.size
        assert given.vkey() == vkeys[-1]
        assert sender().newest_checkpoint().size > kept.size
        assert (tmp_path / "kept" / "vkey").read_text().split() == vkeys
        for receipt in (rotating.first, after):
            assert sender().check_receipt(receipt).checkpoint.origin


def test_a_client_follows_no_key_that_the_one_before_did_not_sign(rotating: Rotating) -> None:
    rotating.rotate()
    signer.retire_key(folder=rotating.folder, after=NOW, actor=OPERATOR)
    after = rotating.grow()
    other = key_files.create_key(rotating.folder / "other", name=parse_vkey(rotating.old)[0])
    with served(rotating.desk.app) as address:
        stranger = clients.Desk(address, rotating.key, vkey=other, wait=lambda _s: None)
        with pytest.raises(TrailBroken):
            stranger.check_receipt(after)
    proof = rotating.web.get(f"/log/rotation/{rotating.old.split('+')[1]}").data
    assert check_receipt(proof, rotating.old).event_type == "trail.key_rotated"
    with pytest.raises(TrailBroken):
        check_receipt(proof, other)
    for unknown in ("00000000", "x", other.split("+")[1]):
        assert rotating.web.get(f"/log/rotation/{unknown}").status_code == 404


def test_a_rotation_that_was_cut_off_is_completed(
    rotating: Rotating, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_arguments: object, **_named: object) -> None:
        raise SystemExit(9)

    for module, name in ((key_files, "note_key"), (ledger, "record")):
        with monkeypatch.context() as patched:
            patched.setattr(module, name, crash)
            with pytest.raises(SystemExit):
                signer.rotate_key(folder=rotating.folder, actor=OPERATOR)
        rotating.grow()  # whatever stands, the signer signs
    new = signer.rotate_key(folder=rotating.folder, actor=OPERATOR)
    rotating.grow()
    assert rotating.signers() == {named(rotating.old), named(new)}
    assert len(key_files.read_vkeys(rotating.folder)) == 2
    assert opened_fields(rotating.desk, "trail.key_rotated") == [{"vkey": new, "before": rotating.old}]


def test_two_rotations_do_not_overlap_and_an_overlap_lasts(rotating: Rotating) -> None:
    with pytest.raises(InvalidInput, match="rotate-key first"):
        signer.retire_key(folder=rotating.folder, after=NOW, actor=OPERATOR)
    signer.rotate_key(folder=rotating.folder, actor=OPERATOR)
    with pytest.raises(InvalidInput, match="Two keys sign already"):
        signer.rotate_key(folder=rotating.folder, actor=OPERATOR)
    with pytest.raises(InvalidInput, match="No checkpoint covers"):
        signer.retire_key(folder=rotating.folder, after=NOW, actor=OPERATOR)
    settle(rotating.folder)
    week = timedelta(days=7)
    with pytest.raises(InvalidInput, match="overlap lasts until"):
        signer.retire_key(folder=rotating.folder, after=week, actor=OPERATOR)
    with time_machine.travel(clock.now() + week, tick=False):
        signer.retire_key(folder=rotating.folder, after=week, actor=OPERATOR)
    assert len(key_files.read_keys(rotating.folder)) == 1


def test_a_note_by_a_key_that_never_was_ours_is_found(rotating: Rotating) -> None:
    rotating.rotate()
    path = rotating.folder / "keys" / "signer.vkey"
    path.write_text(rotating.old + "\n")  # the second signature is of a key that nobody knows any more
    finding = trail.verify_trail(folder=rotating.folder, actor=OPERATOR).finding
    assert not finding.intact
    assert "not ours" in finding.sentence


def test_only_commands_touch_the_keys(rotating: Rotating) -> None:
    for actor in (make_account(Role.ADMIN), make_account(Role.LEGAL), sender_actor("S-1"), SERVICE):
        given: dict[str, Any] = {"folder": rotating.folder, "actor": actor}
        for act in (
            partial(signer.rotate_key, **given),
            partial(signer.retire_key, after=NOW, **given),
            partial(signer.begin_freeze, reason="x", **given),
            partial(signer.seal_freeze, "0" * 32, **given),
        ):
            with pytest.raises(NotPermitted):
                act()


def test_a_frozen_trail_signs_nothing_more_and_its_receipts_hold(rotating: Rotating) -> None:
    folder = rotating.folder
    event = signer.begin_freeze(folder=folder, reason="The key was copied.", actor=OPERATOR)
    with pytest.raises(NotReady, match="run the command again"):
        signer.seal_freeze(event, folder=folder, actor=OPERATOR)
    settle(folder)
    last = signer.seal_freeze(event, folder=folder, actor=OPERATOR)
    assert opened_fields(rotating.desk, "trail.frozen") == [{"reason": "The key was copied."}]
    record_events(3)
    with pytest.raises(SignerRefused) as refused:
        trail.sign_checkpoint(folder=folder)
    assert refused.value.refusal is Refusal.FROZEN
    given: dict[str, Any] = {"folder": folder, "actor": OPERATOR}
    for act in (
        partial(signer.rotate_key, **given),
        partial(signer.retire_key, after=NOW, **given),
        partial(signer.begin_freeze, reason="Again.", **given),
        partial(signer.seal_freeze, event, **given),
    ):
        with pytest.raises(InvalidInput, match="frozen"):
            act()
    assert rotating.web.get("/log/checkpoint").text == last
    assert verify(last, rotating.old).size == ledger.head_of(db.session()).size - 3
    for receipt in (rotating.first, rotating.receipt(rotating.referral)):
        assert rotating.is_genuine(receipt)
    late = refer(rotating.web, rotating.key)["id"]
    while trail.sequence_events() is not None:
        pass
    assert "No checkpoint covers" in rotating.receipt(late).decode()
    assert trail.verify_trail(folder=folder, actor=OPERATOR).finding.intact


def freeze(rotating: Rotating) -> str:
    """End the trail under its name; the last checkpoint."""
    event = signer.begin_freeze(folder=rotating.folder, reason="The key was copied.", actor=OPERATOR)
    settle(rotating.folder)
    return signer.seal_freeze(event, folder=rotating.folder, actor=OPERATOR)


def test_a_new_origin_goes_on_from_the_frozen_root(rotating: Rotating, tmp_path: Path) -> None:
    last = freeze(rotating)
    late = refer(rotating.web, rotating.key)["id"]
    new = signer.begin_origin("desk.example/second", folder=rotating.folder, actor=OPERATOR)
    settle(rotating.folder)
    assert opened_fields(rotating.desk, "trail.origin_begun") == [{"vkey": new, "frozen": last}]
    newest = verify(rotating.web.get("/log/checkpoint").text, new)
    assert newest.origin == "desk.example/second"
    assert rotating.web.get("/log/frozen").text == last
    assert rotating.web.get("/log/key").text.strip() == new
    frozen = verify(last, rotating.old)
    read = ledger.tree_reader(rotating.desk.session, newest.size)
    path = merkle.consistency_path(frozen.size, newest.size, read)
    assert merkle.verify_consistency(
        frozen.size, newest.size, path=path, first_root=frozen.root, second_root=newest.root
    )
    assert check_receipt(rotating.receipt(late), new).object_id == late
    for receipt in (rotating.first, rotating.receipt(late)):
        assert rotating.is_genuine(receipt)
    rotating.desk.session.rollback()
    policy = rotating.web.get("/log/policy").text
    bundle = bundle_of(referral_ids=[rotating.referral, late])
    assert judged(tmp_path, policy, bundle, rotating.first)[0] == 0
    assert trail.verify_trail(folder=rotating.folder, actor=OPERATOR).finding.intact
    assert signer.rotate_key(folder=rotating.folder, actor=OPERATOR).startswith("desk.example/second+")
    rotating.grow()
    freeze(rotating)
    with pytest.raises(InvalidInput, match="a name that this trail had"):
        signer.begin_origin("desk.example/second", folder=rotating.folder, actor=OPERATOR)


def test_a_new_origin_needs_a_frozen_trail_and_a_new_name(rotating: Rotating) -> None:
    with pytest.raises(InvalidInput, match="not frozen"):
        signer.begin_origin("desk.example/second", folder=rotating.folder, actor=OPERATOR)
    assert rotating.web.get("/log/frozen").status_code == 404
    freeze(rotating)
    for name in (parse_vkey(rotating.old)[0], "two words", "", "a+b"):
        with pytest.raises(InvalidInput, match="name"):
            signer.begin_origin(name, folder=rotating.folder, actor=OPERATOR)
    assert key_files.read_vkeys(rotating.folder) == (rotating.old,)
    with pytest.raises(NotPermitted):
        signer.begin_origin("desk.example/second", folder=rotating.folder, actor=SERVICE)


@pytest.mark.parametrize(
    ("module", "name"), [(ledger, "record"), (key_files, "note_key"), (key_files, "drop_older_keys")]
)
def test_a_new_origin_that_was_cut_off_is_completed(
    rotating: Rotating, monkeypatch: pytest.MonkeyPatch, module: object, name: str
) -> None:
    def crash(*_arguments: object, **_named: object) -> None:
        raise SystemExit(9)

    freeze(rotating)
    with monkeypatch.context() as patched:
        patched.setattr(module, name, crash)
        with pytest.raises(SystemExit):
            signer.begin_origin("desk.example/second", folder=rotating.folder, actor=OPERATOR)
    with pytest.raises(SignerRefused):
        trail.sign_checkpoint(folder=rotating.folder)
    new = signer.begin_origin("desk.example/second", folder=rotating.folder, actor=OPERATOR)
    settle(rotating.folder)
    assert verify(rotating.web.get("/log/checkpoint").text, new).size
    assert len(opened_fields(rotating.desk, "trail.origin_begun")) == 1
