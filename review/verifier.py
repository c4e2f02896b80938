"""What does this evidence bundle prove? Checks it offline with Python and ``cryptography`` alone.

    python verifier.py --policy POLICY [bundle.jsonl] [receipt ...]

POLICY is a C2SP tlog-policy as ``/log/policy`` gives it, or a bare key of the desk; take it from elsewhere
than what is checked. Exit 0: all was proven; 1: something is false; 2: it cannot be read or judged.
"""

import argparse
import base64
import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from hmac import digest
from pathlib import Path
from typing import IO, Any, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

LONGEST_LINE, LARGEST_BUNDLE, MOST_SENTENCES, RECEIPT = 16 << 20, 1 << 30, 20, "c2sp.org/tlog-proof@v1"
_DECIMAL, _WORD = re.compile(r"0|[1-9][0-9]{0,17}"), re.compile(r"[!-~]{1,128}")
_EID, _HASH = re.compile(r"[0-9a-f]{32}"), re.compile(r"[0-9a-f]{64}")
_MALFORMED = (ValueError, TypeError, LookupError, AttributeError, RecursionError)
Told = dict[str, Any]


class Unreadable(Exception):
    """The input has not the form that it should have; the sentence says where."""


class Untrue(Exception):
    """The input says something that does not hold; the sentence names it."""


def _check(condition: object, sentence: str, kind: type[Exception] = Unreadable) -> None:
    if not condition:
        raise kind(sentence)


def _shown(text: object) -> str:
    return ascii(str(text)[:200])[1:-1]  # for terminals


def _unbase64(text: str, length: int | None = None) -> bytes:
    raw = base64.b64decode(text, validate=True)
    _check(base64.b64encode(raw).decode() == text and length in (None, len(raw)), "it has other base64")
    return raw


def _read_json(raw: bytes) -> Told:
    """One object in canonical JSON (RFC 8785) without fractions; no name twice, because that would differ."""
    value = json.loads(raw.decode(), parse_float=int, parse_constant=int)
    again = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    _check(isinstance(value, dict) and again == raw, "it is not one JSON object in its canonical spelling")
    return dict(value)


def _members(value: Any, wanted: str, optional: str = "") -> Told:
    names, more = set(wanted.split()), set(optional.split())
    _check(isinstance(value, dict) and names <= value.keys() <= names | more, "it has other members")
    return dict(value)


@dataclass
class Policy:
    """Whom to believe (C2SP tlog-policy): groups say how many of whom; keys by name and id of 4 bytes."""

    logs: dict[tuple[str, bytes], bytes] = field(default_factory=dict)
    witnesses: dict[tuple[str, bytes], bytes] = field(default_factory=dict)
    called: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    groups: dict[str, tuple[int, set[str]]] = field(default_factory=dict)
    quorum: str = ""

    def is_reached(self, checkpoint: "Checkpoint") -> bool:
        """Whether enough witnesses cosigned."""
        reached = {"none"} | {name for name, key in self.called.items() if key in checkpoint.cosigners}
        for name, (wanted, parts) in self.groups.items():
            reached |= {name} if len(parts & reached) >= wanted else set()
        return self.quorum in reached


def _read_key(text: str, kind: int) -> tuple[tuple[str, bytes], bytes]:
    name, key_id, encoded = [*text.split("+", 2), "", ""][:3]
    raw = _unbase64(encoded, 33)
    computed = sha256(name.encode() + b"\n" + raw).digest()[:4]
    _check(name and raw[0] == kind and computed.hex() == key_id, "a key is malformed or of another kind")
    return (name, computed), raw[1:]


