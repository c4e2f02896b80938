"""Builders of people, senders, terms and referrals for tests; each gives plain ids or actors."""

import hashlib
import itertools
import json
import secrets
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from flask import current_app
from flask.testing import FlaskClient

from review import clock, db
from review.actions.referrals import Received, receive_referral
from review.domain.ids import new_id
from review.domain.permissions import Actor, Role, Scope
from review.domain.referrals import Intake, read_referral
from review.formats.strict_json import parse_object
from review.models import Account, Case, Clause, ClauseVersion, Item, Referral, Sender, SenderKey, SignIn

_numbers = itertools.count(1)
PASSWORD = "correct horse battery staple"


def make_account(role: Role = Role.MODERATOR, *, sender_id: str | None = None) -> Actor:
    """A person of that role, stored without a password; returns the actor."""
    number = next(_numbers)
    account = Account(
        id=new_id("A"),
        trail_id=f"person-{number}",
        pseudonym=f"Reviewer {number}",
        email=f"person{number}@desk.example",
        name=f"Person {number}",
        role=role,
        sender_id=sender_id,
        password_hash=None,
        created_at=clock.now(),
    )
    with db.transaction() as writer:
        writer.add(account)
    return Actor(kind="account", id=account.trail_id, account_id=account.id, role=role, sender_id=sender_id)


def make_sender(name: str | None = None, *, kind: str = "iru") -> str:
    """An organisation that refers; returns its id."""
    sender = Sender(
        id=new_id("S"), name=name or f"Unit {next(_numbers)}", kind=kind, country="BE", created_at=clock.now()
    )
    with db.transaction() as writer:
        writer.add(sender)
    return sender.id


def make_key(sender_id: str, *scopes: Scope) -> str:
    """An API key of that sender (all of refer and read unless said); returns the key itself."""
    key = f"rr_{next(_numbers):08d}" + "x" * 40
    with db.transaction() as writer:
        writer.add(
            SenderKey(
                id=new_id("K"),
                sender_id=sender_id,
                prefix=key[:8],
                digest=hashlib.sha256(key.encode()).hexdigest(),
                scopes=" ".join(scopes or (Scope.REFER, Scope.READ)),
                created_at=clock.now(),
            )
        )
    return key


def sender_actor(sender_id: str, *scopes: Scope) -> Actor:
    """The actor behind a key of that sender."""
    return Actor(
        kind="sender",
        id=sender_id,
        sender_id=sender_id,
        scopes=frozenset(scopes or (Scope.REFER, Scope.READ)),
    )


def make_clause(number: str = "4.2", text: str = "No praise of listed organisations.") -> str:
    """A clause of our terms with one version in force; returns the id of the version."""
    now = clock.now()
    clause = Clause(id=new_id("L"), document="Terms", number=number, created_at=now)
    version = ClauseVersion(
        id=new_id("W"),
        clause_id=clause.id,
        version=1,
        title=f"Clause {number}",
        text=text,
        text_sha256=hashlib.sha256(text.encode()).hexdigest(),
        valid_from=now.date(),
        created_at=now,
    )
    with db.transaction() as writer:
        writer.add(clause)
        writer.flush()
        writer.add(version)
    return version.id


def referral_body(reference: str | None = None, *urls: str, **members: Any) -> bytes:
    """The JSON of a referral as a sender would post it."""
    body = {
        "reference": reference or f"REF-{next(_numbers)}",
        "reason": "Branded propaganda video of a listed organisation.",
        "items": [
            {"url": url, "content_type": "video"} for url in urls or ("https://video.example/watch/1",)
        ],
    } | members
    return json.dumps(body).encode()


def make_sign_in(client: FlaskClient, role: Role, *, sender_id: str | None = None) -> Actor:
    """Sign a new person of that role in on this client, past the password; returns the actor."""
    if role is Role.SENDER and sender_id is None:
        sender_id = make_sender()
    actor = make_account(role, sender_id=sender_id)
    token = secrets.token_urlsafe(32)
    now = clock.now()
    with db.transaction() as writer:
        writer.add(
            SignIn(
                token_digest=hashlib.sha256(token.encode()).hexdigest(),
                account_id=actor.account_id,
                role=role,
                created_at=now,
                last_used_at=now,
                expires_at=now + timedelta(hours=12),
            )
        )
    with client.session_transaction() as session:
        session["_user_id"] = token
    return actor


def make_intake(body: bytes) -> Intake:
    """The referral behind a body, read with the hosts of this desk, as of a sender that may order."""
    return read_referral(parse_object(body), hosts=current_app.config["REVIEW_HOSTS"], may_order=True)


def receive(
    actor: Actor, *urls: str, reference: str | None = None, key: str | None = None, **members: Any
) -> Received:
    """Take a referral of that sender in; returns what it was answered."""
    body = referral_body(reference, *urls, **members)
    return receive_referral(
        make_intake(body),
        body=body,
        idempotency_key=key,
        actor=actor,
        settings=current_app.config["REVIEW_SETTINGS"],
    )


