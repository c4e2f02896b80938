"""What every desk of a process compiles alike, compiled once: its templates and the builders of its routes.

A test has a program of its own, and building one anew cost more than half of the time of the suite.
"""

from collections.abc import Callable
from typing import Any

from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from werkzeug.routing import Rule


class Kept(BytecodeCache):
    """Compiled templates by name and file; Jinja itself compares the source that each was made of."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give what is kept."""
        if bucket.key in self._kept:
            bucket.bytecode_from_string(self._kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep it."""
        self._kept[bucket.key] = bucket.bytecode_to_string()


def keep_templates() -> None:
    """Let every program from now on share its compiled templates."""
    Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": Kept()}


def keep_builders() -> None:
    """Let rules that are the same in every part share the function that builds their address."""
    compile_builder = Rule._compile_builder
    kept: dict[Any, Callable[..., tuple[str, str]]] = {}

    def builder(rule: Rule, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        same = (rule.rule, tuple(rule._trace), repr(rule.defaults), append_unknown)
        if same not in kept:
            kept[same] = compile_builder(rule, append_unknown)
        return kept[same]

    Rule._compile_builder = builder  # type: ignore[assignment,method-assign]
