"""The readable page of the API, drawn from the published description."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from flask import Blueprint, Response, current_app, render_template, request

from review.domain.permissions import Permission
from review.domain.representation import etag_of
from review.web import guard
from review.web.api.openapi import document_of
from review.web.operations import Answer, Content, Operation, describe

blueprint = Blueprint("api_docs", __name__, url_prefix="/api/v1")

_ORDER: Final = ("Refer", "Follow", "Be told", "About")
_PLACES: Final = ("referrals", "items", "batches")
_REF: Final = "#/components/schemas/"
_MOST_LISTED_VALUES: Final = 12


@dataclass(frozen=True)
class Row:
    """One parameter, member or header: its name, kind and limits in words, and what it is for."""

    name: str
    kind: str
    required: bool
    text: str


@dataclass(frozen=True)
class Body:
    """A body in one media type: the shape it has, each line's where it is many, and an example as text."""

    media_type: str
    shape: str
    lines: bool
    example: str


@dataclass(frozen=True)
class Answered:
    """One status an address answers with."""

    status: str
    text: str
    headers: tuple[str, ...]
    bodies: tuple[Body, ...]
    codes: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Entry:
    """One method of one address."""

    name: str
    method: str
    address: str
    title: str
    text: str
    scopes: tuple[str, ...]
    parameters: tuple[Row, ...]
    bodies: tuple[Body, ...]
    answers: tuple[Answered, ...]
    problems: tuple[Answered, ...]
    sample: str


@dataclass(frozen=True)
class Shape:
    """One object that is sent or answered, with its members."""

    name: str
    text: str
    members: tuple[Row, ...]


def entries_of(document: Mapping[str, Any]) -> dict[str, list[Entry]]:
    """Every operation of the description by group, in the order of reading."""
    groups: dict[str, list[Entry]] = {name: [] for name in _ORDER}
    for address, methods in sorted(document["paths"].items(), key=lambda found: _place(found[0])):
        for method, operation in methods.items():
            entry = _entry(document, address, method, operation)
            groups.setdefault(operation["tags"][0], []).append(entry)
    return {name: entries for name, entries in groups.items() if entries}


def _place(address: str) -> int:
    """Referrals first, what follows from them after; the order of addresses within."""
    noun = address.removeprefix("/api/v1").split("/")[1]
    return _PLACES.index(noun) if noun in _PLACES else len(_PLACES)


def shapes_of(document: Mapping[str, Any]) -> list[Shape]:
    """Every object of the description."""
    return [
        Shape(name, schema.get("description", ""), tuple(_members(schema)))
        for name, schema in document["components"]["schemas"].items()
    ]


def _entry(document: Mapping[str, Any], address: str, method: str, operation: Mapping[str, Any]) -> Entry:
    answers = [_answered(document, *found) for found in operation["responses"].items()]
    return Entry(
        name=operation["operationId"],
        method=method.upper(),
        address=address,
        title=operation["summary"],
        text=operation["description"],
        scopes=tuple(scope for way in operation["security"] for scope in way["key"]),
        parameters=tuple(_parameters(operation)),
        bodies=tuple(_bodies(operation.get("requestBody", {}).get("content", {}))),
        answers=tuple(answer for answer in answers if not answer.codes),
        problems=tuple(answer for answer in answers if answer.codes),
        sample=_sample(address, method, operation),
    )


def _parameters(operation: Mapping[str, Any]) -> Iterator[Row]:
    for parameter in operation["parameters"]:
        kind = f"{parameter['in']}, {_kind(parameter['schema'])}"
        yield Row(parameter["name"], kind, parameter.get("required", False), parameter["description"])


def _bodies(contents: Mapping[str, Any]) -> Iterator[Body]:
    for media_type, content in contents.items():
        schema = content["schema"]
        reference = schema.get("$ref") or schema.get("x-line-schema", {}).get("$ref") or ""
        example = content.get("example")
        if example is not None and not isinstance(example, str):
            example = json.dumps(example, ensure_ascii=False, indent=2)
        yield Body(media_type, reference.removeprefix(_REF), "x-line-schema" in schema, example or "")


