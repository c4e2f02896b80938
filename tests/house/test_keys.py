"""Every key and every hint that a template names is a key of the table, wherever and however it is named."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from jinja2 import Environment, nodes

from review.domain.shortcuts import SHORTCUTS
from tests.house.readme_tables import ROOT

TEMPLATES = ROOT / "review" / "templates"
KEYS = {key for row in SHORTCUTS for key in row.each}
ONE, SEVERAL = "key", "keys"
"""How macros call the key of one thing, and those of several."""
HINTS = {"key": 0, "key_mark": 0}
"""The macros that draw a key, with the place of its name."""


@cache
def _parsed(path: Path) -> nodes.Template:
    environment = Environment(autoescape=True, extensions=["jinja2.ext.i18n"])
    return environment.parse(path.read_text(encoding="utf-8"))


@cache
def _macros(path: Path) -> dict[str, list[str]]:
    """The names of the arguments of each macro that a template defines."""
    return {one.name: [argument.name for argument in one.args] for one in _parsed(path).find_all(nodes.Macro)}


def _known(path: Path) -> dict[str, tuple[str, list[str]]]:
    """By the name that a template calls: the macro's own name and its arguments."""
    found = {name: (name, arguments) for name, arguments in _macros(path).items()}
    for imported in _parsed(path).find_all(nodes.FromImport):
        assert isinstance(imported.template, nodes.Const)
        there = _macros(TEMPLATES / imported.template.value)
        for entry in imported.names:
            name, alias = entry if isinstance(entry, tuple) else (entry, entry)
            if name in there:
                found[alias] = (name, there[name])
    return found


def _texts(value: nodes.Node) -> Iterator[str]:
    """The texts that an expression may come to; of a choice both, of a mapping its values."""
    if isinstance(value, nodes.Const) and isinstance(value.value, str):
        yield value.value
    elif isinstance(value, nodes.CondExpr):
        for branch in (value.expr1, value.expr2):
            if branch is not None:
                yield from _texts(branch)
    elif isinstance(value, nodes.Dict):
        for pair in value.items:
            yield from _texts(pair.value)
    elif isinstance(value, nodes.List | nodes.Tuple):
        for entry in value.items:
            yield from _texts(entry)


def _named(path: Path) -> Iterator[str]:
    known = _known(path)
    for call in _parsed(path).find_all(nodes.Call):
        if not isinstance(call.node, nodes.Name) or call.node.name not in known:
            continue
        own_name, arguments = known[call.node.name]
        given = dict(zip(arguments, call.args, strict=False)) | {one.key: one.value for one in call.kwargs}
        for name, value in given.items():
            if name == ONE or (own_name in HINTS and arguments[HINTS[own_name]] == name):
                yield from _texts(value)
            elif name == SEVERAL:
                for text in _texts(value):
                    yield from text if isinstance(value, nodes.Const) else [text]
    for data in _parsed(path).find_all(nodes.TemplateData):
        for part in data.data.split('data-key="')[1:]:
            if '"' in part:
                yield part.partition('"')[0]
    for block in _parsed(path).find_all(nodes.Assign):
        if isinstance(block.target, nodes.Name) and block.target.name == ONE:
            yield from _texts(block.node)


@pytest.mark.parametrize(
    "path", sorted(TEMPLATES.rglob("*.html")), ids=lambda path: str(path.relative_to(TEMPLATES))
)
def test_a_template_names_only_keys_of_the_table(path: Path) -> None:
    assert {name for name in _named(path) if name} <= KEYS


def test_the_ways_in_which_templates_name_keys_are_all_read() -> None:
    evidence = set(_named(TEMPLATES / "moderator" / "evidence.html"))
    assert {"v", "Esc"} <= evidence, "by place, and by a choice"
    form = set(_named(TEMPLATES / "moderator" / "review_form.html"))
    assert {"1", "9", "u", "Ctrl+Enter", "r"} <= form, "digits, a mapping, and by name"
    assert "s" in set(_named(TEMPLATES / "moderator" / "leaving.html")), "as an attribute"
    assert "z" in set(_named(TEMPLATES / "base.html"))
