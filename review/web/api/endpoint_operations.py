"""What do the addresses of endpoints promise? Read by the published description."""

from typing import Any, Final

from review.domain.endpoint_schema import (
    DeliveryAnswer,
    EndpointBody,
    EndpointList,
    EndpointSecretAnswer,
)
from review.domain.endpoints import AlreadyRotated
from review.errors import (
    AlreadyClosed,
    AlreadyExists,
    InvalidInput,
    NotAcceptable,
    NotFound,
    NotStrictJson,
    TooLarge,
    UnsupportedMediaType,
)
from review.web.operations import Answer, Content, Operation

GROUP: Final = "Be told"
_BODY: Final[dict[str, Any]] = {
    "url": "https://hooks.example.org/referrals",
    "topics": ["item.question", "item.decided"],
}
_EXAMPLE: Final[dict[str, Any]] = {
    "id": "J-4Q7V-1ZC8-J0RK",
    **_BODY,
    "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=",
}
_SECRET: Final = (Content("application/json", EndpointSecretAnswer, _EXAMPLE),)

LISTING: Final = Operation(
    name="list_endpoints",
    title="List one's own endpoints",
    text="All that were not removed, the oldest first.",
    group=GROUP,
    answers=(Answer(200, "The endpoints.", (Content("application/json", EndpointList),)),),
    problems=(NotAcceptable,),
)

ADD: Final = Operation(
    name="add_endpoint",
    title="Add an endpoint",
    text="Messages follow Standard Webhooks: webhook-id, webhook-timestamp, and webhook-signature, made with "
    "the secret that is shown here alone. They come at least once, in any order; seq counts those of one "
    "endpoint. A sender has at most 10.",
    group=GROUP,
    bodies=(Content("application/json", EndpointBody, _BODY),),
    answers=(Answer(201, "Added; keep the secret.", _SECRET),),
    problems=(
        NotStrictJson, NotFound, NotAcceptable, AlreadyExists, TooLarge, UnsupportedMediaType, InvalidInput,
    ),
)  # fmt: skip

ROTATE: Final = Operation(
    name="rotate_secret",
    title="Rotate the secret",
    text="A new secret signs from now on, and the one before beside it for 24 hours: webhook-signature "
    "then holds two. While an earlier one still signs, this is refused with already_rotated: "
    "previous_secret_until in that answer says how long. A secret that has to go before that is ended on "
    "your page. No body.",
    group=GROUP,
    answers=(Answer(200, "Keep the new secret.", _SECRET),),
    problems=(NotFound, NotAcceptable, AlreadyRotated),
)

TRY: Final = Operation(
    name="test_endpoint",
    title="Send a test message",
    text="A message of type endpoint.test, tried once, one at a time. What came of it stands on your page. "
    "No body.",
    group=GROUP,
    answers=(Answer(202, "It is on its way.", (Content("application/json", DeliveryAnswer),)),),
    problems=(NotFound, NotAcceptable, AlreadyClosed),
)

REMOVE: Final = Operation(
    name="remove_endpoint",
    title="Remove an endpoint",
    text="For good, with its secrets. What still waits for it becomes dead letters.",
    group=GROUP,
    answers=(Answer(204, "Removed."),),
    problems=(NotFound,),
)
