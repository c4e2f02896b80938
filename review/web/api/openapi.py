"""The published description of the API: OpenAPI 3.1 from the models that validate and the views' promises."""

import re
from collections.abc import Iterator
from typing import Any, Final

from flask import Blueprint, Flask, Response, current_app, request
from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue, models_json_schema
from werkzeug.routing import Rule

from review.domain.api_schema import Problem
from review.domain.permissions import GRANTS, Permission, Scope
from review.domain.representation import etag_of, json_bytes
from review.web import guard
from review.web.errors import STATUS
from review.web.operations import (
    ALWAYS,
    ANSWER_HEADERS,
    MODEL,
    OPTIONAL_HEADERS,
    PATH,
    PROBLEM_HEADERS,
    QUERY,
    REQUEST_HEADERS,
    WITH_KEY,
    WRITING,
    Answer,
    Content,
    Operation,
    Parameter,
    Problems,
    describe,
)
from review.web.presentation import program_version

blueprint = Blueprint("api_openapi", __name__, url_prefix="/api/v1")

BASE: Final = "/api/v1"
INTRODUCTION: Final = (
    "Refer content to this provider, follow what becomes of it, and prove what was answered. "
    "Bodies are strict JSON in UTF-8: no byte order mark, no member twice, depth at most 32, no NaN, "
    "integers within 2^53-1, no U+0000, at most 16 MiB. Errors are problem documents (RFC 9457). "
    "Ignore members that you do not know; new ones may come."
)
SCOPES: Final[dict[Scope, str]] = {
    Scope.REFER: "submit and withdraw",
    Scope.READ: "follow, list, receipts",
    Scope.MANAGE: "set the endpoints that are told of changes",
    Scope.PLATFORM: "the provider's own platform: report restrictions as carried out",
}
_NAMED_PART: Final = re.compile(r"<(?:\w+(?:\([^)]*\))?:)?(\w+)>")


def operations_of(app: Flask) -> Iterator[tuple[Rule, str, Permission, Operation]]:
    """Every address of the API: its rule, method, permission, and what its view promises."""
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: (rule.rule, sorted(rule.methods or ()))):
        operation = getattr(app.view_functions[rule.endpoint], "operation", None)
        permission = guard.permission_of(app, rule.endpoint)
        if operation is None or permission is None:
            continue
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield rule, method.lower(), permission, operation


def document_of(app: Flask) -> dict[str, Any]:
    """The description of all addresses of this application; made once."""
    made: dict[str, Any] | None = app.extensions.get("review_openapi")
    if made is None:
        made = app.extensions["review_openapi"] = _document(app)
    return made


def _document(app: Flask) -> dict[str, Any]:
    paths: dict[str, dict[str, Any]] = {}
    models: set[type[BaseModel]] = {Problem}
    for rule, method, permission, operation in operations_of(app):
        address = _NAMED_PART.sub(r"{\1}", rule.rule)
        paths.setdefault(address, {})[method] = _operation(rule, method, permission, operation)
        models |= {model for content in _contents(operation) for model in _models(content)}
    listed = sorted(models, key=lambda model: model.__name__)
    _, definitions = models_json_schema(
        [(model, "validation") for model in listed], ref_template=MODEL, schema_generator=_Plain
    )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Referral Review",
            "version": program_version(),
            "description": INTRODUCTION,
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": name} for name in dict.fromkeys(o.group for *_r, o in operations_of(app))],
        "paths": paths,
        "components": {
            "schemas": definitions["$defs"],
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer", "description": _key_sentence()}},
        },
    }


class _Plain(GenerateJsonSchema):
    """JSON Schema without titles made of names, and without ``null`` as a default that says nothing."""

    def field_title_should_be_set(self, _schema: Any) -> bool:
        """Names say it already."""
        return False

    def default_schema(self, schema: Any) -> JsonSchemaValue:
        """An absent member is the same as null."""
        made = super().default_schema(schema)
        if made.get("default", ...) is None:
            del made["default"]
        return made

    def model_schema(self, schema: Any) -> JsonSchemaValue:
        """The name of the component is title enough."""
        made = super().model_schema(schema)
        made.pop("title", None)
        return made


def _key_sentence() -> str:
    listed = "; ".join(f"{scope} ({words})" for scope, words in SCOPES.items())
    return f"Authorization: Bearer <key>. A key belongs to one sender and has scopes: {listed}."


