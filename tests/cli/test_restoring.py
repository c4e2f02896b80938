"""What somebody kept is held against a restored trail, also where its key came after the backup."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import Result

from app import create_app
from review.actions.signer import rotate_key
from review.actions.trail import sign_checkpoint
from review.config import Settings
from review.domain.permissions import OPERATOR
from review.domain.signed_note import parse_checkpoint, sign
from review.domain.signer_refusals import SignerRefused
from review.formats import key_files
from tests.conftest import Desk, settings_for
from tests.factories import make_key, make_sender
from tests.trails import refer, settle

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
Restore = Callable[..., tuple[Result, Path]]


def _settings(place: Path) -> Settings:
    return replace(settings_for(f"sqlite:///{place / 'review.db'}", place), log_origin="")


@pytest.fixture
def restore(desk: Desk, tmp_path: Path) -> Restore:
    """A backup of a desk with one referral, and how it is put back into an empty place."""
    refer(desk.client(), make_key(make_sender()), "https://video.example/1")
    settle(desk.settings.data_dir)
    backup = tmp_path / "backup"
    assert desk.app.test_cli_runner().invoke(args=["backup", str(backup)]).exit_code == 0

    def put_back(*more: str) -> tuple[Result, Path]:
        place = tmp_path / f"place{len(list(tmp_path.glob('place*')))}"
        place.mkdir()
        chosen = _settings(place)
        app = create_app(chosen)
        with app.app_context():
            return app.test_cli_runner().invoke(args=["restore", str(backup), *more]), chosen.data_dir

    return put_back


def _rotated(desk: Desk, tmp_path: Path, *, retires: bool = True) -> tuple[Path, int]:
    """The newest checkpoint after the key was rotated, signed by the new key alone; and its size."""
    folder = desk.settings.data_dir
    rotate_key(folder=folder, actor=OPERATOR)
    if retires:
        key_files.drop_older_keys(folder)
    settle(folder)
    kept = tmp_path / "kept"
    kept.write_text(key_files.read_note(folder) or "")
    return kept, parse_checkpoint(kept.read_text()).size


def test_a_checkpoint_by_a_key_that_came_later_stops_the_restored_signer(
    desk: Desk, restore: Restore, tmp_path: Path
) -> None:
    kept, size = _rotated(desk, tmp_path)
    done, folder = restore("--known", str(kept))
    assert done.exit_code == 1, done.output
    assert f"to {size - 1}, which a known checkpoint of {size} entries covers" in done.output
    assert "No key of this backup signed that checkpoint" in done.output
    assert key_files.read_note(folder) == kept.read_text()
    with create_app(_settings(folder.parent)).app_context(), pytest.raises(SignerRefused):
        sign_checkpoint(folder=folder, actor=OPERATOR)
    accepted, folder = restore("--known", str(kept), "--accept-loss")
    assert accepted.exit_code == 0, accepted.output
    assert key_files.read_note(folder) != kept.read_text()


def test_while_two_keys_sign_the_older_one_vouches(desk: Desk, restore: Restore, tmp_path: Path) -> None:
    kept, size = _rotated(desk, tmp_path, retires=False)
    done, _folder = restore("--known", str(kept))
    assert done.exit_code == 1
    assert f"a known checkpoint of {size} entries" in done.output
    assert "No key of this backup" not in done.output


@pytest.mark.parametrize("content", [b"no checkpoint\n", b"\xff\xfe\x00"])
def test_what_is_no_checkpoint_is_refused_before_anything_is_put_back(
    restore: Restore, tmp_path: Path, content: bytes
) -> None:
    other = tmp_path / "other"
    other.write_bytes(content)
    done, folder = restore("--known", str(other))
    assert done.exit_code == 1
    assert f"{other} is no checkpoint that can be read" in done.output
    assert not folder.exists() or not any(folder.iterdir())
    assert not (folder.parent / "review.db").exists()


def test_a_checkpoint_of_another_trail_within_the_restored_one_breaks_it(
    desk: Desk, restore: Restore, tmp_path: Path
) -> None:
    stranger = tmp_path / "stranger"
    key_files.create_key(stranger, name="elsewhere.example/trail")
    note = (key_files.read_note(desk.settings.data_dir) or "").splitlines()
    other = tmp_path / "other"
    key = key_files.read_key(stranger)
    other.write_text(sign("\n".join([key.name, *note[1:3], ""]), name=key.name, private_key=key.private_key))
    done, _folder = restore("--known", str(other))
    assert done.exit_code == 1
    assert "is by no key of this backup" in done.output


def test_a_place_without_a_journal_of_erasures_is_told(restore: Restore) -> None:
    done, folder = restore()
    assert done.exit_code == 0, done.output
    assert f"No journal of erasures is at {folder / 'erasures'}: " in done.output
