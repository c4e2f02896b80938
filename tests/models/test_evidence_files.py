"""Evidence lies by its digest, whole or not at all."""

import errno
import os
from hashlib import sha256
from pathlib import Path

import pytest

from review.errors import StorageFull
from review.models.evidence_files import evidence_path, keep_evidence, read_evidence

CONTENT = b"a picture"
DIGEST = sha256(CONTENT).hexdigest()


def test_bytes_come_back_and_nothing_else_lies_around(tmp_path: Path) -> None:
    keep_evidence(tmp_path, DIGEST, CONTENT)
    assert read_evidence(tmp_path, DIGEST) == CONTENT
    path = evidence_path(tmp_path, DIGEST)
    assert path == tmp_path / "evidence" / DIGEST[:2] / DIGEST[2:4] / DIGEST
    assert list(path.parent.iterdir()) == [path]
    assert path.stat().st_mode & 0o077 == 0


def test_what_is_there_is_used_again_and_a_torn_file_is_replaced(tmp_path: Path) -> None:
    keep_evidence(tmp_path, DIGEST, CONTENT)
    path = evidence_path(tmp_path, DIGEST)
    before = path.stat().st_ino
    keep_evidence(tmp_path, DIGEST, CONTENT)
    assert path.stat().st_ino == before
    path.write_bytes(b"torn")
    keep_evidence(tmp_path, DIGEST, CONTENT)
    assert read_evidence(tmp_path, DIGEST) == CONTENT


@pytest.mark.parametrize(("number", "kind"), [(errno.ENOSPC, StorageFull), (errno.EACCES, OSError)])
def test_a_full_disk_is_named_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, kind: type[Exception]
) -> None:
    def full(_handle: int) -> None:
        raise OSError(number, "no")

    evidence_path(tmp_path, DIGEST).parent.mkdir(parents=True)
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(kind):
        keep_evidence(tmp_path, DIGEST, CONTENT)
    assert list(evidence_path(tmp_path, DIGEST).parent.iterdir()) == []
