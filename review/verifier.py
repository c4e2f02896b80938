"""What does this evidence bundle prove? Checks it offline with Python and ``cryptography`` alone.

    python verifier.py --policy POLICY [--values told|all|none] [bundle.jsonl] [receipt ...]

POLICY is a C2SP tlog-policy as ``/log/policy`` gives it, or a bare key of the desk; take it from elsewhere
than what is checked. Exit 0: all was proven; 1: something is false; 2: it cannot be read or judged.
"""

import argparse
import base64
import json
import re
import sys
import textwrap
from collections.abc import Iterator, Sequence
from hashlib import sha256
from hmac import digest
from pathlib import Path
from typing import IO, Any
from unicodedata import east_asian_width

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

LONGEST_LINE, LARGEST_BUNDLE, MOST_SENTENCES, RECEIPT = 16 << 20, 1 << 30, 20, "c2sp.org/tlog-proof@v1"
LONGEST_VALUE, LONGEST_UNFOLDED, WIDTH, BUNDLE = 1000, 1 << 20, 79, "referral-review/bundle/v1"
ORDER = "the order is --policy POLICY, then one bundle, then receipts, or receipts alone"
_DECIMAL, _WORD = re.compile(r"0|[1-9][0-9]{0,17}"), re.compile(r"[!-~]{1,128}")
_EID, _HASH, _KEY = (re.compile(one) for one in ("[0-9a-f]{32}", "[0-9a-f]{64}", "[A-Za-z0-9+/]{44}"))
_BLANKS = "\u115f\u1160\u2800\u3164\uffa0"  # which nobody sees, and which are no spaces
_MALFORMED = (ValueError, TypeError, LookupError, AttributeError, RecursionError)
_KIND = re.compile(rb"(?m)(?P<receipt>\Ac2sp\.org/)|(?P<bundle>\A\{)|(?P<policy>^log\s\S+\+|\A\S+\+\w{8}\+)")
_FAR: dict[str, Any] = {"subsequent_indent": " " * 8, "break_on_hyphens": False}
Told = dict[str, Any]


class _Odd(Exception): ...  # of no such form


class _False(Exception): ...  # of such a form, but false


def _check(condition: object, sentence: str, kind: type[Exception] = _Odd) -> None:
    if not condition:
        raise kind(sentence)


def _shown(text: object, most: int = 200) -> str:  # on one line, controls and marks of direction as numbers
    return "".join(c if c.isprintable() and c not in _BLANKS else ascii(c)[1:-1] for c in str(text)[:most])


def _plain(error: BaseException) -> str:
    place, kind = getattr(error, "start", getattr(error, "pos", -1)) + 1, getattr(error, "encoding", "JSON")
    odd = f"character {place} is no {kind}" if place else "a value is of a wrong kind"
    return str(error) if isinstance(error, _Odd) else getattr(error, "strerror", "") or f"{odd}; get it anew"


def _unbase64(text: str, length: int | None = None) -> bytes:
    raw = base64.b64decode(text, validate=True)
    _check(base64.b64encode(raw).decode() == text and length in (None, len(raw)), "its base64 is not whole")
    return raw


def _read_json(raw: bytes) -> Told:  # one object in canonical JSON (RFC 8785), no fractions, no name twice
    value = json.loads(raw.decode(), parse_float=int, parse_constant=int)
    again = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    _check(isinstance(value, dict) and again == raw, "it is not one JSON object in its canonical spelling")
    return dict(value)


def _members(value: Any, wanted: str, optional: str = "") -> Told:
    names, here = set(wanted.split()), set(value) if isinstance(value, dict) else set()
    lost, odd = (", ".join(sorted(one)) for one in (names - here, here - names - {*optional.split()}))
    wrong = f"it lacks {lost or 'nothing'}, and of what it has is unknown: {_shown(odd, 50) or 'nothing'}"
    _check(isinstance(value, dict) and not lost + odd, wrong)
    return dict(value)


def _key(text: str, kind: int) -> tuple[str, bytes] | None:
    name, key_id, encoded = [*text.split("+", 2), "", ""][:3]
    raw = base64.b64decode(encoded) if _KEY.fullmatch(encoded) else b"?"
    known = sha256(name.encode() + b"\n" + raw).hexdigest()[:8] == key_id
    return (f"{name}+{key_id}", raw[1:]) if name and raw[0] == kind and known else None


