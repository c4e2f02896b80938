"""`flask senders`: organisations that refer, and their keys."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

import click
from flask.cli import AppGroup

from review import db
from review.actions import senders as sender_actions
from review.actions.senders import KeyIssued
from review.cli.answers import day, end_of, json_option, refusals, tell, written
from review.domain.permissions import OPERATOR, Scope
from review.domain.senders import FlaggerEvidence
from review.errors import InvalidInput
from review.models.senders import SENDER_KINDS
from review.queries import senders as sender_queries
from review.queries.senders import KeyListed, SenderListed

senders = AppGroup("senders", help="Organisations that refer, and their API keys.")

_expires = click.option("--expires", type=day, help="Last day (YYYY-MM-DD, UTC) on which the key works.")


@senders.command("create")
@click.argument("name")
@click.option("--kind", required=True, type=click.Choice(SENDER_KINDS))
@click.option("--country", help="Two letters, ISO 3166-1.")
@click.option("--flagger-coordinator", help="Digital Services Coordinator that awarded the status.")
@click.option("--flagger-from", type=day, help="First day of trusted-flagger status.")
@click.option("--flagger-until", type=day, help="Last day of it.")
@json_option
def create(
    *,
    name: str,
    kind: str,
    country: str | None,
    flagger_coordinator: str | None,
    flagger_from: datetime | None,
    flagger_until: datetime | None,
    as_json: bool,
) -> None:
    """Enter an organisation; prints its id."""
    with refusals():
        flagger = _evidence(flagger_coordinator, flagger_from, flagger_until)
        sender_id = sender_actions.create_sender(
            name, kind=kind, country=country, flagger=flagger, actor=OPERATOR
        )
    tell({"id": sender_id, "name": name}, [f"{name} is created with the id {sender_id}."], as_json=as_json)


def _evidence(
    coordinator: str | None, valid_from: datetime | None, valid_until: datetime | None
) -> FlaggerEvidence | None:
    if coordinator is None and valid_from is None and valid_until is None:
        return None
    if coordinator is None or valid_from is None:
        raise InvalidInput("Trusted-flagger status needs --flagger-coordinator and --flagger-from.")
    return FlaggerEvidence(coordinator, valid_from.date(), valid_until.date() if valid_until else None)


@senders.command("list")
@json_option
def list_all(*, as_json: bool) -> None:
    """All organisations with their keys, and the keys of the platform."""
    found = sender_queries.list_senders(db.session())
    platform = sender_queries.platform_keys(db.session())
    sentences: list[str] = []
    for sender in found:
        sentences.append(f"{sender.sender_id}  {sender.name}  {sender.kind}  {sender.country or '-'}")
        sentences += [
            f"  trusted flagger by {award.coordinator}, {award.valid_from} to {award.valid_until or 'no end'}"
            for award in sender.flagger
        ]
        sentences += [_key_line(key) for key in sender.keys]
    if platform:
        sentences += ["Platform", *(_key_line(key) for key in platform)]
    answer = {
        "senders": [_sender_answer(sender) for sender in found],
        "platform_keys": [_key_answer(key) for key in platform],
    }
    tell(answer, sentences or ["There are no senders yet."], as_json=as_json)


def _key_line(key: KeyListed) -> str:
    if key.revoked_at:
        life = f"revoked {written(key.revoked_at)}"
    else:
        life = f"until {written(key.expires_at)}" if key.expires_at else "without end"
    used = written(key.last_used_at) or "never"
    return f"  {key.key_id}  {key.prefix}...  {','.join(key.scopes)}  {life}, last used {used}"


def _key_answer(key: KeyListed) -> dict[str, Any]:
    times = ("created_at", "expires_at", "revoked_at", "last_used_at")
    return {**asdict(key), **{name: written(getattr(key, name)) for name in times}}


def _sender_answer(sender: SenderListed) -> dict[str, Any]:
    return {
        "id": sender.sender_id,
        "name": sender.name,
        "kind": sender.kind,
        "country": sender.country,
        "created_at": written(sender.created_at),
        "trusted_flagger": [
            {
                "coordinator": award.coordinator,
                "valid_from": award.valid_from.isoformat(),
                "valid_until": award.valid_until.isoformat() if award.valid_until else None,
            }
            for award in sender.flagger
        ],
        "keys": [_key_answer(key) for key in sender.keys],
    }


@senders.command("issue-key")
@click.argument("sender")
@click.option("--scope", required=True, help="Some of refer, read, manage; commas between.")
@_expires
@json_option
def issue_key(*, sender: str, scope: str, expires: datetime | None, as_json: bool) -> None:
    """A new API key of SENDER (id or name); the key is shown once."""
    with refusals():
        issued = sender_actions.issue_key(
            sender_queries.sender_id_of(db.session(), sender) or sender,
            scopes=_scopes(scope),
            expires_at=end_of(expires),
            actor=OPERATOR,
        )
    _tell_key(issued, as_json=as_json)


def _scopes(text: str) -> frozenset[Scope]:
    words = {word.strip() for word in text.split(",") if word.strip()}
    unknown = sorted(words - set(Scope))
    if unknown:
        raise InvalidInput("The scopes of a sender's key are some of: manage, read, refer.")
    return frozenset(Scope(word) for word in words)


@senders.command("issue-platform-key")
@_expires
@json_option
def issue_platform_key(*, expires: datetime | None, as_json: bool) -> None:
    """A new key for our own platform (scope platform); the key is shown once."""
    with refusals():
        issued = sender_actions.issue_platform_key(expires_at=end_of(expires), actor=OPERATOR)
    _tell_key(issued, as_json=as_json)


def _tell_key(issued: KeyIssued, *, as_json: bool) -> None:
    sentences = [f"Key {issued.key_id}, shown once:", issued.key]
    tell({"id": issued.key_id, "key": issued.key}, sentences, as_json=as_json)


@senders.command("revoke-key")
@click.argument("key_id")
@json_option
def revoke_key(*, key_id: str, as_json: bool) -> None:
    """Make the key KEY_ID useless from now on."""
    with refusals():
        sender_actions.revoke_key(key_id, actor=OPERATOR)
    tell({"id": key_id, "revoked": True}, [f"{key_id} is revoked."], as_json=as_json)


commands = (senders,)
