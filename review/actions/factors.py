"""A person's second factors: enrol, show, remove; recovery codes; and the reset by an administrator."""

from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review import clock, db, ledger
from review.actions.admitting import (
    TOO_LATE,
    check_person,
    end_half,
    end_halves,
    locked_account,
    note_shown,
    open_sign_in,
    record_failure,
)
from review.actions.enrolling import (
    MOST_PASSKEYS,
    Offered,
    check_offered,
    forget_codes,
    forget_totp,
    issue_codes,
    remove_passkeys,
    store_factor,
)
from review.actions.showing import Shown, is_used_up, use_of
from review.domain import recovery_codes
from review.domain.factors import Factor, FactorPolicy, Step
from review.domain.passwords import password_matches
from review.domain.permissions import OPERATOR, Actor, Permission, Role, check_permission
from review.errors import AlreadyClosed, AlreadyExists, InvalidInput, NotFound, SignInFailed, SignInRequired
from review.models import Account, Passkey, SignIn
from review.queries import factors as factor_queries
from review.queries.factors import HalfSignedIn

NOT_GOOD = "This does not fit, or was used already; try again, or use another way."


@dataclass(frozen=True)
class FactorRules:
    """What of the settings the factors depend on; seconds are those of a whole sign-in."""

    policy: FactorPolicy
    secret_key: str
    lifetime_seconds: int


@dataclass(frozen=True)
class Begun:
    """The token of the sign-in, None where a passkey has still to be added; codes are shown once."""

    token: str | None
    codes: tuple[str, ...] = ()


def finish_sign_in(
    half_digest: str, shown: Shown, *, rules: FactorRules, address: str, actor: Actor
) -> Begun:
    """Begin the sign-in of somebody whose password was right, if the factor they show is good.

    Raises `SignInRequired` where the half sign-in has ended, `SignInFailed` for a factor that is wrong, used
    already or not taken here; the failure is on the trail.
    """
    now = clock.now()
    half = _living_half(half_digest, at=now)
    enrolled = factor_queries.enrolled_of(db.session(), half.account_id)
    use = None
    if shown.kind in rules.policy.taken(half.role, enrolled) and half.shown is None:
        use = use_of(db.session(), half.account_id, shown, secret_key=rules.secret_key, at=now)
    step = rules.policy.next_step(half.role, enrolled, shown=shown.kind)
    token = None
    with db.transaction() as writer:
        account = locked_account(writer, half.account_id, mark=half.password_mark)
        good = is_used_up(writer, use)
        if good:
            person = _person(account, half, actor)
            _note_recovery(writer, shown, account_id=account.id, person=person, at=now)
            if step is Step.ADD_PASSKEY:
                note_shown(writer, half_digest, factor=shown.kind, person=person, at=now)
            else:
                end_half(writer, half_digest, at=now)
                token = _open(writer, account, shown.kind, rules=rules, address=address, actor=actor, at=now)
        else:
            record_failure(writer, half.account_id, factor=shown.kind, address=address, actor=actor, at=now)
    if not good:
        raise SignInFailed(NOT_GOOD)
    return Begun(token)


def enrol_and_sign_in(
    half_digest: str, offered: Offered, *, rules: FactorRules, address: str, actor: Actor
) -> Begun:
    """Enrol the factor that is missing, issue recovery codes where there are none, and begin the sign-in.

    Raises `SignInRequired` where the half sign-in has ended, `AlreadyExists` where nothing is missing,
    `InvalidInput` where the factor does not work or is not the one that is missing.
    """
    now = clock.now()
    half = _living_half(half_digest, at=now)
    enrolled = factor_queries.enrolled_of(db.session(), half.account_id)
    step = rules.policy.next_step(half.role, enrolled, shown=half.shown)
    if step not in (Step.ENROL, Step.ADD_PASSKEY):
        raise AlreadyExists("This account has a second factor already; sign in with it.")
    if offered.kind not in rules.policy.first_factors(half.role):
        raise InvalidInput("Your role needs a passkey; add one.")
    ready = check_offered(offered, at=now)
    codes = () if enrolled.recovery_codes else tuple(recovery_codes.new_codes())
    with db.transaction() as writer:
        account = locked_account(writer, half.account_id, mark=half.password_mark)
        # every change of factors ends all half sign-ins, so that of two at once one finds its own ended
        end_half(writer, half_digest, at=now)
        end_halves(writer, account.id, at=now)
        person = _person(account, half, actor)
        store_factor(writer, account.id, ready, secret_key=rules.secret_key, actor=person, at=now)
        if codes:
            issue_codes(writer, account.id, codes, secret_key=rules.secret_key, actor=person, at=now)
        token = _open(writer, account, offered.kind, rules=rules, address=address, actor=actor, at=now)
    return Begun(token, codes)


