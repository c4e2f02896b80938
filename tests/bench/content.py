"""Believable rows for big databases: referrals, items, cases and their genuine events, as plain tuples.

Times and truth values are written in the form that both databases read: text in UTC, and 0 or 1.
"""

import json
import os
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from review.domain import commitments, merkle
from review.domain.ids import new_id
from review.domain.signed_note import encode_base64
from review.queries.search_entries import MARK

COLUMNS: dict[str, tuple[str, ...]] = {
    "senders": ("id", "trail_version", "name", "kind", "country", "created_at"),
    "sender_keys": ("id", "trail_version", "sender_id", "prefix", "digest", "scopes", "created_at"),
    "accounts": (
        "id", "trail_version", "trail_id", "pseudonym", "email", "name", "role", "password_once",
        "created_at",
    ),
    "clauses": ("id", "trail_version", "document", "number", "created_at"),
    "clause_versions": (
        "id", "clause_id", "version", "title", "text", "text_sha256", "valid_from", "created_at",
    ),
    "referrals": (
        "id", "trail_version", "sender_id", "key_id", "reference", "intake_kind", "transmitted_via", "reason",
        "category", "keyword", "issuing_authority", "issuing_country", "requested_action", "urgency",
        "language", "contact_name", "contact_email", "good_faith", "content_digest", "body_sha256",
        "body_length", "received_body", "splices", "received_at", "updated_at", "change_position",
    ),
    "items": (
        "id", "trail_version", "referral_id", "position", "url_as_sent", "defanged", "canonical_url",
        "match_key", "content_type", "language", "status", "case_id", "joined_version", "joined_at",
    ),
    "cases": (
        "id", "trail_version", "match_digest", "intake_kind", "state", "rank", "severity", "content_type",
        "language", "items_live", "opened_at", "due_at", "version", "claim_generation", "decided_at",
    ),
    "reviews": (
        "id", "case_id", "round", "account_id", "outcome", "decline_reason", "rationale", "statement",
        "account_measure", "territory", "context", "over_broad", "case_version", "claim_generation",
        "recorded_at", "undo_until", "dispatched_at",
    ),
    "decisions": ("id", "case_id", "review_id", "outcome", "decided_at"),
    "answers": ("item_id", "decision_id", "body", "answered_at"),
    "search_entries": ("kind", "term", "at", "object_id"),
    "search_marks": ("id", "change_position", "referral_id"),
    "openings": (
        "eid", "envelope", "salt", "fields", "recorded_at", "event_type", "object_kind", "object_id",
        "object_version",
    ),
    "leaves": ("position", "eid", "leaf_hash"),
    "tiles": ("level", "number", "hashes", "root"),
    "tree_heads": ("size", "previous_size", "root"),
}  # fmt: skip
"""Columns that are filled, in the order of each row; all others stay empty."""

SPAN = timedelta(hours=90)
"""The backlog reaches back this far, so that some cases are overdue and most are not."""
TARGET = timedelta(hours=72)
DECIDED_EVERY = 11
JOINED_EVERY = 20
MODERATORS = 64
CLAUSES = 24
SMALL_SENDERS = 996
"""Beside the four large ones: half of all referrals are spread over them."""
_REASONS = (
    ("STATEMENT_CATEGORY_RISK_FOR_PUBLIC_SECURITY", "en", "Branded propaganda video of a listed "
     "organisation; the logo is visible throughout, the speaker asks viewers to join and names a place."),
    ("STATEMENT_CATEGORY_VIOLENCE", "de", "Der Beitrag droht einer namentlich genannten Person Gewalt an und "
     "ruft andere dazu auf, am Samstag vor ihrem Haus zu erscheinen."),
    ("STATEMENT_CATEGORY_ILLEGAL_OR_HARMFUL_SPEECH", "fr", "La publication appelle à la haine contre un "
     "groupe protégé et reprend les slogans d'une organisation interdite."),
    ("STATEMENT_CATEGORY_SCAMS_AND_FRAUD", "nl", "Het bericht doet zich voor als een bank en vraagt om "
     "inloggegevens; de pagina waarnaar wordt verwezen is sinds gisteren actief."),
)  # fmt: skip
_KINDS = ("iru", "competent_authority", "trusted_flagger", "civil_society")
_RATIONALE = "The post reports on the event and quotes the video; nothing in it praises or recruits."
_STATEMENT = "Thank you. We looked at the content and found no breach of our terms."

