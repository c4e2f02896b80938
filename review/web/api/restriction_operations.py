"""What do the addresses for the platform promise? Read by the published description."""

from typing import Any, Final

from review.domain.restriction_schema import FailedBody, ImplementedBody, RestrictionReport
from review.errors import (
    InvalidInput,
    NotAcceptable,
    NotFound,
    NotStrictJson,
    RestrictionConflict,
    TooLarge,
    UnsupportedMediaType,
)
from review.web.operations import Answer, Content, Operation, Problems

GROUP: Final = "The platform"
_AT: Final = "2026-11-23T10:05:00.000000Z"
_REPORT: Final[dict[str, Any]] = {
    "id": "M-4Q7V-1ZC8-J0RK",
    "state": "implemented",
    "starts_at": "2026-11-23T10:00:00.123456Z",
    "implemented_at": _AT,
    "failed_at": None,
    "reason": None,
}
_PROBLEMS: Final[Problems] = (
    NotStrictJson, NotFound, NotAcceptable, RestrictionConflict, TooLarge, UnsupportedMediaType, InvalidInput,
)  # fmt: skip

IMPLEMENTED: Final = Operation(
    name="report_implemented",
    title="Report a restriction as in place",
    text="The platform says since when it has carried a decision out; the id comes with "
    "restriction.requested. The senders see it as implemented_at. The same report again is answered the "
    "same; another one is 409, and the first stands.",
    group=GROUP,
    bodies=(Content("application/json", ImplementedBody, {"at": _AT}),),
    answers=(Answer(200, "It is noted.", (Content("application/json", RestrictionReport, _REPORT),)),),
    problems=_PROBLEMS,
)

FAILED: Final = Operation(
    name="report_failed",
    title="Report a restriction as failed",
    text="The platform says why it cannot carry a decision out; legal and leads see it. The same reason "
    "again is answered the same; another report is 409, and the first stands.",
    group=GROUP,
    bodies=(Content("application/json", FailedBody, {"reason": "The page belongs to another service."}),),
    answers=(Answer(200, "It is noted.", (Content("application/json", RestrictionReport),)),),
    problems=_PROBLEMS,
)
