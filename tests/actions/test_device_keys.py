"""A key in a device signs like one in a file; what the device does not sign is not published."""

import os
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from review.actions import signer, trail
from review.domain.permissions import OPERATOR
from review.domain.signed_note import parse_checkpoint, parse_vkey, verify
from review.domain.signer_refusals import Refusal, SignerRefused
from review.errors import InvalidInput, SettingsError
from review.formats import device_keys, key_files
from review.formats.device_keys import PROGRAM
from tests.conftest import Desk
from tests.house.readme_tables import commands
from tests.trails import record_events, settle

SIGNS = """#!{python}
import base64, os, sys
from cryptography.hazmat.primitives.serialization import load_pem_private_key
assert not [name for name in os.environ if name.startswith("REVIEW_")]
assert len(sys.argv[1]) == 64
key = load_pem_private_key(open("{key}", "rb").read(), password=None)
print(base64.b64encode(key.sign(sys.stdin.buffer.read())).decode())
"""
RSA = generate_private_key(65537, 2048).public_key()


class Device:
    """A device that a program stands for, with one key; ``folder`` is the signer's."""

    def __init__(self, folder: Path, place: Path) -> None:
        self.folder, self.place = folder, place
        self.key = Ed25519PrivateKey.generate()
        self.pem = self.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        self.works()

    def works(self) -> None:
        """Let it sign."""
        secret = self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        self.place.write_bytes(secret)
        self.program(SIGNS.format(python=sys.executable, key=self.place))

    def program(self, text: str) -> None:
        """Put another program in its place."""
        self.folder.mkdir(exist_ok=True)
        path = self.folder / PROGRAM
        path.write_text(text)
        path.chmod(0o700)