def _answered(document: Mapping[str, Any], status: str, answer: Mapping[str, Any]) -> Answered:
    contents = answer.get("content", {})
    problem = contents.get("application/problem+json")
    codes: tuple[str, ...] = ()
    if problem is not None:
        codes = tuple(problem["schema"]["properties"]["type"]["enum"])
    return Answered(
        status=status,
        text=answer["description"],
        headers=tuple(answer.get("headers", ())),
        bodies=tuple(_bodies({} if problem else contents)),
        codes=tuple((code, code.rpartition("/")[2]) for code in codes),
    )


def _members(schema: Mapping[str, Any]) -> Iterator[Row]:
    required = schema.get("required", ())
    for name, member in schema.get("properties", {}).items():
        text = member.get("description", "")
        yield Row(name, _kind(member), name in required, text)


def _kind(schema: Mapping[str, Any]) -> str:
    """The type of a value with its limits, in words."""
    if "$ref" in schema:
        return str(schema["$ref"]).removeprefix(_REF)
    if "anyOf" in schema:
        return " or ".join(_kind(way) for way in schema["anyOf"])
    types = schema.get("type", "any")
    kind = " or ".join(types) if isinstance(types, list) else str(types)
    if "items" in schema:
        kind = f"array of {_kind(schema['items'])}"
    return ", ".join([kind, *_limits(schema)])


def _limits(schema: Mapping[str, Any]) -> Iterator[str]:
    if "format" in schema:
        yield {"date-time": "RFC 3339"}.get(schema["format"], schema["format"])
    if "contentEncoding" in schema:
        yield str(schema["contentEncoding"])
    least = schema.get("minLength", schema.get("minItems", schema.get("minimum")))
    most = schema.get("maxLength", schema.get("maxItems", schema.get("maximum")))
    if least is not None and most is not None:
        yield f"{least} to {most}"
    elif most is not None:
        yield f"at most {most}"
    elif least:
        yield f"at least {least}"
    if "enum" in schema:
        values = [value for value in schema["enum"] if value is not None]
        shown = " ".join(values[:_MOST_LISTED_VALUES])
        more = len(values) - _MOST_LISTED_VALUES
        yield f"one of: {shown}" + (f" and {more} more in the description for programs" if more > 0 else "")
    if schema.get("default") is not None:
        yield f"default {schema['default']}"


def _sample(address: str, method: str, operation: Mapping[str, Any]) -> str:
    """The call as one would type it; ids and keys are named in capitals."""
    place = request.host_url.rstrip("/") + address.replace("{", "$").replace("}", "")
    lines = [f'curl "{place}"' if method == "get" else f'curl -X {method.upper()} "{place}"']
    if operation["security"]:
        lines.append('-H "Authorization: Bearer $KEY"')
    for media_type in operation.get("requestBody", {}).get("content", {}):
        name = "referrals.ndjson" if media_type.endswith("ndjson") else "referral.json"
        lines += [f'-H "Content-Type: {media_type}"', f"--data-binary @{name}"]
    return " \\\n  ".join(lines)


@blueprint.get("/docs")
@guard.access(Permission.ANYONE)
@describe(
    Operation(
        name="docs",
        title="This page",
        text="The description for people.",
        group="About",
        headers=("If-None-Match",),
        answers=(
            Answer(200, "A page.", (Content("text/html", {"type": "string"}),), ("ETag",)),
            Answer(304, "You have it.", headers=("ETag",)),
        ),
    )
)
def docs() -> Response:
    """The description for people."""
    document = document_of(current_app)
    page = render_template(
        "api/docs.html",
        title=document["info"]["title"],
        description=document["info"]["description"],
        key=document["components"]["securitySchemes"]["key"]["description"],
        groups=entries_of(document),
        shapes=shapes_of(document),
    )
    response = Response(page, mimetype="text/html", headers={"Cache-Control": "private, no-cache"})
    response.set_etag(etag_of(page.encode()))
    response.make_conditional(request)
    return response
