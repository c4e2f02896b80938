"""Do others read what we write? Go's golang.org/x/mod and, where its Python is new enough, aics-tlog."""

import base64
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from review.domain.commitments import leaf_entry
from review.domain.cosignatures import cosign
from review.domain.merkle import Reader, consistency_path, inclusion_path, leaf_hash, root_of, tree_root
from review.domain.signed_note import (
    COSIGNATURE,
    Signature,
    checkpoint_body,
    note_key,
    sign,
    signature_line,
    write_signature,
)
from review.domain.tiles import Tile, new_tiles, reader, tile_path

ORIGIN = "desk.example/trail"
SIGNER = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
VKEY = note_key(ORIGIN, SIGNER.public_key().public_bytes_raw())
NEXT_SIGNER = Ed25519PrivateKey.from_private_bytes(bytes(range(64, 96)))
NEXT_VKEY = note_key(ORIGIN, NEXT_SIGNER.public_key().public_bytes_raw())
WITNESS = "witness.example/legal"
COSIGNER = Ed25519PrivateKey.from_private_bytes(bytes(range(32, 64)))
COSIGNED_AT = 1_795_921_205
SIZE = 1000
PROVEN = range(0, SIZE, 10)


@dataclass(frozen=True)
class WrittenLog:
    """A log of ours, its proofs read through tiles."""

    entries: list[bytes]
    tiles: list[Tile]
    read: Reader
    checkpoint: str

    def inclusion(self, index: int) -> list[bytes]:
        return inclusion_path(index, SIZE, self.read)

    def consistency(self, first: int) -> list[bytes]:
        return consistency_path(first, SIZE, self.read)


