"""Who refers to the desk of the demonstration? Senders with dated evidence, contacts and keys."""

from datetime import date, timedelta

from review import clock
from review.actions import sender_changes, senders
from review.demo import content, plan
from review.domain.permissions import OPERATOR, Actor, Scope
from review.domain.senders import Contact, FlaggerEvidence, Profile

NEW_VERSION = 0
"""What a form sees of a sender that nobody has changed."""
EXPIRED_AGO = timedelta(days=30)
REVOKED_AGO = timedelta(days=12)
USED_AGO = timedelta(minutes=16)


def enter_organisation(sender: content.DemoSender, *, today: date) -> str:
    """One organisation: its status as a trusted flagger is dated, so one has lapsed and one is to come."""
    flagger = sender.awarded and FlaggerEvidence(
        coordinator=f"Example coordinator ({sender.country})",
        valid_from=today + timedelta(days=sender.awarded[0]),
        valid_until=today + timedelta(days=sender.awarded[1]),
        reference=f"Award {sender.country}-1 (made up)",
    )
    return senders.create_sender(
        sender.name, kind=sender.kind, country=sender.country, flagger=flagger or None, actor=OPERATOR
    )


def add_contacts(sender: content.DemoSender, sender_id: str, *, administrator: Actor) -> None:
    """Whom to reach there: desks, no persons."""
    contacts = (
        Contact("Duty desk", f"desk@{sender.host}", "", "The same address; the desk is staffed at night."),
        Contact("Office for questions", f"questions@{sender.host}", "", ""),
    )
    profile = Profile(
        sender.name,
        sender.kind,
        sender.country,
        contacts=contacts,
        identity_note="[placeholder] Verified in a call to the number of an earlier letter.",
    )
    sender_changes.change_sender(sender_id, profile, version=NEW_VERSION, actor=administrator)


def issue_keys(sender_id: str, *, administrator: Actor) -> None:
    """One key in use, one whose time is over, one revoked; nobody is shown any of them."""
    now = clock.now()
    scopes = (Scope.REFER, Scope.READ)
    with clock.set_back(timedelta(days=plan.DAYS)):
        senders.issue_key(
            sender_id, scopes=scopes, expires_at=now - EXPIRED_AGO, label="First test", actor=administrator
        )
        leaked = senders.issue_key(
            sender_id, scopes=scopes, expires_at=None, label="Old server", actor=administrator
        )
    with clock.set_back(REVOKED_AGO):
        senders.revoke_key(leaked.key_id, actor=administrator)
        kept = senders.issue_key(
            sender_id, scopes=scopes, expires_at=None, label="New server", actor=administrator
        )
    senders.touch_key(kept.key_id, at=now - USED_AGO)
