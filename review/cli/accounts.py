"""`flask accounts`: people."""

import sys
from dataclasses import asdict

import click
from flask.cli import AppGroup

from review import db
from review.actions import accounts as account_actions
from review.actions import factors as factor_actions
from review.cli.answers import json_option, refusals, tell, written
from review.domain.permissions import OPERATOR, Role
from review.errors import NotFound
from review.queries import accounts as account_queries

accounts = AppGroup("accounts", help="People who sign in.")

_role = click.option("--role", required=True, type=click.Choice([role.value for role in Role]))


def _id_of(name: str) -> str:
    found = account_queries.account_by_name(db.session(), name)
    if found is None:
        raise NotFound("There is no such account; see `flask accounts list`.")
    return found.account_id


@accounts.command("create")
@click.argument("email")
@_role
@click.option("--name", required=True, help="The person's name, shown to nobody who works here.")
@click.option("--sender", "sender_id", help="Id of the organisation, for the role sender.")
@click.option("--password-stdin", is_flag=True, help="Read the password from the first line of stdin.")
@json_option
def create(
    *, email: str, role: str, name: str, sender_id: str | None, password_stdin: bool, as_json: bool
) -> None:
    """Enter a person; prints the pseudonym and, unless given, a one-time password."""
    password = sys.stdin.readline().rstrip("\r\n") if password_stdin else None
    with refusals():
        made = account_actions.create_account(
            email, role=Role(role), name=name, sender_id=sender_id, password=password, actor=OPERATOR
        )
    sentences = [f"{made.pseudonym} ({made.account_id}) is created with the role {role}."]
    answer = {"id": made.account_id, "pseudonym": made.pseudonym, "role": role}
    if made.one_time_password is not None:
        sentences.append(f"One-time password, shown once: {made.one_time_password}")
        answer["one_time_password"] = made.one_time_password
    tell(answer, sentences, as_json=as_json)


@accounts.command("list")
@json_option
def list_all(*, as_json: bool) -> None:
    """All people, open and closed."""
    people = account_queries.list_accounts(db.session())
    answer = [
        {
            **asdict(person),
            "created_at": written(person.created_at),
            "closed_at": written(person.closed_at),
        }
        for person in people
    ]
    sentences = [
        f"{person.account_id}  {person.pseudonym:<14} {person.role:<10} "
        f"{'closed' if person.closed_at else 'open':<7} {person.email}  {person.name}"
        for person in people
    ]
    tell({"accounts": answer}, sentences or ["There are no accounts yet."], as_json=as_json)


@accounts.command("close")
@click.argument("account")
@json_option
def close(*, account: str, as_json: bool) -> None:
    """Close ACCOUNT (e-mail, id or pseudonym) for good; all its sign-ins end."""
    with refusals():
        account_id = _id_of(account)
        account_actions.close_account(account_id, actor=OPERATOR)
    tell({"id": account_id, "closed": True}, [f"{account} is closed."], as_json=as_json)


@accounts.command("set-role")
@click.argument("account")
@_role
@json_option
def set_role(*, account: str, role: str, as_json: bool) -> None:
    """Give ACCOUNT (e-mail, id or pseudonym) another role; all its sign-ins end."""
    with refusals():
        account_id = _id_of(account)
        account_actions.set_role(account_id, Role(role), actor=OPERATOR)
    tell({"id": account_id, "role": role}, [f"{account} has the role {role} now."], as_json=as_json)


@accounts.command("reset")
@click.argument("account")
@json_option
def reset(*, account: str, as_json: bool) -> None:
    """Print a one-time link on which ACCOUNT (e-mail, id or pseudonym) sets a new password."""
    with refusals():
        account_id = _id_of(account)
        token = account_actions.issue_reset(account_id, actor=OPERATOR)
    address = f"/sign-in/link/{token}"
    sentences = [
        "Put this behind the address of the desk; it is good for 24 hours and once, and shown once:",
        address,
    ]
    tell({"id": account_id, "link": address}, sentences, as_json=as_json)


@accounts.command("reset-factor")
@click.argument("account")
@json_option
def reset_factor(*, account: str, as_json: bool) -> None:
    """Take all second factors from ACCOUNT (e-mail, id or pseudonym); all its sign-ins end."""
    with refusals():
        account_id = _id_of(account)
        factor_actions.reset_factors(account_id, actor=OPERATOR)
    tell(
        {"id": account_id, "factors_reset": True},
        [f"{account} sets up a new second factor at the next sign-in."],
        as_json=as_json,
    )


commands = (accounts,)
