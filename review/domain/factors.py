"""Which second factor must a person show, and which does the desk take from them? No database, no HTTP."""

from dataclasses import dataclass, field
from enum import StrEnum

from review.domain.permissions import Role


class Factor(StrEnum):
    """What a person shows beside the password."""

    TOTP = "totp"
    PASSKEY = "passkey"
    RECOVERY_CODE = "recovery_code"


class Asked(StrEnum):
    """Whether the desk asks for a second factor."""

    OFF = "off"
    OPTIONAL = "optional"
    REQUIRED = "required"


class Step(StrEnum):
    """What is missing between a right password and a sign-in."""

    SHOW = "show"
    ENROL = "enrol"
    ADD_PASSKEY = "add_passkey"
    DONE = "done"


@dataclass(frozen=True)
class Enrolled:
    """What one person has: an authenticator app or none, so many passkeys, so many unused recovery codes."""

    totp: bool = False
    passkeys: int = 0
    recovery_codes: int = 0

    @property
    def any(self) -> bool:
        """Whether there is a factor at all; recovery codes alone are none."""
        return self.totp or self.passkeys > 0


@dataclass(frozen=True)
class FactorPolicy:
    """The desk's rule; ``passkey_roles`` have to use a passkey."""

    asked: Asked
    passkey_roles: frozenset[Role] = field(default_factory=frozenset)

    def next_step(self, role: Role, enrolled: Enrolled, *, shown: Factor | None) -> Step:
        """What comes after the password, and after a factor was ``shown``.

        Optional means: whoever has a factor shows it. A role that needs a passkey and has none yet shows
        what it has and then adds one.
        """
        if self.asked is Asked.OFF or (self.asked is Asked.OPTIONAL and not enrolled.any):
            return Step.DONE
        if not enrolled.any:
            return Step.ENROL
        if shown is None:
            return Step.SHOW
        if self.asked is Asked.REQUIRED and role in self.passkey_roles and not enrolled.passkeys:
            return Step.ADD_PASSKEY
        return Step.DONE

    def taken(self, role: Role, enrolled: Enrolled) -> tuple[Factor, ...]:
        """The factors that this person may show; an app does not stand in for a passkey that is required."""
        kinds = []
        if enrolled.passkeys:
            kinds.append(Factor.PASSKEY)
        if enrolled.totp and not (enrolled.passkeys and self.needs_passkey(role)):
            kinds.append(Factor.TOTP)
        if enrolled.any and enrolled.recovery_codes:
            kinds.append(Factor.RECOVERY_CODE)
        return tuple(kinds)

    def needs_passkey(self, role: Role) -> bool:
        """Whether this role has to use a passkey."""
        return self.asked is Asked.REQUIRED and role in self.passkey_roles

    def first_factors(self, role: Role) -> tuple[Factor, ...]:
        """Which factors a person may begin with."""
        return (Factor.PASSKEY,) if self.needs_passkey(role) else (Factor.TOTP, Factor.PASSKEY)

    def may_remove(self, kind: Factor, role: Role, enrolled: Enrolled) -> bool:
        """Whether a factor may go: never the last one that the desk asks this person for."""
        if self.asked is not Asked.REQUIRED:
            return True
        left = enrolled.passkeys - (kind is Factor.PASSKEY)
        if self.needs_passkey(role):
            return kind is Factor.TOTP or left > 0
        return left > 0 or (enrolled.totp and kind is not Factor.TOTP)