def add_factor(offered: Offered, *, secret_key: str, actor: Actor) -> tuple[str, ...]:
    """Enrol one more factor, or another authenticator app in place of the one before.

    Returns recovery codes where there were none. Raises `InvalidInput` where the factor does not work,
    `AlreadyExists` for a passkey that somebody has enrolled.
    """
    account_id = check_person(actor)
    now = clock.now()
    ready = check_offered(offered, at=now)
    fresh = tuple(recovery_codes.new_codes())
    with db.transaction() as writer:
        locked_account(writer, account_id)
        enrolled = factor_queries.enrolled_of(writer, account_id)
        if ready.kind is Factor.PASSKEY and enrolled.passkeys >= MOST_PASSKEYS:
            raise InvalidInput(f"You have {MOST_PASSKEYS} passkeys; remove one first.")
        store_factor(writer, account_id, ready, secret_key=secret_key, actor=actor, at=now)
        codes = () if enrolled.recovery_codes else fresh
        if codes:
            issue_codes(writer, account_id, codes, secret_key=secret_key, actor=actor, at=now)
        end_halves(writer, account_id, at=now)
    return codes


def remove_factor(passkey_id: str | None, *, policy: FactorPolicy, actor: Actor) -> None:
    """Remove one's passkey, or for None one's authenticator app.

    Raises `NotFound` where one has it not, `InvalidInput` where the desk would then miss a factor.
    """
    account_id = check_person(actor)
    kind = Factor.TOTP if passkey_id is None else Factor.PASSKEY
    now = clock.now()
    with db.transaction() as writer:
        account = locked_account(writer, account_id)
        enrolled = factor_queries.enrolled_of(writer, account_id)
        if passkey_id is None:
            gone = forget_totp(writer, account_id)
        else:
            own = (Passkey.id == passkey_id, Passkey.account_id == account_id)
            gone = bool(remove_passkeys(writer, *own, at=now))
        if not gone:
            raise NotFound("You have no such factor; it may be removed already.")
        if not policy.may_remove(kind, Role(account.role), enrolled):
            raise InvalidInput("This is the last factor that you may sign in with; add another one first.")
        if not factor_queries.enrolled_of(writer, account_id).any:
            forget_codes(writer, account_id)
        end_halves(writer, account_id, at=now)
        ledger.record(
            writer,
            "factor.removed",
            account_id,
            actor=actor,
            at=now,
            fields={"passkey": passkey_id},
            meta={"factor": kind.value},
        )


def issue_recovery_codes(*, secret_key: str, actor: Actor) -> tuple[str, ...]:
    """Ten new recovery codes, shown once; the earlier ones die. Raises `InvalidInput` without a factor."""
    account_id = check_person(actor)
    now = clock.now()
    codes = tuple(recovery_codes.new_codes())
    with db.transaction() as writer:
        locked_account(writer, account_id)
        if not factor_queries.enrolled_of(writer, account_id).any:
            raise InvalidInput("Recovery codes stand in for a factor; set up an app or a passkey first.")
        issue_codes(writer, account_id, codes, secret_key=secret_key, actor=actor, at=now)
    return codes


def confirm(sign_in_digest: str, shown: Shown, *, rules: FactorRules, address: str, actor: Actor) -> None:
    """Show a factor once more, before one's own factors are changed.

    Raises `SignInFailed` where it is not good, which is on the trail, `SignInRequired` where the sign-in
    has ended.
    """
    account_id = check_person(actor)
    now = clock.now()
    reader = db.session()
    enrolled = factor_queries.enrolled_of(reader, account_id)
    use = None
    if actor.role is not None and shown.kind in rules.policy.taken(actor.role, enrolled):
        use = use_of(reader, account_id, shown, secret_key=rules.secret_key, at=now)
    with db.transaction() as writer:
        good = is_used_up(writer, use)
        if good:
            _confirm(writer, sign_in_digest, factor=shown.kind, actor=actor, at=now)
            _note_recovery(writer, shown, account_id=account_id, person=actor, at=now)
        else:
            record_failure(writer, account_id, factor=shown.kind, address=address, actor=actor, at=now)
    if not good:
        raise SignInFailed(NOT_GOOD)


