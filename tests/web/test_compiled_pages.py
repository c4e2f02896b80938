"""Compiled templates are kept, and never used for anything but what they were made of."""

import sys
from pathlib import Path

import pytest
from jinja2 import DictLoader, Environment

from review.web.compiled_pages import FOLDER, KeptPages, kept_pages


def drawn(kept: KeptPages | None, source: str) -> str:
    """The page as a program that has just started draws it."""
    return (
        Environment(loader=DictLoader({"page": source}), bytecode_cache=kept, autoescape=True)
        .get_template("page")
        .render()
    )


@pytest.fixture
def kept(tmp_path: Path) -> KeptPages:
    """An empty folder of compiled pages."""
    return KeptPages(tmp_path, read_with=b"1")


def test_a_second_start_compiles_nothing(kept: KeptPages, monkeypatch: pytest.MonkeyPatch) -> None:
    assert drawn(kept, "one {{ 1 + 1 }}") == "one 2"
    monkeypatch.setattr(Environment, "compile", lambda *_given, **_named: pytest.fail("compiled again"))
    assert drawn(kept, "one {{ 1 + 1 }}") == "one 2"


def test_another_template_or_another_way_to_read_it_is_compiled(kept: KeptPages, tmp_path: Path) -> None:
    assert drawn(kept, "one") == "one"
    assert drawn(kept, "two") == "two"
    (file,) = tmp_path.iterdir()
    before = file.read_bytes()
    assert drawn(KeptPages(tmp_path, read_with=b"2"), "two") == "two"
    assert file.read_bytes() != before


def test_a_damaged_file_or_none_at_all_draws_the_page(kept: KeptPages, tmp_path: Path) -> None:
    assert drawn(kept, "one") == "one"
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:60])
    assert drawn(kept, "one") == "one"
    gone = KeptPages(tmp_path / "no folder", read_with=b"1")
    assert drawn(gone, "three") == "three"


def test_nothing_is_kept_where_python_keeps_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    assert kept_pages(read_with=b"1", folder=tmp_path / "kept") is None
    assert not (tmp_path / "kept").exists()
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    assert kept_pages(read_with=b"1", folder=tmp_path / "kept") is not None
    assert kept_pages(read_with=b"1", folder=tmp_path / "no" / "folder") is None
    assert FOLDER.parent.name == "templates"
