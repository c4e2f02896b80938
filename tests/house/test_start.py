"""What a desk that has just started does without, because few who run one ever ask for it."""

import json
import subprocess
import sys

from tests.house.readme_tables import ROOT

LATE = {
    "babel.messages": "reads translations",
    "cbor2": "passkeys",
    "segno": "QR codes",
    "webauthn": "passkeys",
}
"""Libraries that cost a MiB or more before their first use."""


def test_an_idle_desk_carries_no_library_that_it_may_never_need() -> None:
    code = "import json, sys, app; app.create_app(); print(json.dumps(sorted(sys.modules)))"
    environment = {"REVIEW_SECRET_KEY": "0123456789abcdef" * 4, "REVIEW_HOSTS": "example.org"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert set(json.loads(done.stdout)) & set(LATE) == set()
