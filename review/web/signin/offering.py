"""The forms on which a new factor is offered: an authenticator app, or a passkey."""

from dataclasses import dataclass

from flask import current_app
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import HiddenField, StringField
from wtforms.validators import InputRequired, Length

from review import db
from review.actions.enrolling import LONGEST_LABEL, OfferedPasskey, OfferedTotp
from review.domain import passkeys, totp
from review.domain.sealing import keyed_digest
from review.errors import InvalidInput
from review.queries import factors as factor_queries
from review.web.signin import circumstances, kept
from review.web.signin.qr_code import QrCode, qr_code
from review.web.signin.showing import challenge_for

KEPT_AS = "totp"
"""Name under which the secret that the app reads is kept until its first code is typed."""


class TotpForm(FlaskForm):
    """The first code that the app shows."""

    code = StringField(
        lazy_gettext("Code of 6 digits"),
        validators=[InputRequired(lazy_gettext("Type the code that the app shows.")), Length(max=40)],
    )


class PasskeyForm(FlaskForm):
    """What the passkey is called, and the browser's answer."""

    label = StringField(
        lazy_gettext("Name of the passkey"),
        validators=[InputRequired(lazy_gettext("Give the passkey a name.")), Length(max=LONGEST_LABEL)],
    )
    answer = HiddenField(
        lazy_gettext("Passkey"),
        validators=[
            InputRequired(lazy_gettext("The browser gave no answer; try again.")),
            Length(max=passkeys.LONGEST_ANSWER),
        ],
    )


@dataclass(frozen=True)
class App:
    """What an authenticator app reads: the secret in groups, its address, and the picture of that."""

    secret: str
    address: str
    picture: QrCode


def app_for(account_id: str, email: str) -> App:
    """The secret that this person's app is to read; the same at every look until it is enrolled."""
    secret = kept.kept(KEPT_AS, belongs_to=account_id)
    if secret is None:
        secret = totp.new_secret()
    kept.keep(KEPT_AS, secret, belongs_to=account_id)
    address = totp.provisioning_address(secret, account=email, issuer=passkeys.SERVICE)
    return App(totp.in_groups(secret), address, qr_code(address))


def offered_totp(form: TotpForm, account_id: str) -> OfferedTotp:
    """The offer in the form; raises `InvalidInput` where the secret was kept too long."""
    secret = kept.kept(KEPT_AS, belongs_to=account_id)
    if secret is None:
        raise InvalidInput(str(lazy_gettext("That took too long; scan the new code.")))
    return OfferedTotp(secret, form.code.data or "")


def options_to_add(account_id: str, email: str, *, purpose: str) -> str:
    """What the browser is asked for a new passkey."""
    site = circumstances.site_here()
    handle = keyed_digest(account_id, secret_key=_key(), purpose="passkey-handles")
    known = factor_queries.credentials_of(db.session(), account_id, host=site.host)
    return passkeys.options_to_add(
        site=site, challenge=challenge_for(purpose), user_handle=handle, name=email, known=known
    )


def offered_passkey(form: PasskeyForm, *, purpose: str) -> OfferedPasskey:
    """The offer in the form."""
    return OfferedPasskey(
        answer=form.answer.data or "",
        challenge=challenge_for(purpose),
        site=circumstances.site_here(),
        label=form.label.data or "",
    )


def _key() -> str:
    return str(current_app.config["SECRET_KEY"])