class _Policy:  # whom to believe (C2SP tlog-policy, or a bare key); groups say how many of whom
    def __init__(self, text: str) -> None:
        self.logs, self.witnesses, self.quorum = dict[str, bytes](), dict[str, bytes](), ""
        self.called, self.groups = dict[str, str](), dict[str, tuple[int, set[str]]]()
        lines = ["" if line.lstrip()[:1] == "#" else line for line in text.splitlines()]
        lines = ["log " + "".join(lines), "quorum none"] if len(" ".join(lines).split()) == 1 else lines
        for number, line in enumerate(lines, 1):
            wrong = f"line {number} of the policy, '{_shown(line, 80)}', is not understood; see /log/policy"
            used = {"none", *self.called, *self.groups}
            match line.split():
                case ["log", key, *url] if len(url) < 2 and (found := _key(key, 1)):
                    self.logs.update([found])
                case ["witness", name, key, *url] if not (url[1:] or name in used) and (got := _key(key, 4)):
                    self.called[name], self.witnesses[got[0]] = got
                case ["group", name, wanted, *parts] if {name} - used and set(parts) <= used - {"none"}:
                    wanted = {"any": "1", "all": str(len(parts))}.get(wanted, wanted)
                    _check(_DECIMAL.fullmatch(wanted) and 1 <= int(wanted) <= len(set(parts)), wrong)
                    self.groups[name] = (int(wanted), set(parts))
                case ["quorum", name] if name in used and not self.quorum:
                    self.quorum = name
                case [_, *_]:
                    raise _Odd(wrong)
        _check(self.logs and self.quorum, "the policy names no log or no quorum; fetch it from /log/policy")

    def is_reached(self, checkpoint: "_Checkpoint") -> bool:  # whether enough witnesses cosigned
        reached = {"none"} | {name for name, key in self.called.items() if key in checkpoint.cosigners}
        for name, (wanted, parts) in self.groups.items():
            reached |= {name} if len(parts & reached) >= wanted else set()
        return self.quorum in reached


class _Checkpoint:  # what a log of the policy signed (C2SP tlog-checkpoint), and when who cosigned
    def __init__(self, note: str, policy: _Policy) -> None:
        body, gap, tail = note.rpartition("\n\n")
        (self.origin, size, root), lines = [*body.split("\n"), "", "", ""][:3], tail.split("\n")
        whole = gap and body.count("\n") == 2 and _DECIMAL.fullmatch(size) and lines.pop() == ""
        _check(whole and 1 <= len(lines) <= 100, "a checkpoint is malformed")
        text, claims, self.cosigners = f"{body}\n".encode(), [], dict[str, int]()
        for line in lines:
            dash, name, encoded = [*line.split(" "), "", ""][:3]
            raw = _unbase64(encoded)
            _check(dash == "\u2014" and line.count(" ") == 2 and len(raw) > 4, "a signature is malformed")
            key = f"{name}+{raw[:4].hex()}"
            if name == self.origin and key in policy.logs:
                claims.append((policy.logs[key], raw[4:], text))
            elif key in policy.witnesses:
                self.cosigners[key] = int.from_bytes(raw[4:12], "big")
                timed = b"cosignature/v1\ntime %d\n" % self.cosigners[key] + text
                claims.append((policy.witnesses[key], raw[12:], timed))
        missing = f"no key in the policy signed its checkpoint of {size}; fetch the policy from /log/policy"
        _check(any(one[2] == text for one in claims), missing)
        try:
            for public, signature, claim in claims:
                Ed25519PublicKey.from_public_bytes(public).verify(signature, claim)
        except InvalidSignature:
            raise _False(f"A signature of the checkpoint of {size} entries is wrong.") from None
        self.size, self.root = int(size), _unbase64(root, 32)

    def continues(self, first: "_Checkpoint", path: Sequence[bytes]) -> bool:  # with the whole first tree
        steps = [first.root, *path] if first.size & (first.size - 1) == 0 else list(path)
        if not 0 < first.size < self.size or not steps:  # a new name goes on with the same tree
            return False
        odd = (first.size & -first.size).bit_length() - 1  # the older tree's last steps upwards
        start, *rest = steps
        return _climb(first.size - 1 >> odd, self.size - 1 >> odd, start, rest) == (first.root, self.root)


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