def read_policy(text: str) -> Policy:
    """A tlog-policy, or the bare key of a log without witnesses."""
    policy = Policy()
    lines = [line.split() for line in text.splitlines() if line.strip() and line.strip()[0] != "#"]
    if len(lines) == 1 and len(lines[0]) == 1:
        lines = [["log", *lines[0]], ["quorum", "none"]]
    for words in lines:
        known = policy.called.keys() | policy.groups.keys()
        match words:
            case ["log", key, *url] if len(url) < 2:
                policy.logs.update([_read_key(key, 1)])
            case ["witness", name, key, *url] if len(url) < 2 and name not in known | {"none"}:
                policy.called[name], public = _read_key(key, 4)
                policy.witnesses[policy.called[name]] = public
            case ["group", name, number, *parts] if name not in known | {"none"} and set(parts) <= known:
                number = {"any": "1", "all": str(len(parts))}.get(number, number)
                _check(_DECIMAL.fullmatch(number) and 1 <= int(number) <= len(set(parts)), "a bad group")
                policy.groups[name] = (int(number), set(parts))
            case ["quorum", name] if name in known | {"none"} and not policy.quorum:
                policy.quorum = name
            case _:
                raise Unreadable(f"the line '{' '.join(words)}' of the policy is not understood")
    _check(policy.logs and policy.quorum, "the policy names no log or no quorum")
    return policy


class Checkpoint(NamedTuple):
    """What a log of the policy signed; ``cosigners``: keys of witnesses and the time in seconds of each."""

    origin: str
    size: int
    root: bytes
    cosigners: Mapping[tuple[str, bytes], int]


def read_checkpoint(note: str, policy: Policy) -> Checkpoint:
    """The checkpoint in a signed note (C2SP tlog-checkpoint, tlog-cosignature), its signatures checked."""
    body, gap, tail = note.rpartition("\n\n")
    (origin, size, root), lines = [*body.split("\n"), "", "", ""][:3], tail.split("\n")
    whole = gap and body.count("\n") == 2 and _DECIMAL.fullmatch(size) and lines.pop() == ""
    _check(whole and 1 <= len(lines) <= 100, "a checkpoint is malformed")
    text, cosigners, claims = f"{body}\n".encode(), {}, []
    for line in lines:
        dash, name, encoded = [*line.split(" "), "", ""][:3]
        raw = _unbase64(encoded)
        _check(dash == "\u2014" and line.count(" ") == 2 and len(raw) > 4, "a signature line is malformed")
        key = (name, raw[:4])
        if name == origin and key in policy.logs:
            claims.append((policy.logs[key], raw[4:], text))
        elif key in policy.witnesses:
            cosigners[key] = int.from_bytes(raw[4:12], "big")
            timed = b"cosignature/v1\ntime %d\n" % cosigners[key] + text
            claims.append((policy.witnesses[key], raw[12:], timed))
    _check(any(one[2] == text for one in claims), f"no key in the policy signed its checkpoint of {size}")
    try:
        for public, signature, claim in claims:
            Ed25519PublicKey.from_public_bytes(public).verify(signature, claim)
    except InvalidSignature:
        raise Untrue(f"A signature of the checkpoint of {size} entries is wrong.") from None
    return Checkpoint(origin, int(size), _unbase64(root, 32), cosigners)


def _climb(place: int, last: int, start: bytes, path: Sequence[bytes]) -> tuple[bytes, bytes] | None:
    """Both roots that a path leads to, the older from its left steps alone (RFC 9162, 2.1.3.2, 2.1.4.2)."""
    old = new = start
    for step in path:
        if last == 0:
            return None
        if place & 1 or place == last:
            old, new = (sha256(b"\x01" + step + one).digest() for one in (old, new))
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            new = sha256(b"\x01" + new + step).digest()
        place, last = place >> 1, last >> 1
    return (old, new) if last == 0 else None


def is_consistent(first: Checkpoint, second: Checkpoint, path: Sequence[bytes]) -> bool:
    """Whether the path shows that the second tree begins with the whole first, smaller one."""
    steps = [first.root, *path] if first.size & (first.size - 1) == 0 else list(path)
    if not 0 < first.size < second.size or not steps:  # a new name goes on with the same tree
        return False
    place, last = first.size - 1, second.size - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    return _climb(place, last, steps[0], steps[1:]) == (first.root, second.root)


