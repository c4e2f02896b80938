"""What does a notice by e-mail say? That something changed and where to look; nothing else."""

from base64 import urlsafe_b64encode
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from hmac import compare_digest
from typing import Final

from review.domain.emails import check_email
from review.domain.sealing import keyed_digest
from review.errors import FieldError, InvalidInput

OCCASIONS: Final = ("item.question", "item.decided", "item.reversed")
"""What a sender may want to be mailed about."""
CONFIRM: Final = "address.confirm"
"""The topic of the one mail that is sent before an address is confirmed."""
MOST_NOTICES: Final = 10
"""Addresses of one sender that were not removed."""
LONGEST_ADDRESS: Final = 254
_PURPOSE: Final = "notice-link"
_TOKEN_LETTERS: Final = 32
_SUBJECTS: Final = {CONFIRM: "Please confirm this address"}
_CHANGED: Final = "Your referrals: something changed"


def checked_address(text: str) -> str:
    """The address as stored; raises `InvalidInput` naming ``email`` where no notice can go there."""
    try:
        address = check_email(text)
    except InvalidInput as error:
        raise InvalidInput(
            error.detail, errors=[FieldError("email", "not_an_email", error.detail)]
        ) from error
    if not address.isascii() or len(address) > LONGEST_ADDRESS or "." not in address.partition("@")[2]:
        detail = f"Use an address in ASCII letters, of at most {LONGEST_ADDRESS} characters."
        raise InvalidInput(detail, errors=[FieldError("email", "not_an_email", detail)])
    return address


def checked_occasions(occasions: list[str]) -> tuple[str, ...]:
    """The occasions in our order, each once; raises `InvalidInput` naming ``occasions``."""
    if not occasions or not set(OCCASIONS).issuperset(occasions):
        detail = "Choose at least one of the list."
        raise InvalidInput(detail, errors=[FieldError("occasions", "missing", detail)])
    return tuple(occasion for occasion in OCCASIONS if occasion in occasions)


def changed_text(referral_id: str, *, public_url: str) -> str:
    """The words of a notice, which are the same whatever happened."""
    return (
        "Something changed in one of your organisation's referrals.\n\n"
        f"See it here, after signing in:\n{public_url}/sender/referrals/{referral_id}\n"
    )


def confirm_text() -> str:
    """The words of the mail that asks for a confirmation; its link is added when it is sent."""
    return (
        "Somebody who works with the organisation that you may belong to wants this address to be told when\n"
        "something changes in its referrals. If that is right, confirm it below. If not, do nothing:\n"
        "nothing else is sent here.\n"
    )


def link_token(endpoint_id: str, address: str, *, secret_key: str) -> str:
    """What a link in a mail to this address bears; only whoever reads the mail knows it."""
    digest = keyed_digest(f"{endpoint_id}|{address}", secret_key=secret_key, purpose=_PURPOSE)
    return urlsafe_b64encode(digest).decode()[:_TOKEN_LETTERS]


def is_token(token: str, endpoint_id: str, address: str, *, secret_key: str) -> bool:
    """Whether a link bears the right token."""
    wanted = link_token(endpoint_id, address, secret_key=secret_key)
    return compare_digest(wanted.encode(), token.encode(errors="replace"))


def letter(
    message_id: str,
    topic: str,
    text: str,
    *,
    sent_from: str,
    address: str,
    link: str,
    at: datetime,
) -> EmailMessage:
    """The mail: the frozen words, and the link to confirm the address or to end the notices.

    The same ``Message-ID`` at every try; ``Auto-Submitted`` keeps answering machines quiet (RFC 3834).
    """
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"] = sent_from, address
    mail["Subject"] = _SUBJECTS.get(topic, _CHANGED)
    mail["Date"] = format_datetime(at)
    mail["Message-ID"] = f"<{message_id}@{sent_from.partition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    below = f"Confirm this address:\n{link}\n" if topic == CONFIRM else f"No more of these mails:\n{link}\n"
    mail.set_content(f"{text}\n{below}")
    return mail
