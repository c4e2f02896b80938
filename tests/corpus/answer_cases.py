"""Answers to our questions: strict JSON and rules first, and only then whether anything was asked."""

import json
from typing import Any

from tests.corpus.cases import ADDRESS, CANARY, JSON, Case, named

CATEGORY = "answers"
MISSING = f"{ADDRESS}/R-0000-0000-0000/answer"
ANSWER = {"answer": f"{CANARY} at minute 3"}


def _refused(name: str, body: bytes, status: int, code: str, pointer: str | None = None, **more: Any) -> Case:
    return Case(CATEGORY, name, body, status, code, pointer, **{"path": MISSING} | more)


def _body(**members: Any) -> bytes:
    return json.dumps(ANSWER | members, ensure_ascii=False).encode("utf-8")


def _broken(name: str, code: str, pointer: str, **members: Any) -> Case:
    return _refused(name, _body(**members), 422, code, pointer)


def _not_json(name: str, body: bytes) -> Case:
    return _refused(name, body, 400, "not_strict_json")


CASES = named(
    CATEGORY,
    [
        _refused("to no referral", _body(), 404, "not_found"),
        _refused("to no id", _body(), 404, "not_found", path=f"{ADDRESS}/{CANARY}/answer"),
        _refused("to bytes", _body(), 404, "not_found", path=f"{ADDRESS}/%ff%00/answer"),
        _refused("named by get", b"", 405, "method_not_allowed", method="GET"),
        _refused("without a key", _body(), 401, "key_required", headers=(JSON, ("Authorization", ""))),
        _refused("as a form", b"answer=1", 415, "unsupported_media_type",
                 headers=(("Content-Type", "application/x-www-form-urlencoded"),)),
        _refused("packed", _body(), 415, "unsupported_media_type",
                 headers=(JSON, ("Content-Encoding", "gzip"))),
        _refused("as html", _body(), 406, "not_acceptable", headers=(JSON, ("Accept", "text/html"))),
        _not_json("nothing", b""),
        _not_json("a list", b'["answer"]'),
        _not_json("a text", b'"answer"'),
        _not_json("member twice", b'{"answer": "a", "answer": "b"}'),
        _not_json("nul", b'{"answer": "a\\u0000b"}'),
        _not_json("half a pair", b'{"answer": "\\ud800"}'),
        _not_json("latin 1", b'{"answer": "\xe9"}'),
        _not_json("byte order mark", b"\xef\xbb\xbf" + _body()),
        _not_json("cut", _body()[:-1]),
        _refused("no member", b"{}", 422, "missing", "/answer"),
        _broken("null", "missing", "/answer", answer=None),
        _broken("a number", "wrong_type", "/answer", answer=1),
        _broken("an object", "wrong_type", "/answer", answer={"answer": CANARY}),
        _broken("blank", "missing", "/answer", answer=" \u2003\n"),
        _broken("too long", "too_long", "/answer", answer=CANARY + "w" * 10_000),
        _broken("a bell", "control_character", "/answer", answer=f"{CANARY}\x07"),
        _broken("item is a list", "wrong_type", "/item", item=[CANARY]),
        _broken("item is long", "too_long", "/item", item=CANARY * 10),
        _broken("time is a number", "wrong_type", "/asked_at", asked_at=1),
        _broken("time is long", "too_long", "/asked_at", asked_at=CANARY * 10),
        _broken("unknown member", "unknown_member", "/reason", reason=CANARY),
        _broken("hostile member", "unknown_member", "/~1~0<b>", **{"/~<b>": CANARY}),
        _broken("all at once", "unknown_member", "/x", answer=None, item=1, x=CANARY),
        _refused("an item that never was", _body(item="I-0000-0000-0000"), 404, "not_found"),
        _refused("a time that never was", _body(asked_at="never"), 404, "not_found"),
    ],
)  # fmt: skip