class _Event:  # in the log: envelope, opened values and name; ``_False`` where anything differs
    def __init__(self, opening: Told, index: int, path: list[bytes], under: _Checkpoint) -> None:
        envelope, salt = opening["envelope"].encode(), _unbase64(opening["salt"], 32)
        self.told = told = _members(_read_json(envelope), "v eid t type actor obj", "prev meta c")
        subject, committed = _members(told["obj"], "kind id", "version"), dict(told.get("c", {}))
        words = [*_members(told["actor"], "kind id", "session request").values(), told["type"], told["t"]]
        forms = [(word, _WORD) for word in (*words, subject["kind"], subject["id"], *committed)]
        forms += [(one, _HASH) for one in committed.values()] + [(one, _WORD) for one in told.get("meta", {})]
        forms += [(told["eid"], _EID), (told.get("prev", told["eid"]), _EID)]
        right = all(isinstance(text, str) and form.fullmatch(text) for text, form in forms)
        plain = isinstance(told.get("meta", {}), dict) and type(subject.get("version", 1)) is int
        _check(right and plain and told["v"] == 1, "an envelope is malformed")
        self.name = name = f"{told['type']} on {subject['kind']} {subject['id']}, index {index}"
        entry = b"referral-review/leaf/v1\n" + digest(salt, envelope, "sha256").hex().encode()
        reached = _climb(index, under.size - 1, sha256(b"\x00" + entry).digest(), path)
        held = 0 <= index < under.size and reached is not None and reached[1] == under.root
        _check(held, f"The checkpoint of {under.size} entries does not hold {name} as it is here.", _False)
        self.values = dict[str, bytes]()
        context = b"referral-review/field/v1\x00" + bytes.fromhex(told["eid"]) + b"\x00"
        for field, one in _members(opening["fields"], "", " ".join(committed)).items():
            got = _members(one, "key", "text value")
            value = self.values[field] = got["text"].encode() if "text" in got else _unbase64(got["value"])
            message = context + field.encode() + b"\x00" + value
            kept = digest(_unbase64(got["key"], 32), message, "sha256").hex() == committed[field]
            _check(kept and len(got) == 2, f"The field {field} of {name} is not as committed to.", _False)

    def lines(self, closed: str, shown: str) -> Iterator[str]:  # a field a line, none of them at the margin
        told, meta, names = self.told, self.told.get("meta", {}), self.told.get("c", {})
        if shown == "none" or (shown == "told" and not (names and "version" in told["obj"])):
            return
        head = f"{self.name}, {told['t']}, by {told['actor']['kind']} {told['actor']['id']}"
        yield from textwrap.wrap(head, WIDTH, initial_indent="  ", **_FAR)
        texts = [f"{name}: {json.dumps(one, ensure_ascii=False)}" for name, one in meta.items()]
        for line in (*texts, *(one for name in names for one in self._readable(name, closed).split("\n"))):
            part = line[:-1] + "-" if line.strip() in ("{", "[") else line.rstrip(" ,[{")
            whole = _shown(part, LONGEST_VALUE) if part.strip(" ]}") else ""
            whole += f" ... cut, of {len(part)} signs" if len(part) > LONGEST_VALUE else ""
            width = WIDTH // 2 if any(east_asian_width(c) in "WF" for c in whole) else WIDTH
            yield from textwrap.wrap(whole, width, initial_indent="    ", **_FAR)

    def _readable(self, name: str, closed: str) -> str:
        text = (value := self.values.get(name, b"")).decode(errors="replace")
        if name not in self.values or text.encode() != value:
            digest_of = f"{len(value)} bytes that are no text, SHA-256 {sha256(value).hexdigest()}"
            return f"{name}: {digest_of if name in self.values else closed}"
        try:  # lists and objects a member a line, unless that would show less than is there
            parsed = json.loads(text) if text[:1] in ("{", "[") and len(text) <= LONGEST_UNFOLDED else text
            same = json.dumps(parsed, ensure_ascii=False, separators=(",", ":")) == text
            return f"{name}: {json.dumps(parsed if same else text, ensure_ascii=False, indent=2)}"
        except (ValueError, RecursionError):
            return f"{name}: {json.dumps(text, ensure_ascii=False)}"