@pytest.fixture(scope="module")
def written() -> WrittenLog:
    entries = [leaf_entry(f"envelope {number}".encode(), salt=bytes(32)) for number in range(SIZE)]
    leaves = [leaf_hash(entry) for entry in entries]
    tiles = new_tiles(0, leaves, lambda level: [])
    tails = {0: leaves[SIZE // 256 * 256 :], 1: [tile.root for tile in tiles]}
    stored = {(tile.level, tile.index): tile.hashes for tile in tiles}
    read = reader(SIZE, lambda level, index: stored.get((level, index)), lambda level: tails[level])
    body = checkpoint_body(ORIGIN, SIZE, tree_root(SIZE, read))
    note = sign(body, name=ORIGIN, private_key=SIGNER) + write_signature(cosigned(body))
    return WrittenLog(entries, tiles, read, note)


def cosigned(body: str) -> Signature:
    return cosign(body, name=WITNESS, private_key=COSIGNER, at=datetime.fromtimestamp(COSIGNED_AT, UTC))


def first_root(written: WrittenLog, first: int) -> bytes:
    return root_of([leaf_hash(entry) for entry in written.entries[:first]])


def evidence_of(written: WrittenLog) -> dict[str, Any]:
    """What ``oracle.go`` reads."""
    return {
        "vkey": VKEY,
        "witness": note_key(WITNESS, COSIGNER.public_key().public_bytes_raw(), kind=COSIGNATURE),
        "checkpoint": written.checkpoint,
        "inclusion": [
            {
                "index": index,
                "entry": base64.b64encode(written.entries[index]).decode(),
                "path": [base64.b64encode(one).decode() for one in written.inclusion(index)],
            }
            for index in PROVEN
        ],
        "consistency": [
            {
                "size": first,
                "root": base64.b64encode(first_root(written, first)).decode(),
                "path": [base64.b64encode(one).decode() for one in written.consistency(first)],
            }
            for first in (1, 2, 255, 256, 257, 512, 999, 1000)
        ],
    }


@pytest.fixture(scope="module")
def oracle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The compiled second opinion; golang.org/x/mod lies below ``GOPATH`` or where Debian puts it."""
    go = shutil.which("go")
    places = [*os.environ.get("GOPATH", "").split(os.pathsep), "/usr/share/gocode"]
    packages = [place for place in places if place and Path(place, "src/golang.org/x/mod/sumdb").is_dir()]
    if go is None or not packages:
        pytest.skip("Go with golang.org/x/mod (golang-golang-x-mod-dev) is not installed")
    folder = tmp_path_factory.mktemp("oracle")
    environment = os.environ | {
        "GO111MODULE": "off",
        "GOFLAGS": "",
        "GOPATH": packages[0],
        "GOCACHE": str(folder / "cache"),
        "CGO_ENABLED": "0",
    }
    program = folder / "oracle"
    source = Path(__file__).with_name("oracle.go")
    subprocess.run([go, "build", "-o", program, source], check=True, env=environment, timeout=300)
    return program


def judged(oracle: Path, evidence: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [oracle], input=json.dumps(evidence), capture_output=True, text=True, timeout=60, check=False
    )


def test_go_verifies_our_checkpoint_and_every_proof(oracle: Path, written: WrittenLog) -> None:
    judgement = judged(oracle, evidence_of(written))
    assert (judgement.stdout, judgement.stderr) == (f"100 8 {COSIGNED_AT}\n", "")


def test_go_rejects_wrong_leaves(oracle: Path, written: WrittenLog) -> None:
    evidence = evidence_of(written)
    for one in evidence["inclusion"]:
        one["entry"] = base64.b64encode(b"another entry").decode()
    assert judged(oracle, evidence).stdout == f"0 8 {COSIGNED_AT}\n"


def test_go_rejects_a_cosignature_of_another_checkpoint(oracle: Path, written: WrittenLog) -> None:
    evidence = evidence_of(written)
    another = checkpoint_body(ORIGIN, SIZE + 1, bytes(32))
    line = write_signature(cosigned(another))
    own = written.checkpoint.rpartition("— ")[0]
    assert judged(oracle, evidence | {"checkpoint": own + line}).stdout == "100 8 0\n"
    assert judged(oracle, evidence | {"checkpoint": own}).stdout == "100 8 0\n"


def test_go_rejects_a_changed_checkpoint(oracle: Path, written: WrittenLog) -> None:
    evidence = evidence_of(written)
    evidence["checkpoint"] = written.checkpoint.replace("\n1000\n", "\n1001\n")
    judgement = judged(oracle, evidence)
    assert judgement.returncode == 1
    assert "invalid signature" in judgement.stderr


def rotated(written: WrittenLog) -> str:
    """The checkpoint as it is while a new key signs beside the one before."""
    body, _gap, lines = written.checkpoint.partition("\n\n")
    first, rest = lines.split("\n", 1)
    second = signature_line(f"{body}\n", name=ORIGIN, private_key=NEXT_SIGNER)
    return f"{body}\n\n{first}\n{second}{rest}"


@pytest.mark.parametrize("vkey", [VKEY, NEXT_VKEY], ids=["old", "new"])
def test_go_verifies_by_either_key_while_they_rotate(oracle: Path, written: WrittenLog, vkey: str) -> None:
    evidence = evidence_of(written) | {"checkpoint": rotated(written), "vkey": vkey}
    judgement = judged(oracle, evidence)
    assert (judgement.stdout, judgement.stderr) == (f"100 8 {COSIGNED_AT}\n", "")


if sys.version_info >= (3, 12):
    import aics_tlog

    @pytest.mark.parametrize("vkey", [VKEY, NEXT_VKEY], ids=["old", "new"])
    def test_aics_verifies_by_either_key_while_they_rotate(written: WrittenLog, vkey: str) -> None:
        note, key = aics_tlog.parse_note(rotated(written)), aics_tlog.parse_vkey(vkey)
        result = aics_tlog.verify_checkpoint(note, key, [], 0, expected_origin=ORIGIN)
        assert result.log_ok

    def test_aics_verifies_our_checkpoint_and_its_cosignature(written: WrittenLog) -> None:
        key = aics_tlog.parse_vkey(VKEY)
        cosigner = note_key(WITNESS, COSIGNER.public_key().public_bytes_raw(), kind=COSIGNATURE)
        result = aics_tlog.verify_checkpoint(
            aics_tlog.parse_note(written.checkpoint),
            key,
            [aics_tlog.parse_vkey(cosigner)],
            1,
            expected_origin=ORIGIN,
        )
        assert (result.log_ok, result.cosignature_count) == (True, 1)

    def test_aics_verifies_every_proof_and_rejects_a_wrong_leaf(written: WrittenLog) -> None:
        root = tree_root(SIZE, written.read)
        for index in PROVEN:
            path = written.inclusion(index)
            entry = written.entries[index]
            assert aics_tlog.verify_leaf_inclusion(entry, index, SIZE, path, root)
            assert not aics_tlog.verify_leaf_inclusion(b"another entry", index, SIZE, path, root)
        for first in range(1, SIZE + 1, 37):
            path = written.consistency(first)
            assert aics_tlog.verify_consistency(first, SIZE, first_root(written, first), root, path)

    def test_aics_cuts_the_same_tiles(written: WrittenLog) -> None:
        theirs = aics_tlog.tiles.materialise_tiles(written.entries)
        for tile in written.tiles:
            assert theirs[tile_path(tile.level, tile.index)] == tile.hashes
