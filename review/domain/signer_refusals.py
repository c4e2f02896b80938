"""Why does the signer refuse to sign? Each reason with its code, its sentence and the next step."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from review.errors import TrailBroken


class Refusal(StrEnum):
    """Reasons for which nothing more is signed until somebody has acted."""

    OLDER_COPY = "signer_older_copy"
    ENTRIES_CHANGED = "signer_entries_changed"
    FILE_MISSING = "signer_file_missing"
    FILE_DAMAGED = "signer_file_damaged"
    FROZEN = "signer_frozen"
    DEVICE = "signer_device"


REFUSALS: Final[Mapping[Refusal, tuple[str, str]]] = {
    Refusal.OLDER_COPY: (
        "Nothing more is signed: the database has fewer entries than were signed. It is an older copy or was"
        " cut.",
        "Restore the newest backup of the database.",
    ),
    Refusal.ENTRIES_CHANGED: (
        "Nothing more is signed: the entries are not those that were signed or recorded.",
        "Run flask trail verify, which names the first bad entry; keep this database and compare it with the"
        " newest backup.",
    ),
    Refusal.FILE_MISSING: (
        "Nothing more is signed: checkpoints exist, but the signer's own file is gone.",
        "Restore the file `checkpoint` of the signer; where there is no copy, run flask trail"
        " accept-checkpoint --reason as its user.",
    ),
    Refusal.FILE_DAMAGED: (
        "Nothing more is signed: the signer's own file is damaged.",
        "Restore the file `checkpoint` of the signer; where there is no copy, run flask trail"
        " accept-checkpoint --reason as its user.",
    ),
    Refusal.FROZEN: (
        "Nothing more is signed: this trail was frozen. Its last checkpoint stays.",
        "Receipts up to it go on to hold; entries after it are on the trail without any signature.",
    ),
    Refusal.DEVICE: (
        "Nothing more is signed: the device that holds the key does not sign.",
        "Look at the program sign-with-device and at its device; the signer tries again by itself.",
    ),
}


class SignerRefused(TrailBroken):
    """The signer refuses; ``refusal`` says why, and ``detail`` what it saw."""

    def __init__(self, refusal: Refusal, seen: str = "") -> None:
        sentence, next_step = REFUSALS[refusal]
        super().__init__(" ".join(part for part in (sentence, seen, next_step) if part))
        self.refusal = refusal