Rows = dict[str, list[tuple[Any, ...]]]


def moment(at: datetime) -> str:
    """A time as both databases read it."""
    return f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond:06d}"


@dataclass(frozen=True)
class People:
    """Who refers and who judges in a filled desk; ``key`` is the API key of the first sender.

    ``keys``: id and API key of every sender, the large ones, which are ``senders``, first.
    """

    key: str
    key_id: str
    senders: tuple[str, ...]
    keys: tuple[tuple[str, str], ...]
    moderators: tuple[tuple[str, str], ...]
    legal: str
    clauses: tuple[str, ...]


@dataclass
class Trail:
    """The events of a filled desk in their order, and the tree over them as it grows."""

    frontier: merkle.Frontier = field(default_factory=merkle.Frontier)
    position: int = 0

    def add(
        self,
        rows: Rows,
        event_type: str,
        subject: tuple[str, str, int],
        *,
        actor: tuple[str, str],
        at: datetime,
        fields: Mapping[str, bytes],
        meta: Mapping[str, str | int | bool],
        previous: str | None = None,
    ) -> str:
        """One genuine event with its leaf; its id."""
        eid = secrets.token_hex(16)
        random = os.urandom(32 * (len(fields) + 1))
        salt = random[:32]
        keys = [random[start : start + 32] for start in range(32, len(random), 32)]
        keyed = list(zip(fields.items(), keys, strict=True))
        envelope: dict[str, Any] = {
            "v": 1,
            "eid": eid,
            "t": moment(at).replace(" ", "T") + "Z",
            "type": event_type,
            "actor": {"kind": actor[0], "id": actor[1]},
            "obj": {"kind": subject[0], "id": subject[1], "version": subject[2]},
        }
        if fields:
            envelope["c"] = {
                name: commitments.commit_field(eid, name, value, key=key) for (name, value), key in keyed
            }
        if meta:
            envelope["meta"] = dict(meta)
        if previous is not None:
            envelope["prev"] = previous
        text = json.dumps(envelope, sort_keys=True, separators=(",", ":")).encode()
        opened = {name: [encode_base64(key), encode_base64(value)] for (name, value), key in keyed}
        leaf = merkle.leaf_hash(commitments.leaf_entry(text, salt=salt))
        rows["openings"].append((eid, text, salt, json.dumps(opened), moment(at), event_type, *subject))
        rows["leaves"].append((self.position, eid, leaf))
        self.frontier.append(leaf)
        self.position += 1
        return eid


def people_rows(at: datetime) -> tuple[People, Rows]:
    """Senders with their keys, moderators, one lawyer and our terms."""
    rows: Rows = {name: [] for name in COLUMNS}
    now, keys = moment(at), _senders(rows, moment(at))
    moderators = []
    for number in range(MODERATORS + 1):
        role = "legal" if number == MODERATORS else "moderator"
        account, trail_id = new_id("A"), secrets.token_hex(8)
        name = f"{role}{number}"
        rows["accounts"].append(
            (account, 0, trail_id, f"Reviewer {number}", f"{name}@desk.example", name, role, 0, now)
        )
        moderators.append((account, trail_id))
    clauses = []
    for number in range(1, CLAUSES + 1):
        clause, version = new_id("L"), new_id("W")
        text = f"Content must not do what rule {number} names. " * 6
        rows["clauses"].append((clause, 0, "Community terms", str(number), now))
        rows["clause_versions"].append(
            (version, clause, 1, f"Rule {number}", text, sha256(text.encode()).hexdigest(), "2026-01-01", now)
        )
        clauses.append(version)
    legal = moderators.pop()[0]
    senders = tuple(sender for sender, _key in keys[: len(_KINDS)])
    key_id = rows["sender_keys"][0][0]
    return People(keys[0][1], key_id, senders, keys, tuple(moderators), legal, tuple(clauses)), rows


