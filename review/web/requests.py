"""What every request to the API must be: media types, encodings, keys, query parameters."""

import re
from collections.abc import Collection

from flask import Response, current_app, request
from werkzeug.http import parse_options_header

from review.domain.ids import read_id
from review.domain.representation import etag_of
from review.errors import (
    BadRequest,
    FieldError,
    InvalidInput,
    NotAcceptable,
    NotFound,
    TooLarge,
    UnsupportedMediaType,
)

_KEY = re.compile(r"[!-+\--~]{1,200}")  # a comma is how a server joins two headers into one
_NUMBER = re.compile(r"[0-9]{1,3}")
MOST_LISTED = 200
LISTED = 50


def check_accept(media_type: str = "application/json") -> None:
    """Raise `NotAcceptable` where the client rules out the only form we have (RFC 9110, section 12.5.1)."""
    if "Accept" in request.headers and not request.accept_mimetypes.quality(media_type):
        raise NotAcceptable(f"This address answers with {media_type}; name it in Accept, or leave it out.")


def json_body() -> bytes:
    """The bytes of a JSON request, not yet parsed; raises `UnsupportedMediaType`, and 413 past 16 MiB."""
    headers = request.headers
    media_type, parameters = parse_options_header(headers.get("Content-Type"))
    if media_type.lower() != "application/json":
        raise UnsupportedMediaType("Send the body with Content-Type: application/json.")
    if parameters.get("charset", "utf-8").lower() not in ("utf-8", "utf8"):
        raise UnsupportedMediaType("Send UTF-8; JSON has no other character set here.")
    if headers.get("Content-Encoding", "identity").strip().lower() != "identity":
        raise UnsupportedMediaType("Send the body without Content-Encoding.")
    return _whole_body(most=current_app.config["MAX_CONTENT_LENGTH"])


def _whole_body(*, most: int) -> bytes:
    """All bytes of the body or none.

    One byte more than allowed is let in, because the stream of a chunked body ends silently at its limit;
    and a body cut short by a lost connection must not pass for a whole one.
    """
    request.max_content_length = most + 1
    length = request.content_length
    if (length or 0) <= most:
        body = request.get_data(cache=False)
        if length not in (None, len(body)):
            raise BadRequest("The body ended before its Content-Length; send it again.")
        if len(body) <= most:
            return body
    raise TooLarge(f"Send at most {most // 1024 // 1024} MiB; put large evidence into several referrals.")


def idempotency_key() -> str | None:
    """The header's value where there is one; `BadRequest` unless 1 to 200 visible ASCII letters, no comma."""
    key = request.headers.get("Idempotency-Key")
    if key is not None and _KEY.fullmatch(key) is None:
        raise BadRequest("Send one Idempotency-Key: 1 to 200 visible ASCII characters, no space, no comma.")
    return key


def object_id(text: str, prefix: str) -> str:
    """An id from the address; what is no id at all is missing like any other (`NotFound`)."""
    found = read_id(text, prefix)
    if found is None:
        raise NotFound()
    return found


def parameter_error(code: str, detail: str) -> InvalidInput:
    """A broken query parameter; the sentence names it, because no JSON Pointer reaches it."""
    return InvalidInput(detail, errors=[FieldError("", code, detail)])


def query_parameters(known: Collection[str]) -> dict[str, str]:
    """The query, each parameter once; raises `InvalidInput` for a repeated or unknown one."""
    given: dict[str, str] = {}
    for name, values in request.args.lists():
        if name not in known:
            listed = ", ".join(sorted(known))
            shown = f"The query parameter {name} is" if re.fullmatch(r"\w{1,50}", name) else "One is"
            raise parameter_error("unknown_parameter", f"{shown} not known here; these are: {listed}.")
        if len(values) > 1:
            raise parameter_error("repeated_parameter", f"Give {name} once.")
        given[name] = values[0]
    return given


def limit_of(text: str | None) -> int:
    """How many a page holds: 1 to 200, 50 unless said; raises `InvalidInput`."""
    if text is None:
        return LISTED
    if _NUMBER.fullmatch(text) is None or not 1 <= int(text) <= MOST_LISTED:
        raise parameter_error("limit_not_valid", f"limit must be a whole number from 1 to {MOST_LISTED}.")
    return int(text)


def json_answer(body: bytes, status: int = 200) -> Response:
    """JSON bytes as they are."""
    return Response(body, status, content_type="application/json")


def tagged_answer(body: bytes) -> Response:
    """JSON of one thing with its entity tag; 304 where the client has that (RFC 9110, section 13.1.2)."""
    response = json_answer(body)
    response.set_etag(etag_of(body))
    if request.method in ("GET", "HEAD"):
        response.make_conditional(request)
    return response