def confirm_by_password(sign_in_digest: str, password: str, *, address: str, actor: Actor) -> None:
    """Type the password once more, for somebody who has no factor; raises as `confirm` does."""
    account_id = check_person(actor)
    now = clock.now()
    reader = db.session()
    stored = reader.scalar(sa.select(Account.password_hash).where(Account.id == account_id))
    matches = password_matches(stored, password)
    with db.transaction() as writer:
        # beside a factor the password alone proves nothing
        good = matches and not factor_queries.enrolled_of(writer, account_id).any
        if good:
            locked_account(writer, account_id, mark=factor_queries.password_mark(stored))
            _confirm(writer, sign_in_digest, factor=None, actor=actor, at=now)
        else:
            record_failure(writer, account_id, factor=None, address=address, actor=actor, at=now)
    if not good:
        raise SignInFailed("The password does not fit; try again.")


def reset_factors(account_id: str, *, actor: Actor) -> None:
    """Take all factors and recovery codes from somebody who lost them, and end their sign-ins.

    By a command or another administrator, never on oneself. The person enrols anew after the password.
    Raises `InvalidInput` for oneself or where there is nothing to reset, `AlreadyClosed`, `NotFound`.
    """
    if actor.kind != OPERATOR.kind:
        check_permission(actor, Permission.RESET_FACTORS)
    if actor.account_id == account_id:
        raise InvalidInput("Nobody resets their own second factor; ask another administrator.")
    now = clock.now()
    with db.transaction() as writer:
        _check_open(writer, account_id)
        kinds = [Factor.TOTP.value] if forget_totp(writer, account_id) else []
        passkeys = remove_passkeys(writer, Passkey.account_id == account_id, at=now)
        kinds += [Factor.PASSKEY.value] if passkeys else []
        if not kinds:
            raise InvalidInput("This account has no second factor.")
        forget_codes(writer, account_id)
        end_halves(writer, account_id, at=now)
        writer.execute(
            sa.update(SignIn)
            .where(SignIn.account_id == account_id, SignIn.ended_at.is_(None))
            .values(ended_at=now)
            .execution_options(synchronize_session=False)
        )
        meta = {"factors": "+".join(kinds)}
        ledger.record(writer, "factor.reset", account_id, actor=actor, at=now, meta=meta)


def _living_half(token_digest: str, *, at: datetime) -> HalfSignedIn:
    half = factor_queries.half_signed_in(db.session(), token_digest, at=at)
    if half is None:
        raise SignInRequired(TOO_LATE)
    return half


def _person(account: Account, half: HalfSignedIn, actor: Actor) -> Actor:
    """The person before the sign-in begins: the half sign-in is their session."""
    return replace(actor, kind="account", id=account.trail_id, session_digest=half.token_digest[:16])


def _open(
    writer: Session,
    account: Account,
    factor: Factor,
    *,
    rules: FactorRules,
    address: str,
    actor: Actor,
    at: datetime,
) -> str:
    return open_sign_in(
        writer,
        account,
        factor=factor,
        address=address,
        lifetime_seconds=rules.lifetime_seconds,
        actor=actor,
        at=at,
    )


def _note_recovery(writer: Session, shown: Shown, *, account_id: str, person: Actor, at: datetime) -> None:
    if shown.kind is Factor.RECOVERY_CODE:
        ledger.record(writer, "recovery_code.used", account_id, actor=person, at=at)


def _confirm(
    writer: Session, sign_in_digest: str, *, factor: Factor | None, actor: Actor, at: datetime
) -> None:
    confirmed = writer.execute(
        sa.update(SignIn)
        .where(
            SignIn.token_digest == sign_in_digest,
            SignIn.account_id == actor.account_id,
            SignIn.ended_at.is_(None),
        )
        .values(confirmed_at=at)
        .returning(SignIn.token_digest)
        .execution_options(synchronize_session=False)
    )
    if confirmed.first() is None:
        raise SignInRequired("This sign-in has ended; sign in again.")
    meta = {"factor": factor.value if factor else None}
    ledger.record(writer, "account.confirmed", actor.account_id or "", actor=actor, at=at, meta=meta)


def _check_open(writer: Session, account_id: str) -> None:
    """Lock an account, so that two resets go one by one."""
    row = writer.execute(
        sa.select(Account.closed_at).where(Account.id == account_id).with_for_update()
    ).one_or_none()
    if row is None:
        raise NotFound("There is no such account; see `flask accounts list`.")
    if row.closed_at is not None:
        raise AlreadyClosed("This account is closed; create another one.")
