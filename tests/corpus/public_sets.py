"""The public sets through HTTP: JSONTestSuite, the URL cases of the WHATWG, the list of naughty strings."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from review.domain.locations import LONGEST_URL
from tests.corpus.cases import PUBLIC_HOSTS, URL, Case, Stored, body_of, escaped_body_of, members_of
from tests.corpus.running import Answer, Judge, problems_of

URL_CODES = frozenset(
    {"url_empty", "url_too_long", "url_not_valid", "url_scheme", "url_no_host", "not_our_host"}
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_BROKEN_CHARACTER = re.compile("[\x00\ud800-\udfff]")


class _Twice(Exception):
    """A member is named twice."""


# JSONTestSuite


def json_cases(folder: Path) -> Iterator[tuple[Case, frozenset[int]]]:
    """Each text as a whole body and as the value of an unknown member, with the statuses allowed."""
    for path in sorted((folder / "json_parsing").rglob("*.json")):
        text = path.read_bytes()
        verdict = path.name[:2] if path.parent.name == "test_parsing" else "i_"
        body = body_of(path.name)[:-1] + b', "x": ' + text + b"}"
        for name, sent, whole in ((path.name, text, True), (f"{path.name} inside", body, False)):
            allowed = frozenset({400, 422})
            if verdict == "n_":
                allowed = frozenset({400})
            elif verdict == "y_":
                allowed = frozenset({422 if _strict(text, whole=whole) else 400})
            yield Case("JSONTestSuite", name, sent, 0), allowed


def _strict(text: bytes, *, whole: bool) -> bool:
    """Whether valid JSON keeps what we demand beyond it: an object, no member twice, whole characters."""

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) < len(pairs):
            raise _Twice
        return dict(pairs)

    try:
        value = json.loads(text, object_pairs_hook=members)
    except _Twice:
        return False
    if any(_BROKEN_CHARACTER.search(part) for part in _strings_in(value)):
        return False
    return isinstance(value, dict) or not whole


def _strings_in(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, member in value.items():
            yield name
            yield from _strings_in(member)
    elif isinstance(value, list):
        for element in value:
            yield from _strings_in(element)


def judge_json(judge: Judge, folder: Path) -> int:
    """Send all; how many there were."""
    number = 0
    for case, allowed in json_cases(folder):
        number += 1
        before, answer = judge.counts_before(), judge.send(case)
        problems = []
        if answer.status not in allowed:
            problems.append(f"status {answer.status}, not {sorted(allowed)}: {answer.body[:200]!r}")
        elif answer.status == 400:
            problems += problems_of(answer, "not_strict_json", None)
        else:
            problems += problems_of(answer, "invalid_referral", None)
        changed = {name: count for name, count in judge.counts().items() if count != before[name]}
        if set(changed) - {"referral.refused"}:
            problems.append(f"it changed {changed}")
        judge.failures += [f"{case}: {problem}" for problem in problems]
    return number


# URLs of the WHATWG


def _ours(hostname: str) -> bool:
    """Written apart from the program: whether a host of a vector is on our list."""
    return any(
        hostname == host.removeprefix(".") or (host.startswith(".") and hostname.endswith(host))
        for host in PUBLIC_HOSTS
    )


def _canonical(vector: dict[str, Any]) -> str:
    search = vector["search"]
    if not search and vector["href"].partition("#")[0].endswith("?"):
        search = "?"
    return f"{vector['protocol']}//{vector['host']}{vector['pathname']}{search}"


def url_cases(folder: Path) -> Iterator[Case]:
    """What can stand alone is sent as it is, a relative reference as what it resolves to."""
    vectors = [
        entry
        for entry in json.loads((folder / "url" / "urltestdata.json").read_bytes())
        if isinstance(entry, dict)
    ]
    seen: set[str] = set()
    for number, vector in enumerate(vectors):
        alone = vector.get("base") is None
        if vector.get("failure") and not alone:
            continue
        url = vector["input"] if alone else vector["href"]
        if url in seen:
            continue
        seen.add(url)
        name = f"{number} {url!a}"[:150]
        body = escaped_body_of(f"{number}", items=[{"url": url}])
        if _BROKEN_CHARACTER.search(url):
            yield Case("WHATWG", name, body, 400, "not_strict_json")
        elif vector.get("failure"):
            yield Case("WHATWG", name, body, 422, "refused", "/items/0/url")
        elif vector["protocol"] not in ("http:", "https:"):
            yield Case("WHATWG", name, body, 422, "url_scheme", "/items/0/url")
        elif not _ours(vector["hostname"]):
            yield Case("WHATWG", name, body, 422, "not_our_host", "/items/0/url")
        else:
            yield Case("WHATWG", name, body, 201, stored=Stored(((url, _canonical(vector)),)))


def relative_cases(folder: Path) -> Iterator[Case]:
    """References that need a base, sent without one: never resolved against anything of ours."""
    entries = json.loads((folder / "url" / "urltestdata.json").read_bytes())
    for number, vector in enumerate(entries):
        if isinstance(vector, dict) and vector.get("base") is not None:
            url = vector["input"]
            yield Case(
                "WHATWG", f"{number} alone", escaped_body_of(f"{number} alone", items=[{"url": url}]), 0
            )


def judge_urls(judge: Judge, folder: Path) -> int:
    """Send all; how many there were."""
    number = 0
    for case in url_cases(folder):
        number += 1
        if case.code == "refused":
            judge.failures += [f"{case}: {problem}" for problem in _refused_url(judge.send(case))]
        else:
            judge.judge(case)
    for case in relative_cases(folder):
        number += 1
        answer = judge.send(case)
        if answer.status == 201:
            address = answer.json["items"][0]["canonical_url"]
            host = re.fullmatch(r"https?://([^/:?]+|\[[^]]+\])(?::\d+)?/.*", address, re.DOTALL)
            if host is None or not _ours(host[1]):
                judge.failures.append(f"{case}: stored as {address}")
        elif answer.status != 400 or answer.json["type"] != "/errors/not_strict_json":
            judge.failures += [f"{case}: {problem}" for problem in _refused_url(answer)]
    return number


def _refused_url(answer: Answer) -> Iterator[str]:
    if answer.status != 422:
        yield f"status {answer.status}: {answer.body[:200]!r}"
        return
    entries = answer.json["errors"]
    if [entry["pointer"] for entry in entries] != ["/items/0/url"] or entries[0]["code"] not in URL_CODES:
        yield f"errors {entries}"
    else:
        yield from problems_of(answer, entries[0]["code"], "/items/0/url")


# naughty strings


def _texts(number: int, text: str) -> tuple[Case, set[tuple[str, str]]]:
    """The string in every text that may be free, and what is wrong with that by the rules of http.md."""
    reference = f"{number} {text}"[:200]
    columns: dict[str, Any] = {
        "reference": reference,
        "reason": text,
        "issuing_authority": text,
        "legal_basis": text,
        "requested_action": text[:200],
    }
    piece = {"name": text[:255], "media_type": "text/plain", "content": "AAAA"}
    good, path = f"{URL}/{number}", f"https://video.example/{text}"
    items = [{"url": good, "description": text, "evidence": [piece]}, {"url": text}, {"url": path}]
    body = escaped_body_of("", **columns, contact={"name": text[:200]}, items=items)
    wrong = set()
    for pointer, value in (
        ("/reference", reference),
        ("/contact/name", text[:200]),
        ("/items/0/evidence/0/name", text[:255]),
    ):
        if _CONTROL.search(value):
            wrong.add((pointer, "control_character"))
    for pointer, value in (("/reason", text), ("/items/0/evidence/0/name", text)):
        if not value.strip():
            wrong = {entry for entry in wrong if entry[0] != pointer} | {(pointer, "too_short")}
    case = Case("naughty strings", f"{number} {text!a}"[:100], body, 422 if wrong else 201)
    return case, wrong


def _closed(number: int, text: str) -> Case:
    """The string in every member that takes only a list, a time or a digest, and as the name of a member."""
    item = {"url": f"{URL}/{number}", "content_type": text, "published_at": text, "sha256": text}
    names = (
        "category",
        "keyword",
        "issuing_country",
        "detected_at",
        "urgency",
        "intake_kind",
        "transmitted_via",
    )
    members = members_of(
        f"closed {number}", **dict.fromkeys(names, text), contact={"email": text}, items=[item]
    )
    members[f"x{text}"] = text
    return Case("naughty strings", f"{number} closed", json.dumps(members).encode(), 422)


CLOSED = {
    ("/category", "not_in_list"),
    ("/keyword", "not_in_list"),
    ("/issuing_country", "not_a_country"),
    ("/detected_at", "not_a_time"),
    ("/urgency", "not_in_list"),
    ("/intake_kind", "not_in_list"),
    ("/transmitted_via", "not_in_list"),
    ("/items/0/content_type", "not_in_list"),
    ("/items/0/published_at", "not_a_time"),
    ("/items/0/sha256", "not_a_digest"),
}


def judge_strings(judge: Judge, folder: Path) -> int:
    """Send all; how many requests that took."""
    strings = json.loads((folder / "strings" / "blns.json").read_bytes())
    for number, text in enumerate(strings):
        case, wrong = _texts(number, text)
        problems = list(_of_texts(judge, case, judge.send(case), wrong, text))
        answer = judge.send(_closed(number, text))
        found = {(entry["pointer"], entry["code"]) for entry in answer.json.get("errors", ())}
        if (
            answer.status != 422
            or not found >= CLOSED
            or not {"/contact/email"} <= {place for place, _ in found}
        ):
            problems.append(f"closed members: {answer.status}, without {CLOSED - found}")
        if not any(code == "unknown_member" for _, code in found):
            problems.append("the unknown member is not named")
        judge.failures += [f"{case}: {problem}" for problem in problems]
    return 2 * len(strings)


def _of_texts(
    judge: Judge, case: Case, answer: Answer, wrong: set[tuple[str, str]], text: str
) -> Iterator[str]:
    if answer.status != case.status:
        yield f"status {answer.status}, not {case.status}: {answer.body[:300]!r}"
    elif wrong:
        found = {(entry["pointer"], entry["code"]) for entry in answer.json["errors"]}
        if found != wrong:
            yield f"errors {found}, not {wrong}"
    else:
        body = answer.json
        sent = json.loads(case.body)
        urls = [item["url"] for item in sent["items"]]
        code = body["refused_items"][0]["errors"][0]["code"] if body["refused_items"] else "none"
        if [item["url"] for item in body["items"]] != [urls[0], urls[2]] or code not in URL_CODES:
            yield f"items {body['items']}, refused {body['refused_items']}"
        if not all(item["canonical_url"].startswith("https://video.example/") for item in body["items"]):
            yield f"another location: {body['items']}"
        if (code == "url_too_long") != (len(text) > LONGEST_URL):
            yield f"refused as {code}"
        columns = {name: sent[name] for name in ("reference", "reason", "issuing_authority", "legal_basis")}
        yield from judge.kept_otherwise(body["id"], case.body, columns)
