"""Evidence bundles for tests: made, changed as somebody would who knows the format, and judged."""

import contextlib
import io
import json
import sys
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any
from unittest.mock import patch

from review import verifier
from review.actions.exports import export_bundle
from review.domain.canonical import canonical_json
from review.domain.permissions import OPERATOR
from review.formats import key_files
from tests.conftest import Desk

Told = dict[str, Any]


def policy_of(desk: Desk) -> str:
    """The policy that trusts the desk's key and asks for no witness."""
    return f"log {key_files.read_vkey(desk.settings.data_dir)}\nquorum none\n"


def bundle_of(*, case_ids: Sequence[str] = (), referral_ids: Sequence[str] = ()) -> bytes:
    """The bytes of a bundle."""
    made = export_bundle(case_ids=case_ids, referral_ids=referral_ids, actor=OPERATOR)
    with made.file as file:
        return file.read()


def rewritten(bundle: bytes, change: Callable[[list[Told]], None]) -> bytes:
    """The bundle after a change of its lines, with a digest that is right again."""
    lines = [json.loads(line) for line in bundle.splitlines()[:-1]]
    change(lines)
    text = b"".join(canonical_json(line) + b"\n" for line in lines)
    return text + canonical_json({"sha256": sha256(text).hexdigest()}) + b"\n"


def judged(folder: Path, policy: str, bundle: bytes, *receipts: bytes) -> tuple[int, str]:
    """The verifier's exit code and what it said."""
    names = ["policy", "bundle.jsonl", *(f"receipt{number}" for number in range(len(receipts)))]
    raw = [policy.encode(errors="surrogateescape"), bundle, *receipts]
    for name, content in zip(names, raw, strict=True):
        (folder / name).write_bytes(content)
    paths = [str(folder / name) for name in names]
    said = io.StringIO()
    with (
        patch.object(sys, "argv", ["verifier.py", "--policy", *paths]),
        contextlib.redirect_stdout(said),
    ):
        return verifier.main(), said.getvalue()
