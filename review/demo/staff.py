"""Who works at the desk of the demonstration? Six accounts to try, and colleagues nobody signs in as."""

import secrets
from dataclasses import dataclass
from datetime import timedelta

from review import clock, db
from review.actions import accounts, factors
from review.actions.enrolling import OfferedTotp
from review.config import Settings
from review.domain import totp
from review.domain.permissions import OPERATOR, Actor, Role
from review.queries import accounts as account_queries


@dataclass(frozen=True)
class DemoAccount:
    """One account of the demonstration; the password is random at each start."""

    label: str
    email: str
    password: str


MODERATORS = ("moderator@desk.example", "second@desk.example")
LEAD = "lead@desk.example"
LEGAL = "legal@desk.example"
ADMINISTRATOR = "admin@desk.example"
COLLEAGUES = ("third@desk.example", "fourth@desk.example", "fifth@desk.example")
"""More moderators, so that there is a team to tell of; they are offered to nobody."""
INVITED = "newcomer@desk.example"
CLOSED = "former@desk.example"
INVITED_AGO = timedelta(hours=2)
CLOSED_AGO = timedelta(days=20)

_OFFERED = (
    ("Moderator", MODERATORS[0], Role.MODERATOR),
    ("Second moderator", MODERATORS[1], Role.MODERATOR),
    ("Lead", LEAD, Role.LEAD),
    ("Legal", LEGAL, Role.LEGAL),
    ("Sender (Harbour Watch)", "sender@desk.example", Role.SENDER),
    ("Administrator", ADMINISTRATOR, Role.ADMIN),
)


def enter_staff(settings: Settings, *, sender_id: str) -> list[DemoAccount]:
    """Everybody with an authenticator app; the accounts that the sign-in page offers, in its order.

    ``sender_id`` is the organisation of the one who is a sender.
    """
    offered = [
        _enter(label, email, role, settings, sender_id=sender_id if role is Role.SENDER else None)
        for label, email, role in _OFFERED
    ]
    for email in (*COLLEAGUES, CLOSED):
        word = email.partition("@")[0].capitalize()
        _enter(f"{word} moderator", email, Role.MODERATOR, settings, sender_id=None)
    return offered


def change_staff() -> None:
    """Let the administrator close one account and, later, invite somebody who has not come yet."""
    administrator = actor_of(ADMINISTRATOR)
    with clock.set_back(CLOSED_AGO):
        accounts.close_account(actor_of(CLOSED).account_id or "", actor=administrator)
    with clock.set_back(INVITED_AGO):
        accounts.invite_account(
            INVITED, role=Role.LEGAL, name="Invited colleague", sender_id=None, actor=administrator
        )


def actor_of(email: str) -> Actor:
    """The person with this address, who must be there."""
    found = account_queries.actor_of(db.session(), email)
    assert found is not None
    return found


def reviewers() -> list[Actor]:
    """Everybody who reviews in the story, the two of the sign-in page first."""
    return [actor_of(email) for email in (*MODERATORS, *COLLEAGUES)]


def _enter(label: str, email: str, role: Role, settings: Settings, *, sender_id: str | None) -> DemoAccount:
    person = DemoAccount(label, email, secrets.token_urlsafe(18))
    accounts.create_account(
        email, role=role, name=label, sender_id=sender_id, password=person.password, actor=OPERATOR
    )
    # an authenticator app, whose code the demonstration's page then shows
    secret = totp.new_secret()
    code = totp.code_at(secret, totp.step_of(clock.now()))
    factors.add_factor(OfferedTotp(secret, code), secret_key=settings.secret_key, actor=actor_of(email))
    return person
