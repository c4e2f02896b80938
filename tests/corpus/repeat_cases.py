"""Idempotency, replays and the clock: sent again is answered again, and nothing is stored twice."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from tests.corpus.cases import CANARY, JSON, URL, Case, body_of, good, named

CATEGORY = "repeats"
DAYS_30 = timedelta(days=30)


def _key(key: str) -> tuple[tuple[str, str], ...]:
    return (JSON, ("Idempotency-Key", key))


def _first(name: str, body: bytes, *, key: str | None = None) -> Case:
    case = good(CATEGORY, f"{name}, first", body)
    return replace(case, headers=_key(key)) if key else case


def _again(name: str, *, first: Case, status: int, **changes: object) -> Case:
    """The same body once more; ``changes`` say what else differs and what is answered."""
    case = replace(first, name=name, status=status, stored=None, repeats=0, before=(first,))
    return replace(case, **changes)  # type: ignore[arg-type]


def _with_key(name: str) -> Case:
    return _first(name, body_of(f"repeat {name}"), key="key-" + "".join(filter(str.isalnum, name)))


def _other(name: str) -> bytes:
    return body_of(f"repeat {name}, other", items=[{"url": f"{URL}/other"}])


def _first_other(name: str) -> Case:
    url = f"{URL}/other"
    return good(CATEGORY, "first", _other(name), items=((url, url),))


def _replayed() -> Iterator[Case]:
    def replay(name: str, **changes: object) -> Case:
        return _again(name, first=_with_key(name), status=201, replayed=True, **changes)

    yield replay("same key, same bytes")
    name = "same key, other white space"
    yield replay(name, body=body_of(f"repeat {name}").replace(b": ", b" :\t"))
    name = "same key, null for absent"
    yield replay(name, body=body_of(f"repeat {name}", category=None))
    yield replay("same key, other key of the sender", key="second")
    yield replay("same key, a day before", later=timedelta(days=-1))
    yield replay("same key, 29 days later", later=timedelta(days=29, hours=23))
    longest = "x" * 200
    yield _again(
        "longest key",
        first=_first("longest key", body_of("repeat longest"), key=longest),
        status=201,
        replayed=True,
    )
    signs = "!\"#$%&'()*+-./:;<=>?@[\\]^_`{|}~"
    yield _again(
        "signs", first=_first("signs", body_of("repeat signs"), key=signs), status=201, replayed=True
    )


def _not_replayed() -> Iterator[Case]:
    yield _again(
        "no key, same bytes", first=_first("no key, same bytes", body_of("repeat no key")), status=200
    )
    name = "no key, a year later"
    yield _again(name, first=_first(name, body_of("repeat a year")), status=200, later=timedelta(days=365))
    name = "no key, an hour before"
    yield _again(name, first=_first(name, body_of("repeat an hour")), status=200, later=timedelta(hours=-1))
    yield _again("another key", first=_with_key("another key"), status=200, headers=_key("fresh"))
    yield _again(
        "key in capitals", first=_with_key("key in capitals"), status=200, headers=_key("KEY-keyincapitals")
    )
    name = "key over after 30 days"
    yield _again(name, first=_with_key(name), status=200, later=DAYS_30 + timedelta(seconds=1))
    name = "no key, other white space"
    first = _first(name, body_of(f"repeat {name}"))
    yield _again(name, first=first, status=200, body=b"\n" + first.body + b"\n")


def _refused() -> Iterator[Case]:
    def refused(name: str, status: int, code: str, body: bytes, **changes: object) -> Case:
        return _again(
            name, first=_with_key(name), status=status, code=code, body=body, repeats=None, **changes
        )

    name = "same key, other referral"
    yield refused(name, 422, "idempotency_key_reused", _other(name))
    name = "same key, same reference, other content"
    yield refused(name, 422, "idempotency_key_reused", body_of(f"repeat {name}", reason=f"{CANARY} other"))
    name = "same key, no json"
    yield refused(name, 400, "not_strict_json", b"{")
    name = "same key, broken rule"
    yield refused(name, 422, "too_short", body_of(f"repeat {name}", reason=""), pointer="/reason")
    name = "other key, same reference, other content"
    yield refused(
        name,
        409,
        "reference_conflict",
        body_of(f"repeat {name}", urgency="threat_to_life"),
        headers=_key("k9"),
    )
    name = "same reference after 31 days"
    yield refused(
        name,
        409,
        "reference_conflict",
        body_of(f"repeat {name}", urgency="threat_to_life"),
        later=timedelta(days=31),
    )
    name = "replay without authorization"
    yield refused(
        name, 401, "key_required", body_of(f"repeat {name}"), headers=(*_key("k"), ("Authorization", ""))
    )
    name = "replay as html"
    yield refused(
        name, 406, "not_acceptable", body_of(f"repeat {name}"), headers=(*_key("k"), ("Accept", "text/html"))
    )


def _used_by_nobody() -> Iterator[Case]:
    """A key whose first answer was no success, or whose 30 days are over, is free."""

    def free(name: str, *before: Case, **changes: object) -> Case:
        case = _first(name, body_of(f"repeat {name}"), key="free-" + "".join(filter(str.isalnum, name)))
        steps = tuple(replace(step, headers=case.headers) for step in before)
        return replace(case, name=name, before=steps, **changes)  # type: ignore[arg-type]

    empty = Case(CATEGORY, "empty", b"", 400, "not_strict_json")
    broken = Case(CATEGORY, "broken", body_of("x", reason=""), 422, "too_short", "/reason")
    yield free("free after 400", empty)
    yield free("free after 422", broken)
    yield free("free after both, twice", empty, broken, empty, broken)
    taken = _first("taken", body_of("repeat taken"))
    conflict = Case(CATEGORY, "conflict", body_of("repeat taken", reason="x"), 409, "reference_conflict")
    yield replace(
        free("free after 409", conflict), before=(taken, replace(conflict, headers=_key("free-freeafter409")))
    )
    name = "free after 30 days"
    yield free(name, _first_other(name), later=DAYS_30 + timedelta(seconds=1))
    yield free("free for another sender", _first_other("another sender"), key="other")
    name = "same reference of another sender"
    yield replace(
        _first(name, body_of(f"repeat {name}")),
        name=name,
        key="other",
        before=(_first(name, body_of(f"repeat {name}")),),
    )


def _keys_that_are_none() -> Iterator[Case]:
    for name, headers in {
        "empty key": _key(""),
        "key with a space": _key("a b"),
        "key of 201 characters": _key("x" * 201),
        "key of letters beyond ascii": _key("schlüssel"),
        "key with a tab": _key("a\tb"),
        "two keys in one header": _key("a,b"),
        "two headers": (*_key("a"), ("Idempotency-Key", "b")),
        "one header twice": (*_key("a"), ("Idempotency-Key", "a")),
    }.items():
        yield Case(CATEGORY, name, body_of(f"repeat {name}"), 400, "bad_request", headers=headers)


CASES = named(
    CATEGORY, [*_replayed(), *_not_replayed(), *_refused(), *_used_by_nobody(), *_keys_that_are_none()]
)