def read_event(opening: Told, index: int, path: list[bytes], under: Checkpoint) -> tuple[Told, Told, str]:
    """Envelope, opened values and name of an event that is in the log; ``Untrue`` where anything differs."""
    envelope, salt = opening["envelope"].encode(), _unbase64(opening["salt"], 32)
    told = _read_envelope(envelope)
    name = f"{told['type']} on {told['obj']['kind']} {told['obj']['id']}, index {index}"
    entry = b"referral-review/leaf/v1\n" + digest(salt, envelope, "sha256").hex().encode()
    reached = _climb(index, under.size - 1, sha256(b"\x00" + entry).digest(), path)
    held = 0 <= index < under.size and reached is not None and reached[1] == under.root
    _check(held, f"The checkpoint of {under.size} entries does not hold {name} as it is here.", Untrue)
    context, values = b"referral-review/field/v1\x00" + bytes.fromhex(told["eid"]) + b"\x00", {}
    for field_name, one in _members(opening["fields"], "", " ".join(told.get("c", {}))).items():
        given = _members(one, "key", "text value")
        value = given["text"].encode() if "text" in given else _unbase64(given["value"])
        message = context + field_name.encode() + b"\x00" + value
        kept = digest(_unbase64(given["key"], 32), message, "sha256").hex() == told["c"][field_name]
        _check(kept and len(given) == 2, f"The field {field_name} of {name} is not as committed to.", Untrue)
        values[field_name] = value.decode(errors="replace")
    return told, values, name


def _read_envelope(envelope: bytes) -> Told:
    told = _members(_read_json(envelope), "v eid t type actor obj", "prev meta c")
    subject, committed = _members(told["obj"], "kind id", "version"), dict(told.get("c", {}))
    words = [*_members(told["actor"], "kind id", "session request").values(), told["type"], told["t"]]
    forms = [(word, _WORD) for word in (*words, subject["kind"], subject["id"], *committed)]
    forms += [(one, _HASH) for one in committed.values()]
    forms += [(told["eid"], _EID), (told.get("prev", told["eid"]), _EID)]
    right = all(isinstance(text, str) and form.fullmatch(text) for text, form in forms)
    plain = isinstance(told.get("meta", {}), dict) and type(subject.get("version", 1)) is int
    _check(right and plain and told["v"] == 1, "an envelope is malformed")
    return told


@dataclass
class Rules:
    """Follows the events in their order: the chain of each object, claims before reviews, four eyes."""

    last: dict[str, tuple[int, str | None]] = field(default_factory=dict)
    holders: dict[str, tuple[str | None, object]] = field(default_factory=dict)
    standing: dict[str, list[tuple[object, str, str | None]]] = field(default_factory=dict)
    due: dict[str, str] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    def follow(self, told: Told, values: Told) -> Iterator[str]:
        """What is wrong with the next event."""
        case, version = f"{told['obj']['kind']} {told['obj']['id']}", told["obj"].get("version")
        kind, (before, eid) = told["type"], self.last.get(case, (0, None))
        self.counts[kind] = self.counts.get(kind, 0) + 1
        if (version or before + 1) != before + 1:
            yield f"it is version {version}, but version {before + 1} is missing"
        elif told.get("prev") != (eid if version else None):
            yield f"it does not follow version {before} of its object"
        self.last |= {case: (version, told["eid"])} if version else {}
        yield from self._follow_case(case, kind, told, values)

    def _follow_case(self, case: str, kind: str, told: Told, values: Told) -> Iterator[str]:
        meta, actor, standing = told.get("meta", {}), told["actor"]["id"], self.standing.get(case, [])
        here = [one for one in standing if one[0]]  # the others are behind a decision that was made
        if kind in ("case.claimed", "case.assigned"):
            holder = actor if kind == "case.claimed" else values.get("holder")
            self.holders[case] = (holder, meta.get("generation"))
        elif kind in ("case.released", "case.claim_expired"):
            self.holders.pop(case, None)
        elif kind in ("case.second_review_due", "case.complaint_received", "case.complaint_carried"):
            self.due[case] = "second" if kind == "case.second_review_due" else "complaint"
        elif kind == "case.review_undone":
            self.standing[case] = [one for one in standing if one[0] != meta.get("round")]
        elif kind == "case.review_recorded":
            holder, generation = self.holders.pop(case, ("", None))
            if holder is not None and (holder, generation) != (actor, meta.get("generation")):
                yield "there is no claim by the same person before it"
            if any(actor == one[1] for one in standing):
                yield "the same person reviewed the case before, so that these are no four eyes"
            rounds = ("complaint",) if self.due.get(case) == "complaint" else ("first", "second", "resolving")
            if meta.get("round") not in rounds[len(here) :][:1]:
                yield "it is not the round that comes next"
            self.standing[case] = [*standing, (meta.get("round"), actor, values.get("review"))]
        elif kind in ("case.decided", "case.upheld", "case.reversed", "case.review_dropped"):
            reviews, rests_on = {one[2] for one in here}, values.get("review")
            dropped, rests = kind == "case.review_dropped", not rests_on or {None, rests_on} & reviews
            if not (dropped or (reviews and rests)):
                yield "there is no review before it that it rests on"
            if kind == "case.decided" and self.due.get(case) == "second" and len(here) < 2:
                yield "a second review was due and there is none"
            self.due[case], self.standing[case] = "", [(None, *one[1:]) for one in standing if not dropped]


