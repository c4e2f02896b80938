"""The published description with every answer closed: a member that it does not name is a failure here.

Clients must ignore members they do not know; our own tests must not.
"""

import copy
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

PROBLEM = "application/problem+json"


def closed(document: dict[str, Any]) -> dict[str, Any]:
    """A copy in which no object of the components takes members that are not declared."""
    made = copy.deepcopy(document)
    for schema in made["components"]["schemas"].values():
        schema.setdefault("additionalProperties", False)
    return made


def problems_of(document: dict[str, Any], schema: dict[str, Any], value: Any) -> list[str]:
    """What of a value breaks a schema of the document; none is what tests want."""
    whole = {"$defs": {}, "components": closed(document)["components"], "allOf": [schema]}
    checker = Draft202012Validator(whole, format_checker=FormatChecker())
    return [f"{error.json_path}: {error.message}" for error in checker.iter_errors(value)]


def as_python(pattern: str) -> str:
    """A pattern of ECMA 262 for Python, where ``$`` alone would match before a line feed too."""
    return pattern.removesuffix("$") + r"\Z" if pattern.endswith("$") else pattern
