"""One process that takes a batch into an empty desk, with the trail or as if there were none.

Without it the ledger answers with ids and writes nothing: everything else is done as always. Prints the
seconds of taking in, and of giving the events their positions afterwards.
"""

import io
import json
import secrets
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from unittest.mock import patch

from app import create_app
from review import db, ledger, uploads
from tests.bench.databases import settings_of
from tests.bench.loader import referral_bytes
from tests.factories import make_sender, sender_actor


def _nothing_recorded(*_given: Any, **_named: Any) -> str:
    return secrets.token_hex(16)


def _none_recorded(_writer: Any, _kind: str, records: Sequence[Any], **_named: Any) -> list[str]:
    return [secrets.token_hex(16) for _record in records]


def take_in(lines: int, *, trailed: bool) -> dict[str, float]:
    """So many new referrals as one batch, straight into the actions."""
    app_settings = settings_of(sys.argv[1], Path(sys.argv[2]))
    app_settings.data_dir.mkdir(parents=True, exist_ok=True)
    app = create_app(app_settings)
    with app.app_context(), ExitStack() as patched:
        actor = sender_actor(make_sender())
        body = b"".join(
            referral_bytes(f"cost-{number}", f"https://video.example/watch/cost/{number}") + b"\n"
            for number in range(lines)
        )
        if not trailed:
            patched.enter_context(patch.object(ledger, "record", _nothing_recorded))
            patched.enter_context(patch.object(ledger, "record_many", _none_recorded))
        desk = uploads.Desk(actor=actor, settings=app_settings, hosts=app.config["REVIEW_HOSTS"])
        started = time.perf_counter()
        uploads.receive_stream(io.BytesIO(body).read, desk)
        taken = time.perf_counter()
        events = 0
        while True:
            with db.transaction() as writer:
                head = ledger.sequence_pending(writer)
            if head is None:
                break
            events = head.size
        ended = time.perf_counter()
    return {"seconds": taken - started, "sequencing": ended - taken, "events": events}


def main() -> None:
    """URL, folder, lines, and ``with`` or ``without``."""
    print(json.dumps(take_in(int(sys.argv[3]), trailed=sys.argv[4] == "with")))


if __name__ == "__main__":
    main()
