"""People with second factors for tests: apps, passkeys, and half sign-ins, made by the actions."""

from dataclasses import dataclass

import sqlalchemy as sa

from review import clock, db
from review.actions import accounts, factors, sign_ins
from review.actions.enrolling import OfferedPasskey, OfferedTotp
from review.actions.factors import FactorRules
from review.actions.showing import Shown
from review.domain import passkeys, totp
from review.domain.factors import Asked, Factor, FactorPolicy
from review.domain.keys import digest_of
from review.domain.passkeys import Site
from review.domain.permissions import ANONYMOUS, OPERATOR, Actor, Role
from review.models import Opening
from review.queries import accounts as account_queries
from tests.authenticator import Authenticator
from tests.factories import make_sender

KEY = "0123456789abcdef" * 4
PASSWORD = "harbour lantern seventeen"
ADDRESS = "192.0.2.1"
SITE = Site("localhost", ("http://localhost",))
REQUIRED = FactorPolicy(Asked.REQUIRED, frozenset({Role.LEGAL, Role.ADMIN}))


def rules(policy: FactorPolicy = REQUIRED) -> FactorRules:
    """The rules of these tests."""
    return FactorRules(policy=policy, secret_key=KEY, lifetime_seconds=43_200)


@dataclass
class Person:
    """Somebody with a password; knows the app's secret and the codes, as they would."""

    email: str
    actor: Actor
    secret: str = ""
    codes: tuple[str, ...] = ()
    key: Authenticator | None = None

    @property
    def account_id(self) -> str:
        """The account's id."""
        assert self.actor.account_id is not None
        return self.actor.account_id

    def half(self, policy: FactorPolicy = REQUIRED) -> str:
        """Digest of a half sign-in after the right password."""
        return digest_of(enter(self.email, policy=policy).token)

    def code(self, steps: int = 0) -> str:
        """The code that the app shows now, or so many steps later."""
        return totp.code_at(self.secret, totp.step_of(clock.now()) + steps)

    def totp(self, steps: int = 0) -> Shown:
        """The app's code, shown."""
        return Shown(Factor.TOTP, self.code(steps))

    def recovery(self, place: int = 0) -> Shown:
        """One of the recovery codes, shown."""
        return Shown(Factor.RECOVERY_CODE, self.codes[place])

    def passkey(self, purpose: str = "p", *, site: Site = SITE) -> Shown:
        """The passkey, shown for a challenge."""
        assert self.key is not None
        challenge = passkeys.challenge_of(purpose, secret_key=KEY)
        options = passkeys.options_to_show(site=site, challenge=challenge, known=[self.key.credential_id])
        return Shown(Factor.PASSKEY, self.key.get(options), challenge=challenge, site=site)


def make_person(role: Role = Role.MODERATOR, *, app: bool = False, key: bool = False) -> Person:
    """A person with a password, and an app or a passkey where said."""
    sender_id = make_sender() if role is Role.SENDER else None
    email = f"{role}-{app}-{key}@desk.example".lower()
    accounts.create_account(
        email, role=role, name="Jane", sender_id=sender_id, password=PASSWORD, actor=OPERATOR
    )
    actor = account_queries.actor_of(db.session(), email)
    assert actor is not None
    person = Person(email, actor)
    if app:
        give_app(person)
    if key:
        give_passkey(person)
    return person


def give_app(person: Person) -> None:
    """Enrol an app; its code of two steps ago was the first."""
    person.secret = totp.new_secret()
    first = OfferedTotp(person.secret, person.code(-1))
    person.codes += factors.add_factor(first, secret_key=KEY, actor=person.actor)


def offer_passkey(key: Authenticator, *, purpose: str = "add", label: str = "Blue key") -> OfferedPasskey:
    """A new passkey of that authenticator, offered."""
    challenge = passkeys.challenge_of(purpose, secret_key=KEY)
    options = passkeys.options_to_add(
        site=SITE, challenge=challenge, user_handle=b"h" * 32, name="jane", known=()
    )
    return OfferedPasskey(key.create(options), challenge, SITE, label)


def give_passkey(person: Person) -> None:
    """Enrol a passkey."""
    person.key = Authenticator()
    person.codes += factors.add_factor(offer_passkey(person.key), secret_key=KEY, actor=person.actor)


def enter(email: str, *, policy: FactorPolicy = REQUIRED, password: str = PASSWORD) -> sign_ins.Admitted:
    """The password typed."""
    return sign_ins.sign_in(
        email, password, address=ADDRESS, lifetime_seconds=43_200, policy=policy, actor=ANONYMOUS
    )


def events_of(account_id: str) -> list[str]:
    """Names of the account's events in order, its creation left out."""
    db.session().rollback()
    found = db.session().scalars(
        sa.select(Opening.event_type)
        .where(Opening.object_id == account_id, Opening.event_type != "account.created")
        .order_by(Opening.recorded_at, Opening.object_version)
    )
    return list(found)


def is_alive(token: str | None) -> bool:
    """Whether a token opens a sign-in."""
    db.session().rollback()
    found = account_queries.signed_in(db.session(), digest_of(token or ""), at=clock.now(), idle_seconds=1800)
    return found is not None


def finish(half: str, shown: Shown, policy: FactorPolicy = REQUIRED) -> factors.Begun:
    """Show a factor at a half sign-in."""
    return factors.finish_sign_in(half, shown, rules=rules(policy), address=ADDRESS, actor=ANONYMOUS)


def offer_app(steps: int = 0) -> OfferedTotp:
    """A new app with the code that it shows now, or so many steps later."""
    secret = totp.new_secret()
    return OfferedTotp(secret, totp.code_at(secret, totp.step_of(clock.now()) + steps))


def whole(person: Person) -> str:
    """Token of a whole sign-in, past the factor."""
    return enter(person.email, policy=FactorPolicy(Asked.OFF)).token