class _Report:  # what came out, and what the rules need to know of the events before
    def __init__(self, policy: _Policy, *, alone: bool, shown: str) -> None:
        self.policy, self.alone, self.shown = policy, alone, shown  # receipts alone; whose values are told
        self.wrong, self.erased, self.told = list[str](), list[str](), list[str]()
        self.events, self.kept, self.counts = dict[int, str](), dict[int, _Checkpoint](), dict[str, int]()
        self.last, self.due, self.holders, self.standing = Told(), Told(), Told(), Told()  # by case
        self.newest: _Checkpoint | None = None

    def read_bundle(self, file: IO[bytes]) -> None:
        seen, number, header = sha256(), 0, Told()
        while True:
            line, number = file.readline(LONGEST_LINE + 1), number + 1
            try:
                _check(line[:LONGEST_LINE].endswith(b"\n"), "it is missing, cut off or too long; get it anew")
                told = _read_json(line[:-1])
                if "sha256" in told:
                    break
                seen.update(line)
                self._take(told) if header else None
                header = header or _members(told, "format cases referrals objects events checkpoints")
            except _False as error:
                self.wrong.append(str(error))
            except (_Odd, *_MALFORMED) as error:
                raise _Odd(f"line {number} of the bundle: {_plain(error)}") from None
        _check(header.get("format") == BUNDLE and not file.read(1), "this is no bundle of events")
        self._say(told == {"sha256": seen.hexdigest()}, "The bundle was changed: its digest is another one.")
        found = [len(self.events), len(self.kept), {name: last[0] for name, last in self.last.items()}]
        same = header and found == [header[name] for name in ("events", "checkpoints", "objects")]
        self._say(same, "Events, checkpoints or versions are missing, or more are here than the bundle says.")
        self._say(self.newest and self.policy.is_reached(self.newest), "The newest lacks the quorum.")

    def _say(self, holds: object, sentence: str) -> None:
        self.wrong += [] if holds else [sentence]

    def _take(self, told: Told) -> None:
        if "checkpoint" in told:
            path = [_unbase64(one, 32) for one in _members(told, "checkpoint consistency")["consistency"]]
            found, before = _Checkpoint(told["checkpoint"], self.policy), self.newest
            self.kept[found.size] = self.newest = found
            grown = found.continues(before, path) if before else not path
            self._say(grown, f"The checkpoint of {found.size} entries does not continue the one before it.")
            return
        index = _members(told, "index envelope salt fields closed path")["index"]
        if self.newest is None or type(index) is not int or index <= next(reversed(self.events), -1):
            raise _False(f"Index {_shown(index)} is out of order, or no checkpoint vouches for it.")
        event = _Event(told, index, [_unbase64(one, 32) for one in told["path"]], self.newest)
        self.events[index] = event.told["eid"]
        closed = sorted(set(event.told.get("c", {})) - event.values.keys())
        self._say(closed == told["closed"], f"{event.name}: an opening is missing that is not said to be.")
        self.erased += [f"{one} of {event.name}" for one in closed]
        self.wrong += [f"{event.name}: {reason}." for reason in self._follow(event.told, event.values)]
        self.told += event.lines("erased", self.shown)

    def read_receipt(self, raw: bytes) -> str:  # (C2SP tlog-proof) the name of the event that it proves
        head, _, note = raw.decode().partition("\n\n")
        first, extra, index, *path = [*head.split("\n"), "", ""]
        named = first == RECEIPT and extra[:6] == "extra " and index[:6] == "index "
        _check(named and _DECIMAL.fullmatch(index[6:]), f"this is no receipt: no {RECEIPT}, extra, index")
        opening = _members(_read_json(_unbase64(extra[6:])), "v envelope salt fields")
        _check(repr(opening["v"]) == "1", "it is a receipt of another version")
        under, place = _Checkpoint(note, self.policy), int(index[6:])
        event = _Event(opening, place, [_unbase64(one, 32) for one in path[:-2]], under)
        here = self.alone or self.events.get(place) == event.told["eid"]
        _check(here, f"It is of {event.name}, which is not in the bundle.", _False)
        _check(self.policy.is_reached(under), f"Its checkpoint of {under.size} lacks the quorum.", _False)
        same = self.kept.get(under.size, under).root == under.root
        _check(same, f"Its checkpoint of {under.size} entries is of another tree than the rest.", _False)
        self.newest = self.kept.setdefault(under.size, under) if self.alone else self.newest
        self.told += event.lines("not opened here", self.shown if self.alone else "none")
        return event.name

    def _follow(self, told: Told, values: dict[str, bytes]) -> Iterator[str]:
        case, version = f"{told['obj']['kind']} {told['obj']['id']}", told["obj"].get("version")
        kind, (before, eid) = told["type"], self.last.get(case, (0, None))
        self.counts[kind] = self.counts.get(kind, 0) + 1
        if (version or before + 1) != before + 1:
            yield f"it is version {version}, but version {before + 1} is missing"
        elif told.get("prev") != (eid if version else None):
            yield f"it does not follow version {before} of its object"
        self.last |= {case: (version, told["eid"])} if version else {}
        yield from self._follow_case(case, kind, told, values)

    def _follow_case(self, case: str, kind: str, told: Told, values: dict[str, bytes]) -> Iterator[str]:
        meta, actor = told.get("meta", {}), told["actor"]["id"].encode()
        standing = self.standing.get(case, [])
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
            holder, generation = self.holders.pop(case, (b"", None))
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

    def sentences(self, receipts: Sequence[str], refused: Sequence[str]) -> Iterator[str]:
        newest, counts = self.newest, self.counts
        yield from (f"FALSE: {sentence}" for sentence in (*self.wrong[:MOST_SENTENCES], *refused))
        if self.wrong or newest is None:
            yield f"{len(self.wrong or refused)} statements are false; rely on nothing here."
            return
        yield f"PROVEN, by the key of {_shown(newest.origin)}:"
        if not self.alone:
            yield f"- {len(self.events)} events stand unchanged in the log of {newest.size} entries;"
            yield f"- {len(self.kept)} checkpoints are signed, and each continues the one before;"
            yield from (f"- {name}: versions 1 to {last[0]};" for name, last in self.last.items())
            yield f"- {counts.get('case.review_recorded', 0)} reviews, each by the holder of the case, no two"
            decisions = counts.get("case.decided", 0) + counts.get("case.reversed", 0)
            yield f"  by one person; {decisions} decisions, each after the reviews that it needed;"
        yield from (f"- receipt: {name};" for name in receipts)
        for key, seconds in newest.cosigners.items():
            yield f"- {_shown(key[:-9])} saw the log by second {seconds} since 1970, so it existed no later;"
        yield "NOT proven:"
        yield from () if newest.cosigners else ["- any time: without a witness it is the desk's own claim;"]
        yield from (f"- {name}: committed, opening erased;" for name in self.erased)
        yield "- that what was recorded is true, and what happened in events that are not here."
        yield from ["RECORDED, as it was committed to:", *self.told] if self.told else []