def make_case(
    *,
    items: int = 1,
    url: str | None = None,
    intake_kind: str = "referral",
    rank: int = 2,
    severity: str = "low",
    due_in: timedelta = timedelta(hours=72),
    sender_id: str | None = None,
    **members: Any,
) -> str:
    """An open case with items of as many referrals, ``members`` of the referral; returns the case's id."""
    now, number = clock.now(), next(_numbers)
    url = url or f"https://video.example/watch/{number}"
    case = Case(
        id=new_id("C"), match_digest=hashlib.sha256(url.encode()).hexdigest(), intake_kind=intake_kind,
        state="open", rank=rank, severity=severity, content_type="video", language="ar", items_live=0,
        opened_at=now, due_at=now + due_in, version=0, claim_generation=0,
    )  # fmt: skip
    with db.transaction() as writer:
        writer.add(case)
    for _item in range(items):
        join_case(case.id, url=url, sender_id=sender_id, **members)
    return case.id


def join_case(case_id: str, *, url: str = "", sender_id: str | None = None, **members: Any) -> str:
    """One more item for a case, of a referral of its own, as receiving would join it; its id."""
    now, number = clock.now(), next(_numbers)
    sender_id = sender_id or make_sender()
    url = url or "https://video.example/watch/again"
    with db.transaction() as writer:
        case = writer.get_one(Case, case_id)
        case.version, case.items_live = case.version + 1, case.items_live + 1
        values: dict[str, Any] = {
            "reference": f"CANARY-REFERENCE-{number}", "reason": "Praise of a listed organisation.",
            "category": "STATEMENT_CATEGORY_VIOLENCE", "issuing_authority": "Duty desk of Ghent",
            "requested_action": "remove",
        } | members  # fmt: skip
        referral = Referral(
            id=new_id("R"), sender_id=sender_id, intake_kind=case.intake_kind, transmitted_via="api",
            urgency="normal", content_digest="0" * 64, body_sha256="0" * 64, body_length=2,
            received_body=b"{}", splices=[], received_at=now, updated_at=now, change_position=0, **values,
        )  # fmt: skip
        item = Item(
            id=new_id("I"), referral_id=referral.id, position=0, url_as_sent=url, defanged=False,
            canonical_url=url, match_key=url, content_type="video", language="ar", status="in_review",
            case_id=case_id, joined_version=case.version, joined_at=now,
        )  # fmt: skip
        writer.add(referral)
        writer.flush()
        writer.add(item)
    return item.id


def make_accounts(count: int, role: Role = Role.MODERATOR) -> list[Actor]:
    """So many people of that role in one go, stored without passwords; their actors."""
    now, people, rows = clock.now(), [], []
    for number in itertools.islice(_numbers, count):
        actor = Actor(kind="account", id=f"person-{number}", account_id=new_id("A"), role=role)
        people.append(actor)
        rows.append({
            "id": actor.account_id, "trail_id": actor.id, "trail_version": 0, "password_once": False,
            "pseudonym": f"Reviewer {number}", "email": f"person{number}@desk.example",
            "name": f"Person {number}", "role": role.value, "created_at": now,
        })  # fmt: skip
    with db.transaction() as writer:
        writer.execute(sa.insert(Account), rows)
    return people


def make_cases(count: int) -> list[str]:
    """So many open cases of one item each in one go, in queue order; all of one referral."""
    now, number, sender_id = clock.now(), next(_numbers), make_sender()
    referral = {
        "id": new_id("R"), "trail_version": 0, "sender_id": sender_id, "reference": f"MANY-{number}",
        "intake_kind": "referral", "transmitted_via": "api", "reason": "Praise of a listed organisation.",
        "urgency": "normal", "content_digest": "0" * 64, "body_sha256": "0" * 64, "body_length": 2,
        "received_body": b"{}", "splices": [], "received_at": now, "updated_at": now, "change_position": 0,
    }  # fmt: skip
    ids, cases, items = [new_id("C") for _case in range(count)], [], []
    for place, case_id in enumerate(ids):
        url = f"https://video.example/many/{number}/{place}"
        cases.append({
            "id": case_id, "trail_version": 0, "match_digest": hashlib.sha256(url.encode()).hexdigest(),
            "intake_kind": "referral", "state": "open", "rank": 2, "severity": "low", "items_live": 1,
            "opened_at": now, "due_at": now + timedelta(hours=72, seconds=place), "version": 1,
            "claim_generation": 0,
        })  # fmt: skip
        items.append({
            "id": new_id("I"), "trail_version": 0, "referral_id": referral["id"], "position": place,
            "url_as_sent": url, "defanged": False, "canonical_url": url, "match_key": url,
            "status": "in_review", "case_id": case_id, "joined_version": 1, "joined_at": now,
        })  # fmt: skip
    with db.transaction() as writer:
        writer.execute(sa.insert(Referral), referral)
        for start in range(0, count, 1000):
            writer.execute(sa.insert(Case), cases[start : start + 1000])
            writer.execute(sa.insert(Item), items[start : start + 1000])
    return ids