@dataclass
class Report:
    """What came out: ``wrong`` sentences, event ids by index, kept checkpoints by size, openings erased."""

    policy: Policy
    wrong: list[str] = field(default_factory=list)
    events: dict[int, str] = field(default_factory=dict)
    kept: dict[int, Checkpoint] = field(default_factory=dict)
    erased: list[str] = field(default_factory=list)
    rules: Rules = field(default_factory=Rules)
    newest: Checkpoint | None = None
    alone: bool = False  # receipts without a bundle

    def read_bundle(self, file: IO[bytes]) -> None:
        """Check a bundle, line by line, down to its digest."""
        seen, number, header = sha256(), 0, None
        while True:
            line, number = file.readline(LONGEST_LINE + 1), number + 1
            try:
                _check(line.endswith(b"\n") and len(line) <= LONGEST_LINE, "it is cut off or too long")
                told = _read_json(line[:-1])
                if "sha256" in told:
                    break
                seen.update(line)
                self._take(told) if header else None
                header = header or _members(told, "format cases referrals objects events checkpoints")
            except Untrue as error:
                self.wrong.append(str(error))
            except (Unreadable, *_MALFORMED) as error:
                raise Unreadable(f"line {number} of the bundle: {error}") from None
        known = (header or {}).get("format") == "referral-review/bundle/v1" and not file.read(1)
        _check(known, "this is no bundle of events")
        self._say(told == {"sha256": seen.hexdigest()}, "The bundle was changed: its digest is another one.")
        found = [len(self.events), len(self.kept), {name: last[0] for name, last in self.rules.last.items()}]
        same = header and found == [header[name] for name in ("events", "checkpoints", "objects")]
        self._say(same, "Events, checkpoints or versions are missing, or more are here than the bundle says.")
        self._say(self.newest and self.policy.is_reached(self.newest), "The newest lacks the quorum.")

    def _say(self, holds: object, sentence: str) -> None:
        self.wrong += [] if holds else [sentence]

    def _take(self, told: Told) -> None:
        if "checkpoint" in told:
            path = [_unbase64(one, 32) for one in _members(told, "checkpoint consistency")["consistency"]]
            found, before = read_checkpoint(told["checkpoint"], self.policy), self.newest
            self.kept[found.size] = self.newest = found
            grown = is_consistent(before, found, path) if before else not path
            self._say(grown, f"The checkpoint of {found.size} entries does not continue the one before it.")
            return
        index, path = told["index"], [_unbase64(one, 32) for one in told["path"]]
        _members(told, "index envelope salt fields closed path")
        if self.newest is None or type(index) is not int or index <= next(reversed(self.events), -1):
            raise Untrue(f"Index {_shown(index)} is out of order, or no checkpoint vouches for it.")
        event, values, name = read_event(told, index, path, self.newest)
        self.events[index] = event["eid"]
        closed = sorted(set(event.get("c", {})) - values.keys())
        self._say(closed == told["closed"], f"{name}: an opening is missing that is not said to be.")
        self.erased += [f"{one} of {name}" for one in closed]
        self.wrong += [f"{name}: {reason}." for reason in self.rules.follow(event, values)]

    def read_receipt(self, raw: bytes) -> str:
        """The name of the event that this receipt (C2SP tlog-proof) proves, one in the bundle if any."""
        head, _, note = raw.decode().partition("\n\n")
        first, extra, index, *path = head.split("\n")
        named = first == RECEIPT and extra[:6] == "extra " and index[:6] == "index "
        opening = _members(_read_json(_unbase64(extra[6:])), "v envelope salt fields")
        _check(named and _DECIMAL.fullmatch(index[6:]) and repr(opening["v"]) == "1", "it is no receipt")
        under = read_checkpoint(note, self.policy)
        place, hashes = int(index[6:]), [_unbase64(one, 32) for one in path]
        event, _values, name = read_event(opening, place, hashes, under)
        here = self.alone or self.events.get(place) == event["eid"]
        _check(here, f"It is of {name}, which is not in the bundle.", Untrue)
        _check(self.policy.is_reached(under), f"Its checkpoint of {under.size} lacks the quorum.", Untrue)
        same = self.kept.get(under.size, under).root == under.root
        _check(same, f"Its checkpoint of {under.size} entries is of another tree than the rest.", Untrue)
        self.newest = self.kept.setdefault(under.size, under) if self.alone else self.newest
        return name