@pytest.fixture
def device(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Device:
    monkeypatch.setenv("REVIEW_SECRET_KEY", desk.settings.secret_key)
    return Device(desk.settings.signer_dir, tmp_path / "device.pem")


def signers(folder: Path) -> list[bytes]:
    """The ids of the keys under the newest checkpoint."""
    note = key_files.read_note(folder)
    assert note is not None
    return [one.key_id for one in parse_checkpoint(note).signatures]


def key_id(vkey: str) -> bytes:
    return parse_vkey(vkey)[1]


def test_a_key_in_a_device_signs_and_its_private_half_is_nowhere_here(desk: Desk, device: Device) -> None:
    folder = device.folder
    vkey = trail.create_signing_key(folder, origin="desk.example/trail", device=device.pem)
    assert trail.create_signing_key(folder, origin="", device=device.pem) == vkey, "it is made once"
    record_events(5)
    settle(folder)
    note = key_files.read_note(folder)
    assert note is not None
    assert verify(note, vkey).size == 5
    held = [path for path in folder.rglob("*") if path.is_file() and b"PRIVATE KEY" in path.read_bytes()]
    assert held == []
    assert (folder / "keys" / "signer.pem").read_bytes() == device.pem


def test_a_key_in_a_file_is_followed_by_one_in_a_device_and_that_by_another(
    desk: Desk, device: Device
) -> None:
    folder = device.folder
    first = trail.create_signing_key(folder, origin="")
    record_events(2)
    settle(folder)
    second = signer.rotate_key(folder=folder, device=device.pem, actor=OPERATOR)
    settle(folder)
    assert signers(folder) == [key_id(first), key_id(second)]
    signer.retire_key(folder=folder, after=timedelta(0), actor=OPERATOR)
    settle(folder)
    assert signers(folder) == [key_id(second)]
    assert b"PRIVATE KEY" not in (folder / "keys" / "signer.pem").read_bytes()
    third = signer.rotate_key(folder=folder, actor=OPERATOR)
    settle(folder)
    assert signers(folder) == [key_id(second), key_id(third)]
    signer.retire_key(folder=folder, after=timedelta(0), actor=OPERATOR)
    (folder / PROGRAM).unlink()
    settle(folder)
    assert signers(folder) == [key_id(third)]


def test_a_new_name_after_a_freeze_may_have_its_key_in_a_device(desk: Desk, device: Device) -> None:
    folder = device.folder
    settle(folder)
    event = signer.begin_freeze(folder=folder, reason="the key was stolen", actor=OPERATOR)
    settle(folder)
    signer.seal_freeze(event, folder=folder, actor=OPERATOR)
    vkey = signer.begin_origin("desk.example/next", folder=folder, device=device.pem, actor=OPERATOR)
    settle(folder)
    assert signers(folder) == [key_id(vkey)]
    assert key_files.read_keys(folder)[0].name == "desk.example/next"


@pytest.mark.parametrize(
    ("program", "told"),
    [
        ("#!/bin/sh\nexit 3\n", "ended with 3"),
        ("#!/bin/sh\necho what is asked\n", "no signature by this key"),
        ("#!/bin/sh\nhead -c 64 /dev/zero | base64 -w 0\n", "no signature by this key"),
        ("#!/bin/sh\nexit 0\n", "no signature by this key"),
        ("#!/bin/sh\nexec sleep 60\n", "took more than"),
        ("no program", "cannot be run"),
    ],
)
def test_a_device_that_does_not_sign_is_told_and_nothing_is_published(
    desk: Desk, device: Device, program: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = device.folder
    trail.create_signing_key(folder, origin="", device=device.pem)
    record_events(2)
    settle(folder)
    before = key_files.read_note(folder)
    device.program(program)
    monkeypatch.setattr(device_keys, "SIGNS_SECONDS", 0.3 if "sleep" in program else 30)
    record_events(2)
    with pytest.raises(SignerRefused, match=told) as refused:
        trail.sign_checkpoint(folder=folder)
    assert refused.value.refusal is Refusal.DEVICE
    assert key_files.read_note(folder) == before
    assert key_files.read_note(folder, key_files.PROMISED) is None
    device.works()
    assert trail.sign_checkpoint(folder=folder) == 4


def test_a_key_that_does_not_sign_does_not_count(desk: Desk, device: Device) -> None:
    folder = device.folder
    other = Device(folder, device.place)
    with pytest.raises(SignerRefused, match="no signature by this key"):
        trail.create_signing_key(folder, origin="", device=device.pem)
    assert not key_files.has_key(folder)
    first = trail.create_signing_key(folder, origin="", device=other.pem)
    with pytest.raises(SignerRefused, match="no signature by this key"):
        signer.rotate_key(folder=folder, device=device.pem, actor=OPERATOR)
    assert key_files.read_vkeys(folder) == (first,)
    with pytest.raises(SettingsError, match="rotate-key"):
        trail.create_signing_key(folder, origin="", device=device.pem)


def test_a_rotation_that_was_cut_off_goes_on_with_its_own_key_only(desk: Desk, device: Device) -> None:
    folder = device.folder
    settle(folder)
    begun = key_files.add_key(folder)  # and the power went
    with pytest.raises(InvalidInput, match="begun with another key"):
        signer.rotate_key(folder=folder, device=device.pem, actor=OPERATOR)
    assert signer.rotate_key(folder=folder, actor=OPERATOR) == begun


@pytest.mark.parametrize(
    "pem", [b"", b"nonsense", RSA.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)]
)
def test_what_is_no_public_key_of_the_kind_is_refused(desk: Desk, device: Device, pem: bytes) -> None:
    with pytest.raises(SettingsError, match="Ed25519 public key in PEM"):
        trail.create_signing_key(device.folder, origin="", device=pem)
    assert not key_files.has_key(device.folder)


def test_a_program_that_others_may_change_signs_nothing(desk: Desk, device: Device) -> None:
    (device.folder / PROGRAM).chmod(0o722)
    with pytest.raises(SettingsError, match="chmod 700"):
        trail.create_signing_key(device.folder, origin="", device=device.pem)
    (device.folder / PROGRAM).chmod(0o700)
    trail.create_signing_key(device.folder, origin="", device=device.pem)
    (device.folder / PROGRAM).chmod(0o770)
    with pytest.raises(SettingsError, match="chmod 700"):
        trail.check_signing_key(device.folder, origin="")


@pytest.fixture
def token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PKCS #11 device in software with a key named trail; its public half."""
    if shutil.which("softhsm2-util") is None or shutil.which("pkcs11-tool") is None:
        pytest.skip("SoftHSM (softhsm2) and OpenSC (opensc) are not installed")
    (tmp_path / "tokens").mkdir()
    (tmp_path / "pin").write_text("1234\n")
    (tmp_path / "softhsm2.conf").write_text(f"directories.tokendir = {tmp_path / 'tokens'}\n")
    library = next(path for path in Path("/usr/lib").rglob("libsofthsm2.so"))
    monkeypatch.setenv("SOFTHSM2_CONF", str(tmp_path / "softhsm2.conf"))
    monkeypatch.setenv("PKCS11_MODULE", str(library))
    monkeypatch.setenv("PKCS11_PIN", str(tmp_path / "pin"))
    public = tmp_path / "public.pem"
    tool = f"pkcs11-tool --module {library}"
    for command in (
        "softhsm2-util --init-token --free --label desk --pin 1234 --so-pin 1234",
        f"{tool} --login --pin 1234 --keypairgen --key-type EC:edwards25519 --label trail",
        f"{tool} --read-object --type pubkey --label trail --output-file {public}",
    ):
        subprocess.run(command.split(), check=True, capture_output=True, env=os.environ)
    return public


def test_the_program_of_readme_signs_with_a_pkcs11_device(desk: Desk, token: Path) -> None:
    folder = desk.settings.signer_dir
    folder.mkdir(exist_ok=True)
    (folder / PROGRAM).write_text(commands("device"))
    (folder / PROGRAM).chmod(0o700)
    vkey = trail.create_signing_key(folder, origin="desk.example/trail", device=token.read_bytes())
    record_events(3)
    settle(folder)
    note = key_files.read_note(folder)
    assert note is not None
    assert verify(note, vkey).size == 3