def _contents(operation: Operation) -> Iterator[Content]:
    yield from operation.bodies
    for answer in operation.answers:
        yield from answer.contents


def _models(content: Content) -> Iterator[type[BaseModel]]:
    if isinstance(content.shape, type):
        yield content.shape
    if content.line is not None:
        yield content.line


def _operation(rule: Rule, method: str, permission: Permission, operation: Operation) -> dict[str, Any]:
    grant = GRANTS[permission]
    described: dict[str, Any] = {
        "operationId": operation.name,
        "tags": [operation.group],
        "summary": operation.title,
        "description": operation.text,
        "security": [] if grant.anyone else [{"key": sorted(grant.scopes)}],
        "parameters": [*_parameters(rule, operation)],
        "responses": _responses(operation, _problems(method, permission, operation)),
    }
    if operation.bodies:
        described["requestBody"] = {"required": True, "content": _content(operation.bodies)}
    return described


def _problems(method: str, permission: Permission, operation: Operation) -> Problems:
    keyed = () if GRANTS[permission].anyone else WITH_KEY + (WRITING if method != "get" else ())
    return tuple(dict.fromkeys((*ALWAYS, *keyed, *operation.problems)))


def _parameters(rule: Rule, operation: Operation) -> Iterator[dict[str, Any]]:
    for name in sorted(rule.arguments):
        yield _parameter(name, PATH[name], place="path") | {"required": True}
    for name in operation.query:
        yield _parameter(name, QUERY[name], place="query")
    for name in operation.headers:
        yield _parameter(name, REQUEST_HEADERS[name], place="header")


def _parameter(name: str, parameter: Parameter, *, place: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": place,
        "description": parameter.sentence,
        "schema": dict(parameter.schema),
    }


def _responses(operation: Operation, problems: Problems) -> dict[str, Any]:
    responses = {str(answer.status): _good(answer) for answer in operation.answers}
    for status in sorted({STATUS[kind] for kind in problems}):
        responses[str(status)] = _bad(status, [kind for kind in problems if STATUS[kind] == status])
    return dict(sorted(responses.items()))


def _good(answer: Answer) -> dict[str, Any]:
    described: dict[str, Any] = {"description": answer.sentence}
    if answer.headers:
        described["headers"] = {name: _header(name) for name in answer.headers}
    if answer.contents:
        described["content"] = _content(answer.contents)
    return described


def _bad(status: int, kinds: list[Any]) -> dict[str, Any]:
    codes = [f"/errors/{kind.code}" for kind in kinds]
    described: dict[str, Any] = {
        "description": "; ".join(f"`{kind.code}`: {kind.title}" for kind in kinds) + ".",
        "content": {
            "application/problem+json": {
                "schema": {
                    "$ref": MODEL.format(model="Problem"),
                    "properties": {"type": {"enum": codes}, "status": {"const": status}},
                }
            }
        },
    }
    if status in PROBLEM_HEADERS:
        described["headers"] = {name: _header(name) for name in PROBLEM_HEADERS[status]}
    return described


def _header(name: str) -> dict[str, Any]:
    header = ANSWER_HEADERS[name]
    required = name not in OPTIONAL_HEADERS
    return {"description": header.sentence, "required": required, "schema": dict(header.schema)}


def _content(contents: tuple[Content, ...]) -> dict[str, Any]:
    described: dict[str, Any] = {}
    for content in contents:
        shape = content.shape
        schema = {"$ref": MODEL.format(model=shape.__name__)} if isinstance(shape, type) else dict(shape)
        described[content.media_type] = {"schema": schema}
        if content.example is not None:
            described[content.media_type]["example"] = content.example
    return described


@blueprint.get("/openapi.json")
@guard.access(Permission.ANYONE)
@describe(
    Operation(
        name="description",
        title="This description",
        text="OpenAPI 3.1, for programs; the same as a page is at /api/v1/docs.",
        group="About",
        headers=("If-None-Match",),
        answers=(
            Answer(200, "The description.", (Content("application/json", {"type": "object"}),), ("ETag",)),
            Answer(304, "You have it.", headers=("ETag",)),
        ),
    )
)
def description() -> Response:
    """The description for programs."""
    body = json_bytes(document_of(current_app))
    response = Response(body, mimetype="application/json", headers={"Cache-Control": "no-cache"})
    response.set_etag(etag_of(body))
    response.make_conditional(request)
    return response
