"""Where the public test data lies."""

import os
from pathlib import Path

import pytest


def public_data() -> Path:
    """The folder ``REVIEW_TEST_DATA``, default ``../shared/data``; skips where it is absent."""
    folder = Path(
        os.environ.get("REVIEW_TEST_DATA") or Path(__file__).resolve().parents[2] / "shared" / "data"
    )
    if not folder.is_dir():
        pytest.skip(f"public test data not found at {folder}; set REVIEW_TEST_DATA")
    return folder
