"""How does a factor become a person's? Checked before the write, stored in an open transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from review import ledger
from review.actions.showing import TOTP_PURPOSE
from review.domain import passkeys, recovery_codes, totp
from review.domain.factors import Factor
from review.domain.ids import new_id
from review.domain.passkeys import Site
from review.domain.permissions import Actor
from review.domain.sealing import seal
from review.errors import AlreadyExists, FieldError, InvalidInput
from review.models import Passkey, RecoveryCode, TotpFactor

MOST_PASSKEYS = 10
LONGEST_LABEL = 80
STEP_BEFORE_ALL = -1


@dataclass(frozen=True)
class OfferedTotp:
    """A secret that the person's app has read, and the code that it shows for it."""

    secret: str
    code: str

    kind = Factor.TOTP


@dataclass(frozen=True)
class OfferedPasskey:
    """A browser's answer to ``challenge`` at ``site``, and what the person calls the new passkey."""

    answer: str
    challenge: bytes
    site: Site
    label: str

    kind = Factor.PASSKEY


Offered = OfferedTotp | OfferedPasskey


@dataclass(frozen=True)
class Ready:
    """A factor that was checked: what is stored of it, without the account."""

    kind: Factor
    values: dict[str, object]
    secret: str = ""


def check_offered(offered: Offered, *, at: datetime) -> Ready:
    """Check a factor before it is stored; raises `InvalidInput` with the remedy where it does not work."""
    if isinstance(offered, OfferedTotp):
        step = totp.matching_step(offered.secret, offered.code, at=at, after=STEP_BEFORE_ALL)
        if step is None:
            raise _refused(
                "/code", "wrong_code", "The code does not fit; check your phone's clock and type the new one."
            )
        return Ready(Factor.TOTP, {"last_step": step}, offered.secret)
    label = " ".join(offered.label.split())
    if not label or len(label) > LONGEST_LABEL or not label.isprintable():
        raise _refused("/label", "bad_label", f"Give it a name of 1 to {LONGEST_LABEL} printable characters.")
    found = passkeys.read_new(offered.answer, site=offered.site, challenge=offered.challenge)
    if found is None:
        raise _refused("/answer", "bad_answer", "The browser's answer does not hold; try again.")
    values: dict[str, object] = {
        "credential_id": found.credential_id,
        "public_key": found.public_key,
        "sign_count": found.sign_count,
        "host": offered.site.host,
        "label": label,
    }
    return Ready(Factor.PASSKEY, values)


def store_factor(
    writer: Session, account_id: str, ready: Ready, *, secret_key: str, actor: Actor, at: datetime
) -> None:
    """Store a factor with its event; an authenticator app takes the place of the one before."""
    if ready.kind is Factor.TOTP:
        forget_totp(writer, account_id)
        sealed = seal(
            ready.secret.encode(), secret_key=secret_key, purpose=TOTP_PURPOSE, belongs_to=account_id
        )
        common: dict[str, object] = {"account_id": account_id, "sealed_secret": sealed, "enrolled_at": at}
        writer.execute(sa.insert(TotpFactor), common | ready.values)
        passkey_id = None
    else:
        passkey_id = new_id("F")
        common = {"id": passkey_id, "account_id": account_id, "enrolled_at": at}
        try:
            writer.execute(sa.insert(Passkey), common | ready.values)
        except IntegrityError as error:
            raise AlreadyExists("This passkey is enrolled already; use another one.") from error
    ledger.record(
        writer,
        "factor.enrolled",
        account_id,
        actor=actor,
        at=at,
        fields={"passkey": passkey_id},
        meta={"factor": ready.kind.value},
    )


def issue_codes(
    writer: Session, account_id: str, codes: Sequence[str], *, secret_key: str, actor: Actor, at: datetime
) -> None:
    """Store new recovery codes with their event; all earlier ones die."""
    forget_codes(writer, account_id)
    writer.execute(
        sa.insert(RecoveryCode),
        [
            {
                "digest": recovery_codes.digest_of(code, account_id=account_id, secret_key=secret_key),
                "account_id": account_id,
                "issued_at": at,
            }
            for code in codes
        ],
    )
    meta = {"codes": len(codes)}
    ledger.record(writer, "recovery_codes.issued", account_id, actor=actor, at=at, meta=meta)


def forget_totp(writer: Session, account_id: str) -> bool:
    """Forget an authenticator app; whether there was one."""
    gone = writer.execute(
        sa.delete(TotpFactor)
        .where(TotpFactor.account_id == account_id)
        .returning(TotpFactor.account_id)
        .execution_options(synchronize_session=False)
    )
    return gone.first() is not None


def forget_codes(writer: Session, account_id: str) -> None:
    """Forget all recovery codes, used and unused."""
    writer.execute(
        sa.delete(RecoveryCode)
        .where(RecoveryCode.account_id == account_id)
        .execution_options(synchronize_session=False)
    )


def remove_passkeys(writer: Session, *conditions: sa.ColumnElement[bool], at: datetime) -> list[str]:
    """Let passkeys open nothing any more; their ids."""
    return list(
        writer.scalars(
            sa.update(Passkey)
            .where(*conditions, Passkey.removed_at.is_(None))
            .values(removed_at=at)
            .returning(Passkey.id)
            .execution_options(synchronize_session=False)
        )
    )


def _refused(pointer: str, code: str, sentence: str) -> InvalidInput:
    return InvalidInput(sentence, errors=[FieldError(pointer, code, sentence)])
