"""What came to the desk of the demonstration by e-mail? Two messages wait, one was confirmed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any, Final

from review import clock
from review.actions import emailed
from review.config import Settings
from review.domain.emailed import IdentityCheck, IdentityWay, Statement, read_statement
from review.domain.locations import Hosts
from review.domain.permissions import OPERATOR, Actor


@dataclass(frozen=True)
class DemoEmail:
    """A made-up message; ``ago``: so long ago it arrives."""

    name: str
    host: str
    subject: str
    text: str
    ago: timedelta


WAITING: Final = (
    DemoEmail(
        "Duty desk",
        "northland.example",
        "Two addresses for your review",
        "Dear colleagues,\n\n[placeholder] two videos praise a made-up group:\n"
        "hxxps://video[.]example/watch/paper-lantern\nhxxps://video[.]example/watch/paper-lantern-2\n\n"
        "Our reference: NL-DEMO-1.\n\nDuty desk, Northland Online Authority (made up)\n",
        timedelta(hours=3, minutes=10),
    ),
    DemoEmail(
        "A reader",
        "reader.example",
        "Please look at this",
        "Hello,\n\n[placeholder] a post pretends to be an invented bank: "
        "https://news.social.example/post/invented-bank\nIt is also here: https://elsewhere.example/bank\n",
        timedelta(minutes=40),
    ),
)


def receive_waiting() -> None:
    """Let those messages arrive that wait for a lead."""
    for email in WAITING:
        with clock.set_back(email.ago):
            emailed.receive_email(_written(email), actor=OPERATOR)


def refer_by_email(
    body: Mapping[str, Any], *, host: str, sender_id: str, lead: Actor, settings: Settings
) -> str:
    """Let a referral come as a message of its sender, and the lead confirm it; the referral's id."""
    urls = tuple(item["url"] for item in body["items"])
    text = f"{body['reason']}\n\n" + "\n".join(urls) + f"\n\nOur reference: {body['reference']}\n"
    email = DemoEmail("Duty desk", host, f"Referral {body['reference']}", text, timedelta())
    arrived = emailed.receive_email(_written(email), actor=OPERATOR)
    statement = Statement(
        reference=body["reference"],
        intake_kind="referral",
        urgency="normal",
        reason=body["reason"],
        category=body["category"],
        issuing_authority="",
        issuing_country="",
        contact_name="Duty desk",
        contact_email=f"desk@{host}",
        good_faith=False,
        urls=urls,
    )
    intake = read_statement(statement, arrived_at=clock.now(), hosts=Hosts.parse(settings.hosts))
    return emailed.confirm_email(
        arrived.email_id,
        intake,
        sender_id=sender_id,
        identity=IdentityCheck(IdentityWay.REPLY, "[placeholder] The registered duty desk replied."),
        actor=lead,
        settings=settings,
    ).referral_id


def _written(email: DemoEmail) -> bytes:
    """The message as a mail server would hand it over now."""
    message = EmailMessage(policy=SMTP)
    message["Authentication-Results"] = f"mx.desk.example; dkim=pass header.d={email.host}"
    message["From"] = f"{email.name} <desk@{email.host}>"
    message["To"] = "referrals@desk.example"
    message["Subject"] = email.subject
    message["Date"] = format_datetime(clock.now())
    message["Message-ID"] = f"<{clock.now():%Y%m%d%H%M%S}@{email.host}>"
    message.set_content(email.text)
    return message.as_bytes()
