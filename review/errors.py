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

    ``remedy`` says what to do about this kind. ``errors`` lists broken rules of an input, ``values`` names
    the objects concerned. What HTTP status a kind becomes is decided in one place, ``web/errors.py``.
    """

    code: ClassVar[str] = "error"
    title: ClassVar[str] = "The request could not be carried out"
    remedy: ClassVar[str] = "Try again; if it happens again, tell the provider when it happened."

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
    remedy = "Correct what the detail names and send the request again."


class NotStrictJson(ReviewError):
    """The body is not strict JSON."""

    code = "not_strict_json"
    title = "The body is not strict JSON"
    remedy = "Send UTF-8 JSON by RFC 8259: no byte order mark, no member twice, no NaN; see the detail."


# 401 and 403: who is asking


class KeyRequired(ReviewError):
    """An API key is required."""

    code = "key_required"
    title = "An API key is required"
    remedy = "Send the header Authorization: Bearer <key>."


class KeyNotValid(ReviewError):
    """The API key is unknown, expired or revoked."""

    code = "key_not_valid"
    title = "The API key is unknown, expired or revoked"
    remedy = "Check the key for missing characters; if it is whole, ask your contact for a new one."


class SignInRequired(ReviewError):
    """Please sign in."""

    code = "sign_in_required"
    title = "Please sign in"
    remedy = "Sign in, then do it again."


class SignInFailed(ReviewError):
    """E-mail or password is wrong."""

    code = "sign_in_failed"
    title = "E-mail or password is wrong"
    remedy = "Check both and try again; an administrator can send you a link for a new password."


class ScopeTooSmall(ReviewError):
    """The API key lacks the scope for this."""

    code = "scope_too_small"
    title = "The API key lacks the scope for this"
    remedy = "Use a key with the scope that the detail names, or ask your contact for one."


class NotPermitted(ReviewError):
    """Your role does not allow this."""

    code = "not_permitted"
    title = "Your role does not allow this"
    remedy = "Ask an administrator if your role should allow it."


class FormExpired(ReviewError):
    """The form is too old or did not come from this site."""

    code = "form_expired"
    title = "The form is too old or did not come from this site"
    remedy = "Open the page again and send its form; what you typed may have to be typed again."


# 404 to 415: the resource or the protocol


class NotFound(ReviewError):
    """There is nothing here for you."""

    code = "not_found"
    title = "There is nothing here for you"
    remedy = "Check the address and the id. What belongs to others looks the same as what does not exist."


class MethodNotAllowed(ReviewError):
    """This address does not answer that method."""

    code = "method_not_allowed"
    title = "This address does not answer that method"
    remedy = "Use one of the methods in the header Allow."


class NotAcceptable(ReviewError):
    """None of the accepted media types can be served."""

    code = "not_acceptable"
    title = "None of the accepted media types can be served"
    remedy = "Leave the header Accept out, or name the media type that the detail gives."


class TooLarge(ReviewError):
    """The body is too large."""

    code = "too_large"
    title = "The body is too large"
    remedy = "Send less at once: several referrals, several batches, smaller evidence."


class UnsupportedMediaType(ReviewError):
    """The body has the wrong media type or encoding."""

    code = "unsupported_media_type"
    title = "The body has the wrong media type or encoding"
    remedy = "Set Content-Type and Content-Encoding as the detail says."


# 409: the state has moved on


class ReferenceConflict(ReviewError):
    """This reference was used for a different referral."""

    code = "reference_conflict"
    title = "This reference was used for a different referral"
    remedy = "Use a new reference for new content; id names the referral that was sent first."


class IdempotencyInFlight(ReviewError):
    """A request with this Idempotency-Key is still being answered."""

    code = "idempotency_in_flight"
    title = "A request with this Idempotency-Key is still being answered"
    remedy = "Wait a moment and send the same request again."


class CaseNotClaimable(ReviewError):
    """The case cannot be claimed."""

    code = "case_not_claimable"
    title = "The case cannot be claimed"
    remedy = "Take the next case instead."


class TooManyClaims(ReviewError):
    """You hold as many cases as one person may."""

    code = "too_many_claims"
    title = "You hold as many cases as one person may"
    remedy = "Decide or release a case that you hold, then claim this one."


class ClaimLost(ReviewError):
    """You no longer hold this case."""

    code = "claim_lost"
    title = "You no longer hold this case"
    remedy = "Claim the case again if it is still open; what you typed is kept on the page."


class StaleVersion(ReviewError):
    """The case has changed since the form was opened."""

    code = "stale_version"
    title = "The case has changed since the form was opened"
    remedy = "Look at what changed, then send the form again."


class DraftChanged(StaleVersion):
    """Another window of the same person saved a draft since this one was opened."""

    code = "draft_changed"
    title = "The draft was changed in another window"
    remedy = "Load the other text, or keep this one in its place; both are there until you choose."


class AlreadyRecorded(ReviewError):
    """A review of this case is already recorded."""

    code = "already_recorded"
    title = "A review of this case is already recorded"
    remedy = "Nothing is left to do; undo the review first if it was wrong."


class UndoWindowOver(ReviewError):
    """The undo window has ended."""

    code = "undo_window_over"
    title = "The undo window has ended"
    remedy = "The review stands and will be answered; tell your lead if it is wrong."


class NothingToUndo(ReviewError):
    """There is nothing to undo."""

    code = "nothing_to_undo"
    title = "There is nothing to undo"
    remedy = "Nothing is left to do."


class NotDispatchable(ReviewError):
    """The review is not due, was undone, or is dispatched already."""

    code = "not_dispatchable"
    title = "The review is not due, was undone, or is dispatched already"
    remedy = "Nothing is left to do."


class NotWithdrawable(ReviewError):
    """This can no longer be withdrawn."""

    code = "not_withdrawable"
    title = "This can no longer be withdrawn"
    remedy = "It has been answered; an answer can be followed, but not taken back."


class AlreadyExists(ReviewError):
    """It exists already."""

    code = "already_exists"
    title = "It exists already"
    remedy = "Use the one that exists, or choose another name."


class AlreadyClosed(ReviewError):
    """It is closed already."""

    code = "already_closed"
    title = "It is closed already"
    remedy = "Nothing is left to do."


class RestrictionConflict(ReviewError):
    """The restriction was reported differently before."""

    code = "restriction_conflict"
    title = "The restriction was reported differently before"
    remedy = "The first report stands; if it was wrong, tell a lead, who can put it right by hand."


# 422: well-formed, but a rule is broken


class InvalidReferral(ReviewError):
    """The referral breaks a rule."""

    code = "invalid_referral"
    title = "The referral breaks a rule"
    remedy = "Correct every rule that errors lists, then send it again; the reference is still free."


class KindNotEnabled(ReviewError):
    """This kind of intake is not open to this sender."""

    code = "kind_not_enabled"
    title = "This kind of intake is not open to this sender"
    remedy = "Send it as another kind, or write to the provider's contact point."


class IdempotencyKeyReused(ReviewError):
    """This Idempotency-Key was used for different content."""

    code = "idempotency_key_reused"
    title = "This Idempotency-Key was used for different content"
    remedy = "Use a new Idempotency-Key for new content."


class InvalidReview(ReviewError):
    """The review is incomplete."""

    code = "invalid_review"
    title = "The review is incomplete"
    remedy = "Complete the fields that are marked and send the form again."


class EmptyBatch(ReviewError):
    """The batch has no line."""

    code = "empty_batch"
    title = "The batch has no line"
    remedy = "Send at least one line with a referral."


class InvalidInput(ReviewError):
    """A value is not valid."""

    code = "invalid_input"
    title = "A value is not valid"
    remedy = "Correct what the detail names and send it again."


# 429, 503, 507: not now


class TooManyRequests(ReviewError):
    """Too many requests."""

    code = "too_many_requests"
    title = "Too many requests"
    remedy = "Wait as many seconds as Retry-After says; send many referrals as one batch."


class Overloaded(ReviewError):
    """Too many requests are being answered."""

    code = "overloaded"
    title = "Too many requests are being answered"
    remedy = "Wait as many seconds as Retry-After says and send the same request again."


class DatabaseBusy(ReviewError):
    """The database is busy."""

    code = "database_busy"
    title = "The database is busy"
    remedy = "Wait as many seconds as Retry-After says and send the same request again."


class StorageFull(ReviewError):
    """The storage is full."""

    code = "storage_full"
    title = "The storage is full"
    remedy = "Wait; the provider has to make room. What was answered before is safe."


class NotReady(ReviewError):
    """The service is not ready."""

    code = "not_ready"
    title = "The service is not ready"
    remedy = "Wait; the provider is starting or repairing the service."


class SettingsError(ReviewError):
    """A setting is missing or wrong."""

    code = "settings_error"
    title = "A setting is missing or wrong"
    remedy = "Set what the line names, then start again."


class TrailBroken(ReviewError):
    """The trail does not add up."""

    code = "trail_broken"
    title = "The trail does not add up"
    remedy = "Keep the database as it is and compare it with the newest backup."
