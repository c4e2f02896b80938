"""What do the addresses of batches promise? Read by the published description."""

from typing import Any, Final

from review.domain.api_schema import BatchAnswer, BatchPage, LineAnswer, ReceivedBatchAnswer
from review.domain.referral_schema import ReferralBody
from review.errors import (
    EmptyBatch,
    InvalidInput,
    NotAcceptable,
    NotFound,
    TooLarge,
    UnsupportedMediaType,
)
from review.web.operations import Answer, Content, Operation, lines_of

LIST_PARAMETERS: Final = ("limit", "cursor")

_ID: Final = "B-9X2M-7KQD-3FWT"
EXAMPLE_BATCH: Final[dict[str, Any]] = {
    "id": _ID,
    "started_at": "2026-11-23T10:00:00.123456Z",
    "completed_at": "2026-11-23T10:00:04.323456Z",
    "seconds": 4.2,
    "lines": 26_000,
    "received": 25_990,
    "repeated": 4,
    "refused": 6,
    "decided": 0,
    "accepted": 0,
    "declined": 0,
    "links": {
        "self": f"/api/v1/batches/{_ID}",
        "results": f"/api/v1/batches/{_ID}/results",
        "receipt": f"/api/v1/batches/{_ID}/receipt",
    },
}
EXAMPLE_REFUSAL: Final[dict[str, Any]] = {
    "line": 17,
    "reference": "EUIRU-2019-11-000139",
    "errors": [
        {
            "pointer": "/items/0/url",
            "code": "not_our_host",
            "detail": "Give a location on a host of this provider; send others to the provider concerned.",
        }
    ],
}
EXAMPLE_LINES: Final = (
    '{"reference":"EUIRU-2019-11-000123","reason":"Branded propaganda video.",'
    '"items":[{"url":"https://video.example/watch/9f2c"}]}\n'
    '{"reference":"EUIRU-2019-11-000124","reason":"Branded propaganda video.",'
    '"items":[{"url":"https://video.example/watch/a01d"}]}\n'
)
EXAMPLE_RESULTS: Final = (
    '{"line":1,"id":"R-7K3M-9QXD-2FWT","result":"received","status":"in_review","outcome":null}\n'
)

REFER_MANY: Final = Operation(
    name="refer_many",
    title="Refer many at once",
    text="One referral a line, up to 100 000 lines and 512 MiB unpacked, 1 MiB a line; gzip is welcome. A "
    "bad line never blocks good ones. The answer comes when all lines are stored or refused. Cut off, whole "
    "chunks stay stored; the same upload again is safe: what is stored is then repeated.",
    group="Refer",
    headers=("Content-Encoding",),
    bodies=(Content("application/x-ndjson", lines_of(ReferralBody), EXAMPLE_LINES, ReferralBody),),
    answers=(
        Answer(
            200,
            "Every line is stored or refused.",
            (
                Content(
                    "application/json", ReceivedBatchAnswer, EXAMPLE_BATCH | {"refusals": [EXAMPLE_REFUSAL]}
                ),
            ),
        ),
    ),
    problems=(NotAcceptable, TooLarge, UnsupportedMediaType, EmptyBatch),
)

LISTING: Final = Operation(
    name="list_batches",
    title="List one's own batches",
    text="Newest first, without the counts of items.",
    query=LIST_PARAMETERS,
    answers=(
        Answer(
            200,
            "One page.",
            (Content("application/json", BatchPage, {"batches": [EXAMPLE_BATCH], "next": None}),),
        ),
    ),
    problems=(NotAcceptable, InvalidInput),
)

ONE: Final = Operation(
    name="read_batch",
    title="One batch",
    text="Its counts now.",
    headers=("If-None-Match",),
    answers=(
        Answer(200, "The batch.", (Content("application/json", BatchAnswer, EXAMPLE_BATCH),), ("ETag",)),
        Answer(304, "It has not changed since the ETag you sent.", headers=("ETag",)),
    ),
    problems=(NotFound, NotAcceptable),
)

RESULTS: Final = Operation(
    name="read_batch_results",
    title="What became of each line",
    text="In order of the lines, one object a line.",
    answers=(
        Answer(
            200,
            "The results.",
            (Content("application/x-ndjson", lines_of(LineAnswer), EXAMPLE_RESULTS, LineAnswer),),
        ),
    ),
    problems=(NotFound, NotAcceptable),
)

RECEIPT: Final = Operation(
    name="read_batch_receipt",
    title="The receipt of a batch",
    text="The proof that the trail holds your delivery: a tlog-proof document (C2SP). Its extra line opens "
    "the digest of all bytes that came, unpacked, and the counts of lines. 404 while it is not complete.",
    headers=("If-None-Match",),
    answers=(
        Answer(200, "The proof.", (Content("text/plain", {"type": "string"}),), ("ETag",)),
        Answer(
            202,
            "No checkpoint covers it yet; ask again.",
            (Content("text/plain", {"type": "string"}),),
            ("Retry-After",),
        ),
        Answer(304, "It has not changed since the ETag you sent.", headers=("ETag",)),
    ),
    problems=(NotFound,),
)
