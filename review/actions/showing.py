"""Is the factor that somebody shows good? Read before the write, and used up by one conditional update."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.domain import passkeys, recovery_codes, totp
from review.domain.factors import Factor
from review.domain.passkeys import Site
from review.domain.sealing import open_sealed
from review.models import Passkey, RecoveryCode, TotpFactor
from review.queries import factors as factor_queries

TOTP_PURPOSE = "totp-secrets"


@dataclass(frozen=True)
class Shown:
    """What somebody shows: a code as typed, or a browser's answer to ``challenge`` at ``site``."""

    kind: Factor
    text: str
    challenge: bytes = b""
    site: Site | None = None


def use_of(
    reader: Session, account_id: str, shown: Shown, *, secret_key: str, at: datetime
) -> "sa.Executable | None":
    """The conditional update that uses up what was shown, None where it is not good.

    The update returns no row where the same was used up in between: no code and no answer works twice.
    """
    if shown.kind is Factor.TOTP:
        return _use_of_totp(reader, account_id, shown.text, secret_key=secret_key, at=at)
    if shown.kind is Factor.RECOVERY_CODE:
        return _use_of_recovery_code(account_id, shown.text, secret_key=secret_key, at=at)
    return _use_of_passkey(reader, account_id, shown, at=at)


def is_used_up(writer: Session, use: "sa.Executable | None") -> bool:
    """Carry out the update; whether it used something up."""
    return use is not None and writer.execute(use).first() is not None


def _use_of_totp(
    reader: Session, account_id: str, typed: str, *, secret_key: str, at: datetime
) -> "sa.Executable | None":
    stored = factor_queries.totp_of(reader, account_id)
    if stored is None:
        return None
    secret = open_sealed(
        stored.sealed_secret, secret_key=secret_key, purpose=TOTP_PURPOSE, belongs_to=account_id
    )
    if secret is None:
        return None
    step = totp.matching_step(secret.decode(), typed, at=at, after=stored.last_step)
    if step is None:
        return None
    same = (TotpFactor.account_id == account_id, TotpFactor.sealed_secret == stored.sealed_secret)
    return _update(TotpFactor, *same, TotpFactor.last_step < step, values={"last_step": step})


def _use_of_recovery_code(
    account_id: str, typed: str, *, secret_key: str, at: datetime
) -> "sa.Executable | None":
    code = recovery_codes.read_code(typed)
    if code is None:
        return None
    digest = recovery_codes.digest_of(code, account_id=account_id, secret_key=secret_key)
    return _update(
        RecoveryCode,
        RecoveryCode.digest == digest,
        RecoveryCode.account_id == account_id,
        RecoveryCode.used_at.is_(None),
        values={"used_at": at},
    )


def _use_of_passkey(
    reader: Session, account_id: str, shown: Shown, *, at: datetime
) -> "sa.Executable | None":
    credential_id = passkeys.credential_in(shown.text)
    if credential_id is None or shown.site is None:
        return None
    stored = factor_queries.passkey_of(reader, account_id, credential_id, host=shown.site.host)
    if stored is None:
        return None
    count = passkeys.count_shown(
        shown.text,
        site=shown.site,
        challenge=shown.challenge,
        public_key=stored.public_key,
        sign_count=stored.sign_count,
    )
    if count is None:
        return None
    same = (Passkey.id == stored.passkey_id, Passkey.sign_count == stored.sign_count)
    return _update(
        Passkey, *same, Passkey.removed_at.is_(None), values={"sign_count": count, "last_used_at": at}
    )


def _update(table: Any, *conditions: sa.ColumnElement[bool], values: dict[str, object]) -> "sa.Executable":
    return (
        sa.update(table)
        .where(*conditions)
        .values(**values)
        .returning(table.account_id)
        .execution_options(synchronize_session=False)
    )