def _fits(path: Path, place: int) -> bool:  # whether it begins as a receipt; refused where it may not stand
    _check(path.is_file(), "it is a folder, not a file" if path.is_dir() else "no such file: check its name")
    with path.open("rb") as file:
        found, most = _KIND.search(file.read(4096)), LARGEST_BUNDLE if place == 1 else 8 << 20
    kind, role = (found and found.lastgroup) or "", ("policy", "bundle or receipt", "receipt")[min(place, 2)]
    begins = f"a {kind}" if kind else f"no {role}"
    wrong = f"it was taken for the {role} by its place, but begins like {begins}; {ORDER}"
    _check(kind in role and (kind or place != 1), wrong)
    _check(path.stat().st_size <= most, f"it has more than {most >> 20} MiB, which no {role} has")
    return kind == "receipt"


def main() -> int:
    """Check what the command line names; 0 proven, 1 false, 2 unreadable."""
    parser = argparse.ArgumentParser(description="Check an evidence bundle or receipts offline.")
    parser.add_argument("--policy", required=True, type=Path, help="whom to believe, as /log/policy gives it")
    parser.add_argument("--values", choices=("told", "all", "none"), default="told", help="of which events")
    parser.add_argument("files", nargs="+", type=Path, help="a bundle, receipts, or a bundle and receipts")
    asked, proven, refused = parser.parse_args(), [], []
    getattr(sys.stdout, "reconfigure", dict)(errors="backslashreplace")  # a terminal may lack letters
    try:
        begins = [_fits(path := one, place) for place, one in enumerate((asked.policy, *asked.files))]
        policy = _Policy((path := asked.policy).read_text("utf-8"))
        report = _Report(policy, alone=begins[1], shown=asked.values)
        with (path := asked.files[0]).open("rb") as file:
            report.read_bundle(file) if not report.alone else None
        for path in asked.files[not report.alone :]:
            try:
                proven.append(report.read_receipt(path.read_bytes()))
            except _False as error:
                refused.append(f"Receipt {_shown(path.name)}: {error}")
    except (_Odd, OSError, MemoryError, *_MALFORMED) as error:
        print(f"It cannot be read: {_shown(path)}: {_shown(_plain(error), 1000)}.")
        return 2
    print("\n".join(report.sentences(proven, refused)))
    return 1 if report.wrong or refused else 0


if __name__ == "__main__":
    sys.exit(main())
