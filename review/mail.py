"""Hands one mail to the mail server of the settings, in bounded time; no database.

What the server answers is kept by its beginning only. A mail that was taken over counts as arrived, whatever
happens to the connection afterwards.
"""

import smtplib
import socket
import ssl
import threading
import time
from email.message import EmailMessage
from typing import Final

from review.domain.webhooks import Failure
from review.setting_addresses import MailServer
from review.webhooks import Outcome, printable

TIME_LIMIT_SECONDS: Final = 20.0
"""From the connection to the server's word that it has the mail, however many pieces that comes in."""
TAKEN: Final = 250
_KINDS: Final[tuple[tuple[tuple[type[Exception], ...], Failure], ...]] = (
    ((socket.gaierror, UnicodeError), Failure.NAME_NOT_FOUND),
    ((TimeoutError,), Failure.TIMEOUT),
    ((ssl.SSLError, smtplib.SMTPNotSupportedError), Failure.TLS),
    ((ConnectionRefusedError,), Failure.NOT_CONNECTED),
)


def send(
    letter: EmailMessage,
    *,
    server: MailServer,
    trust: ssl.SSLContext | None = None,
    limit_seconds: float = TIME_LIMIT_SECONDS,
) -> Outcome:
    """Hand the mail in once and tell what came of it; raises nothing that a server could cause.

    ``trust``: whose certificates count, the usual authorities unless given.
    """
    began, late = time.monotonic(), threading.Event()
    client = _client(server, trust or ssl.create_default_context(), limit_seconds)

    def give_up() -> None:
        late.set()
        _tear(client)

    watch = threading.Timer(limit_seconds, give_up)
    watch.daemon = True
    watch.start()
    failure, status, answer = None, None, ""
    try:
        status, answer = _hand_in(client, letter, server, trust or ssl.create_default_context())
    except (smtplib.SMTPException, OSError, UnicodeError) as error:
        failure, status, answer = _told(error)
        failure = Failure.TIMEOUT if late.is_set() else failure
    finally:
        watch.cancel()
        _tear(client)
        client.close()
    took = round((time.monotonic() - began) * 1000)
    return Outcome(status, failure, took, printable(answer) if failure else "")


def _client(server: MailServer, trust: ssl.SSLContext, limit_seconds: float) -> smtplib.SMTP:
    """A client that is not connected yet; it says no more of this machine than its name for itself."""
    if server.tls == "tls":
        return smtplib.SMTP_SSL(local_hostname="localhost", timeout=limit_seconds, context=trust)
    return smtplib.SMTP(local_hostname="localhost", timeout=limit_seconds)


def _hand_in(
    client: smtplib.SMTP, letter: EmailMessage, server: MailServer, trust: ssl.SSLContext
) -> tuple[int, str]:
    # the name that certificates are checked against, which connecting later leaves blank
    client._host = server.host  # type: ignore[attr-defined]
    client.connect(server.host, server.port)
    if server.tls == "starttls":
        client.starttls(context=trust)
    if server.user:
        client.login(server.user, server.password)
    client.send_message(letter)
    return TAKEN, ""


def _tear(client: smtplib.SMTP) -> None:
    """End the connection, so that whoever reads from it stops."""
    connection = client.sock
    if connection is not None:
        try:
            connection.shutdown(socket.SHUT_RDWR)
        except (OSError, ValueError):
            return


def _told(error: Exception) -> tuple[Failure, int | None, str]:
    """What went wrong; the server's own status and words where it gave some."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        status, words = next(iter(error.recipients.values()))
        return Failure.MAIL_REFUSED, status, words.decode("utf-8", "replace")
    if isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error
        text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
        return Failure.MAIL_REFUSED, error.smtp_code if error.smtp_code > 0 else None, text
    for kinds, failure in _KINDS:
        if isinstance(error, kinds):
            return failure, None, ""
    return Failure.BROKEN, None, ""