def _senders(rows: Rows, now: str) -> tuple[tuple[str, str], ...]:
    """The large senders, one of each kind, and the small ones; a key for each."""
    found = []
    for number in range(len(_KINDS) + SMALL_SENDERS):
        sender, key = new_id("S"), "rr_" + secrets.token_urlsafe(32)
        kind = _KINDS[min(number, len(_KINDS) - 1)]
        rows["senders"].append((sender, 0, f"Referral Unit {number + 1}", kind, "BE", now))
        digest = sha256(key.encode()).hexdigest()
        rows["sender_keys"].append((new_id("K"), 0, sender, key[:8], digest, "refer read", now))
        found.append((sender, key))
    return tuple(found)


@dataclass(frozen=True)
class Sample:
    """One stored referral that pages can be asked for."""

    referral: str
    reference: str
    case: str
    decided: bool
    url: str
    digest: str


class Desk:
    """Makes the rows of numbered cases, oldest first; ``now`` is when the desk was filled."""

    def __init__(self, people: People, *, cases: int, now: datetime) -> None:
        self.people = people
        self.total = cases + cases // (DECIDED_EVERY - 1)
        self.now = now
        self.trail = Trail()
        self.referrals = 0
        self.samples: list[Sample] = []

    def rows(self, chunk: int = 5_000) -> Iterator[Rows]:
        """All rows, in chunks of so many cases."""
        for first in range(0, self.total, chunk):
            rows: Rows = {name: [] for name in COLUMNS}
            for number in range(first, min(first + chunk, self.total)):
                self._case(rows, number)
            if first + chunk >= self.total:  # all of them are read in for search
                rows["search_marks"].append((MARK, self._change_position(), "R-ZZZZ-ZZZZ-ZZZZ"))
            yield rows

    def _change_position(self) -> int:
        return self.referrals // 2000 + 1

    def _case(self, rows: Rows, number: int) -> None:
        at = self.now - SPAN * (1 - number / self.total)
        decided = number % DECIDED_EVERY == DECIDED_EVERY - 1
        count = 2 if number % JOINED_EVERY == JOINED_EVERY - 1 and not decided else 1
        case_id, path = new_id("C"), secrets.token_hex(6)
        url = f"https://video.example/watch/{path}?list=PL{number % 977:04d}"
        digest = sha256(url.encode()).hexdigest()
        items = [self._referral(rows, number, case_id, url, at, version=place + 1) for place in range(count)]
        rank = 0 if number % 100 == 50 else 2
        due = at + (timedelta(hours=1) if rank == 0 else TARGET)
        closed = moment(at + timedelta(minutes=20)) if decided else None
        language = _REASONS[number % len(_REASONS)][1]
        rows["cases"].append(
            (case_id, 3 if decided else 0, digest, "referral", "decided" if decided else "open", rank, "low",
             "video", language, count, moment(at), moment(due), count + decided, int(decided), closed)
        )  # fmt: skip
        if decided:
            self._decide(rows, number, case_id, items[0], at)

    def _referral(
        self, rows: Rows, number: int, case_id: str, url: str, at: datetime, *, version: int
    ) -> tuple[str, str]:
        """One referral with one item of this case; the ids of both."""
        category, language, reason = _REASONS[number % len(_REASONS)]
        people, referral, item = self.people, new_id("R"), new_id("I")
        sender = self._sender(number, version)
        reference = f"EUIRU-2026-{self.referrals:08d}"
        self.referrals += 1
        body = json.dumps(
            {"reference": reference, "reason": reason, "category": category, "language": language,
             "issuing_authority": "Federal Judicial Police", "issuing_country": "BE",
             "requested_action": "remove", "contact": {"name": "Duty desk", "email": "desk@police.example"},
             "good_faith": True, "items": [{"url": url, "content_type": "video", "language": language}]}
        ).encode()  # fmt: skip
        sent, now = sha256(body).hexdigest(), moment(at)
        key_id = people.key_id if sender == people.senders[0] else None
        rows["referrals"].append(
            (referral, 1, sender, key_id, reference, "referral", "api", reason, category, None,
             "Federal Judicial Police", "BE", "remove", "normal", language, "Duty desk",
             "desk@police.example", 1, sent, sent, len(body), body, "[]", now, now,
             self._change_position())
        )  # fmt: skip
        rows["search_entries"] += [("body", sent, now, referral), ("host", "video.example", now, item)]
        decided = number % DECIDED_EVERY == DECIDED_EVERY - 1
        rows["items"].append(
            (item, int(decided), referral, 0, url, 0, url, url, "video", language,
             "decided" if decided else "in_review", case_id, version, now)
        )  # fmt: skip
        key = {} if key_id is None else {"key": key_id.encode()}
        self.trail.add(
            rows, "referral.received", ("referral", referral, 1), actor=("sender", sender), at=at,
            fields={
                "reference": reference.encode(), "body_sha256": sent.encode(), "refused_items": b"[]",
                "items": f'[{{"id":"{item}","url":"{url}"}}]'.encode(),
                "cases": f'{{"{item}":"{case_id}"}}'.encode(),
                **key,
            },
            meta={"intake_kind": "referral", "transmitted_via": "api", "urgency": "normal"},
        )  # fmt: skip
        if sender == people.senders[0] and (decided or number % 4 == 0):
            self._remember(Sample(referral, reference, case_id, decided, url, sent))
        return referral, item

    def _sender(self, number: int, version: int) -> str:
        """Every other case comes from a small sender; what joins it later from a large one."""
        large, small = self.people.senders, self.people.keys[len(self.people.senders) :]
        if number % 2 and version == 1:
            return small[number // 2 % len(small)][0]
        return large[(number + version - 1) % len(large)]

    def _remember(self, sample: Sample) -> None:
        """Keep about a thousand, spread over all."""
        every = max(1, self.total // 4 // 1000)
        if self.referrals // 4 % every == 0:
            self.samples.append(sample)

    def _decide(self, rows: Rows, number: int, case_id: str, ids: tuple[str, str], at: datetime) -> None:
        account, trail_id = self.people.moderators[number % MODERATORS]
        review, decision, item = new_id("V"), new_id("D"), ids[1]
        recorded, sent = at + timedelta(minutes=15), at + timedelta(minutes=20)
        answer = json.dumps({"outcome": "declined", "decline_reason": "no_breach", "statement": _STATEMENT})
        rows["reviews"].append(
            (review, case_id, "first", account, "declined", "no_breach", _RATIONALE, _STATEMENT, "none",
             "world", "none", 0, 1, 1, moment(recorded), moment(sent), moment(sent))
        )  # fmt: skip
        rows["decisions"].append((decision, case_id, review, "declined", moment(sent)))
        rows["answers"].append((item, decision, answer.encode(), moment(sent)))
        person, service = ("account", trail_id), ("service", "service")
        claimed = self.trail.add(
            rows, "case.claimed", ("case", case_id, 1), actor=person, at=at, fields={},
            meta={"generation": 1, "way": "next"},
        )  # fmt: skip
        judged = self.trail.add(
            rows, "case.review_recorded", ("case", case_id, 2), actor=person, at=recorded, previous=claimed,
            fields={
                "review": review.encode(), "rationale": _RATIONALE.encode(), "statement": _STATEMENT.encode(),
                "territory": b"world",
            },
            meta={
                "round": "first", "outcome": "declined", "decline_reason": "no_breach", "generation": 1,
                "account": "none", "context": "none", "over_broad": False, "version": 1,
            },
        )  # fmt: skip
        self.trail.add(
            rows, "item.answered", ("item", item, 1), actor=service, at=sent,
            fields={"answer": answer.encode()}, meta={"outcome": "declined"},
        )  # fmt: skip
        self.trail.add(
            rows, "case.decided", ("case", case_id, 3), actor=service, at=sent, previous=judged,
            fields={"decision": decision.encode(), "review": review.encode()}, meta={"outcome": "declined"},
        )  # fmt: skip


def start_of(now: datetime | None = None) -> datetime:
    """The moment of filling, whole seconds, aware."""
    return (now or datetime.now(UTC)).replace(microsecond=0)
