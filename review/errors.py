"""Domain errors: a stable code, a sentence for people, and the values behind it; no HTTP."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class FieldError:
    """One broken rule of an input: JSON Pointer (RFC 6901), stable code, one sentence with the remedy."""

    pointer: str
    code: str
    detail: str

    def as_dict(self) -> dict[str, str]:
        """The shape used in problem documents and stored with refused items."""
        return {"pointer": self.pointer, "code": self.code, "detail": self.detail}


class ReviewError(Exception):
    """Base of all errors the desk answers with: a stable ``code`` and one sentence with the remedy.

    ``errors`` lists broken rules of an input, ``values`` names the objects concerned. What HTTP status a
    kind of error becomes is decided in one place, ``web/errors.py``.
    """

    code: ClassVar[str] = "error"
    title: ClassVar[str] = "The request could not be carried out"

    def __init__(
        self,
        detail: str = "",
        *,
        errors: Sequence[FieldError] = (),
        values: Mapping[str, str] | None = None,
        retry_after_seconds: int | None = None,
    ) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.errors = tuple(errors)
        self.values = dict(values or {})
        self.retry_after_seconds = retry_after_seconds


# 400: the bytes are not what they claim to be


class BadRequest(ReviewError):
    """The request is malformed."""

    code = "bad_request"
    title = "The request is malformed"


class NotStrictJson(ReviewError):
    """The body is not strict JSON."""

    code = "not_strict_json"
    title = "The body is not strict JSON"


# 401 and 403: who is asking


class KeyRequired(ReviewError):
    """An API key is required."""

    code = "key_required"
    title = "An API key is required"


class KeyNotValid(ReviewError):
    """The API key is unknown, expired or revoked."""

    code = "key_not_valid"
    title = "The API key is unknown, expired or revoked"


class SignInRequired(ReviewError):
    """Please sign in."""

    code = "sign_in_required"
    title = "Please sign in"


class SignInFailed(ReviewError):
    """E-mail or password is wrong."""

    code = "sign_in_failed"
    title = "E-mail or password is wrong"


class ScopeTooSmall(ReviewError):
    """The API key lacks the scope for this."""

    code = "scope_too_small"
    title = "The API key lacks the scope for this"


class NotPermitted(ReviewError):
    """Your role does not allow this."""

    code = "not_permitted"
    title = "Your role does not allow this"


class FormExpired(ReviewError):
    """The form is too old or did not come from this site."""

    code = "form_expired"
    title = "The form is too old or did not come from this site"


# 404 to 415: the resource or the protocol


class NotFound(ReviewError):
    """There is nothing here for you."""

    code = "not_found"
    title = "There is nothing here for you"


class MethodNotAllowed(ReviewError):
    """This address does not answer that method."""

    code = "method_not_allowed"
    title = "This address does not answer that method"


class NotAcceptable(ReviewError):
    """None of the accepted media types can be served."""

    code = "not_acceptable"
    title = "None of the accepted media types can be served"


class TooLarge(ReviewError):
    """The body is too large."""

    code = "too_large"
    title = "The body is too large"


class UnsupportedMediaType(ReviewError):
    """The body has the wrong media type or encoding."""

    code = "unsupported_media_type"
    title = "The body has the wrong media type or encoding"


# 409: the state has moved on


class ReferenceConflict(ReviewError):
    """This reference was used for a different referral."""

    code = "reference_conflict"
    title = "This reference was used for a different referral"


class IdempotencyInFlight(ReviewError):
    """A request with this Idempotency-Key is still being answered."""

    code = "idempotency_in_flight"
    title = "A request with this Idempotency-Key is still being answered"


class CaseNotClaimable(ReviewError):
    """The case cannot be claimed."""

    code = "case_not_claimable"
    title = "The case cannot be claimed"


class TooManyClaims(ReviewError):
    """You hold as many cases as one person may."""

    code = "too_many_claims"
    title = "You hold as many cases as one person may"


class ClaimLost(ReviewError):
    """You no longer hold this case."""

    code = "claim_lost"
    title = "You no longer hold this case"


class StaleVersion(ReviewError):
    """The case has changed since the form was opened."""

    code = "stale_version"
    title = "The case has changed since the form was opened"


class AlreadyRecorded(ReviewError):
    """A review of this case is already recorded."""

    code = "already_recorded"
    title = "A review of this case is already recorded"


class UndoWindowOver(ReviewError):
    """The undo window has ended."""

    code = "undo_window_over"
    title = "The undo window has ended"


class NotDispatchable(ReviewError):
    """The review is not due, was undone, or is dispatched already."""

    code = "not_dispatchable"
    title = "The review is not due, was undone, or is dispatched already"


class NotWithdrawable(ReviewError):
    """This can no longer be withdrawn."""

    code = "not_withdrawable"
    title = "This can no longer be withdrawn"


class AlreadyExists(ReviewError):
    """It exists already."""

    code = "already_exists"
    title = "It exists already"


class AlreadyClosed(ReviewError):
    """It is closed already."""

    code = "already_closed"
    title = "It is closed already"


# 422: well-formed, but a rule is broken


class InvalidReferral(ReviewError):
    """The referral breaks a rule."""

    code = "invalid_referral"
    title = "The referral breaks a rule"


class KindNotEnabled(ReviewError):
    """This kind of intake is not enabled yet."""

    code = "kind_not_enabled"
    title = "This kind of intake is not enabled yet"


class IdempotencyKeyReused(ReviewError):
    """This Idempotency-Key was used for different content."""

    code = "idempotency_key_reused"
    title = "This Idempotency-Key was used for different content"


class InvalidReview(ReviewError):
    """The review is incomplete."""

    code = "invalid_review"
    title = "The review is incomplete"


class InvalidInput(ReviewError):
    """A value is not valid."""

    code = "invalid_input"
    title = "A value is not valid"


# 429, 503, 507: not now


class TooManyRequests(ReviewError):
    """Too many requests."""

    code = "too_many_requests"
    title = "Too many requests"


class DatabaseBusy(ReviewError):
    """The database is busy."""

    code = "database_busy"
    title = "The database is busy"


class StorageFull(ReviewError):
    """The storage is full."""

    code = "storage_full"
    title = "The storage is full"


class NotReady(ReviewError):
    """The service is not ready."""

    code = "not_ready"
    title = "The service is not ready"


# start-up and house rules


class SettingsError(ReviewError):
    """A setting is missing or wrong."""

    code = "settings_error"
    title = "A setting is missing or wrong"


class TransactionMisuse(ReviewError):
    """A transaction was nested or missing."""

    code = "transaction_misuse"
    title = "A transaction was nested or missing"


class TrailBroken(ReviewError):
    """The trail does not add up."""

    code = "trail_broken"
    title = "The trail does not add up"
