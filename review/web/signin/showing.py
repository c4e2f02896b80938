"""The form on which a factor is shown: a code, a recovery code, or the browser's answer with a passkey."""

from dataclasses import dataclass

from flask import current_app
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import HiddenField, StringField
from wtforms.validators import Length, Optional

from review import clock, db
from review.actions.showing import TOTP_PURPOSE, Shown
from review.domain import passkeys, totp
from review.domain.factors import Factor
from review.domain.permissions import Role
from review.domain.sealing import open_sealed
from review.queries import factors as factor_queries
from review.web.signin import circumstances
from review.web.texts import gettext


class ShowForm(FlaskForm):
    """One of the three is filled in."""

    code = StringField(
        lazy_gettext("Code of 6 digits"), validators=[Optional(strip_whitespace=True), Length(max=40)]
    )
    recovery_code = StringField(
        lazy_gettext("Recovery code"), validators=[Optional(strip_whitespace=True), Length(max=60)]
    )
    answer = HiddenField(
        lazy_gettext("Passkey"), validators=[Optional(), Length(max=passkeys.LONGEST_ANSWER)]
    )


@dataclass(frozen=True)
class Ways:
    """The ways that a page offers; ``options`` is what the browser is asked for a passkey, None for none.

    ``elsewhere``: the hosts at which this person's passkeys work, where none works here.
    """

    code: bool
    recovery_code: bool
    options: str | None
    elsewhere: tuple[str, ...] = ()


def challenge_for(purpose: str) -> bytes:
    """The challenge of a passkey for one purpose."""
    return passkeys.challenge_of(purpose, secret_key=circumstances.rules_here().secret_key)


def ways_of(account_id: str, role: Role, *, purpose: str) -> Ways:
    """The ways that this person may take here."""
    reader = db.session()
    enrolled = factor_queries.enrolled_of(reader, account_id)
    taken = circumstances.policy_here().taken(role, enrolled)
    options = None
    if Factor.PASSKEY in taken and circumstances.passkeys_work_here():
        site = circumstances.site_here()
        known = factor_queries.credentials_of(reader, account_id, host=site.host)
        if known:
            options = passkeys.options_to_show(site=site, challenge=challenge_for(purpose), known=known)
    elsewhere: tuple[str, ...] = ()
    if options is None and Factor.PASSKEY in taken:
        elsewhere = factor_queries.hosts_of_passkeys(reader, account_id)
    return Ways(Factor.TOTP in taken, Factor.RECOVERY_CODE in taken, options, elsewhere)


def shown_in(form: ShowForm, *, purpose: str) -> Shown | None:
    """What was shown, None where every field is empty or one is too long."""
    if not form.validate():
        return None
    if form.answer.data:
        return Shown(
            Factor.PASSKEY,
            form.answer.data,
            challenge=challenge_for(purpose),
            site=circumstances.site_here(),
        )
    if form.recovery_code.data:
        return Shown(Factor.RECOVERY_CODE, form.recovery_code.data)
    return Shown(Factor.TOTP, form.code.data) if form.code.data else None


def demo_code(email: str, account_id: str) -> str | None:
    """The code that a demo account's app would show now, empty until the next one that was not used.

    None outside the demonstration.
    """
    config = current_app.config
    if not config["REVIEW_DEMO"]:
        return None
    if email not in {account["email"] for account in config.get("REVIEW_DEMO_ACCOUNTS", ())}:
        return None
    stored = factor_queries.totp_of(db.session(), account_id)
    if stored is None:
        return None
    secret = open_sealed(
        stored.sealed_secret,
        secret_key=config["SECRET_KEY"],
        purpose=TOTP_PURPOSE,
        belongs_to=account_id,
    )
    if secret is None:
        return None
    return totp.next_code(secret.decode(), at=clock.now(), after=stored.last_step) or ""


def not_good() -> str:
    """The one sentence for every factor that is not good."""
    return gettext("That did not fit, or was used already. Try again, or use another way.")


def nothing_typed() -> str:
    """The sentence for a form without anything in it."""
    return gettext("Type the code, or use another way.")