def _sentences(report: Report, receipts: Sequence[str], refused: Sequence[str]) -> Iterator[str]:
    newest, counts = report.newest, report.rules.counts
    decisions = counts.get("case.decided", 0) + counts.get("case.reversed", 0)
    yield from (f"FALSE: {sentence}" for sentence in (*report.wrong[:MOST_SENTENCES], *refused))
    if report.wrong or newest is None:
        yield f"{len(report.wrong or refused)} statements are false; rely on nothing here."
        return
    yield f"PROVEN, by the key of {_shown(newest.origin)}:"
    if not report.alone:
        yield f"- {len(report.events)} events stand unchanged in the log of {newest.size} entries;"
        yield f"- {len(report.kept)} checkpoints are signed, and each continues the one before;"
        yield from (f"- {name}: versions 1 to {last[0]};" for name, last in report.rules.last.items())
        yield f"- {counts.get('case.review_recorded', 0)} reviews, each by the holder of the case, no two"
        yield f"  by one person; {decisions} decisions, each after the reviews that it needed;"
    yield from (f"- receipt: {name};" for name in receipts)
    for (name, _id), seconds in newest.cosigners.items():
        yield f"- {_shown(name)} saw the log by second {seconds} since 1970, so it existed no later;"
    yield "NOT proven:"
    yield from () if newest.cosigners else ["- any time: without a witness it is the desk's own claim;"]
    yield from (f"- {name}: committed, opening erased;" for name in report.erased)
    yield "- that what was recorded is true, and what happened in events that are not here."


def main() -> int:
    """Check what the command line names; 0 proven, 1 false, 2 unreadable."""
    parser = argparse.ArgumentParser(description="Check an evidence bundle or receipts offline.")
    parser.add_argument("--policy", required=True, type=Path)
    parser.add_argument("files", nargs="+", type=Path, help="a bundle, receipts, or a bundle and receipts")
    asked, proven, refused = parser.parse_args(), [], []
    try:
        for path in (asked.policy, *asked.files):
            most = LARGEST_BUNDLE if path is asked.files[0] else 8 << 20
            _check(path.is_file() and path.stat().st_size <= most, f"{path} is no file or too large")
        report = Report(read_policy(asked.policy.read_text("utf-8")))
        with asked.files[0].open("rb") as file:
            report.alone = file.peek(len(RECEIPT)).startswith(RECEIPT.encode())
            report.read_bundle(file) if not report.alone else None
        for path in asked.files if report.alone else asked.files[1:]:
            try:
                proven.append(report.read_receipt(path.read_bytes()))
            except Untrue as error:
                refused.append(f"Receipt {_shown(path.name)}: {error}")
    except (Unreadable, OSError, MemoryError, *_MALFORMED) as error:
        print(f"It cannot be read: {_shown(error)}.")
        return 2
    print("\n".join(_sentences(report, proven, refused)))
    return 1 if report.wrong or refused else 0


if __name__ == "__main__":
    sys.exit(main())
