"""The files of a form that is not sent yet: kept for a day, and named to the form by a signed word.

Only whoever chose a file can name it: the word says by whom it was chosen.
"""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from flask import current_app, request
from itsdangerous import BadSignature, URLSafeSerializer

from review.domain.display import visible
from review.domain.media import NotShown, kind_of, plain_name
from review.errors import FieldError
from review.models.unsent_files import keep_unsent, read_unsent
from review.web import guard
from review.web.quantities import whole
from review.web.texts import gettext
from review.web.words import word_of

MOST_FILES: Final = 20
MOST_BYTES: Final = 10 * 1024 * 1024
"""Bytes of all files of one form."""
LARGEST_FORM: Final = 32 * 1024 * 1024
"""Bytes of a form that is read at all, so that one with too large files still comes back whole."""
LARGEST_TEXTS: Final = 4 * 1024 * 1024


@dataclass(frozen=True)
class Chosen:
    """One file: its name, media type and bytes, and the signed word that stands for it."""

    name: str
    media_type: str
    content: bytes
    token: str

    @property
    def words(self) -> str:
        """Name and size."""
        return gettext("%(name)s, %(count)s bytes", name=visible(self.name), count=whole(len(self.content)))

    def as_evidence(self) -> dict[str, str]:
        """The piece of evidence as a program would send it."""
        content = b64encode(self.content).decode("ascii")
        return {"name": self.name, "media_type": self.media_type, "content": content}


def chosen_files() -> tuple[list[Chosen], list[FieldError]]:
    """The files kept for the form that was sent and those that came with it; what is wrong with others."""
    kept, problems = _kept_before()
    for upload in request.files.getlist("files"):
        name = plain_name(upload.filename or "")
        with upload.stream as stream:
            content = stream.read(MOST_BYTES + 1)
        if not upload.filename and not content:
            continue  # a field in which nothing was chosen
        wrong = _refusal(name, content, kept)
        if wrong:
            problems.append(FieldError("files", "file_not_taken", wrong))
        elif all((one.name, one.content) != (name, content) for one in kept):
            kept.append(_keep(name, content))
    return kept, problems


def _kept_before() -> tuple[list[Chosen], list[FieldError]]:
    kept: list[Chosen] = []
    problems = []
    for token in dict.fromkeys(request.form.getlist("kept")):
        named = _read(token)
        if named is None:
            continue
        name, media_type, digest = named
        content = read_unsent(current_app.config["REVIEW_SETTINGS"].data_dir, digest)
        if content is None:
            detail = gettext("Choose “%(name)s” again: it was kept for a day.", name=name)
            problems.append(FieldError("files", "file_gone", detail))
        elif (wrong := _too_much(content, kept)) is not None:
            problems.append(FieldError("files", "file_not_taken", wrong))
        else:
            kept.append(Chosen(name, media_type, content, token))
    return kept, problems


def _refusal(name: str, content: bytes, kept: Sequence[Chosen]) -> str | None:
    if not content:
        return gettext("“%(name)s” is empty; choose another file.", name=name)
    if (wrong := _too_much(content, kept)) is not None:
        return wrong
    try:
        kind_of(content)
    except NotShown as refused:
        reason = word_of(refused.refusal.value, "not_shown")
        return gettext("“%(name)s” was not taken. %(reason)s", name=name, reason=reason)
    return None


def _too_much(content: bytes, kept: Sequence[Chosen]) -> str | None:
    if len(kept) >= MOST_FILES:
        return gettext("Choose at most %(most)s files.", most=MOST_FILES)
    if len(content) + sum(len(one.content) for one in kept) > MOST_BYTES:
        most = MOST_BYTES // 1024 // 1024
        return gettext("Choose files of at most %(most)s MiB together.", most=most)
    return None


def _keep(name: str, content: bytes) -> Chosen:
    digest, media_type = sha256(content).hexdigest(), kind_of(content).value
    keep_unsent(current_app.config["REVIEW_SETTINGS"].data_dir, digest, content)
    token = _signer().dumps([guard.actor().account_id, name, media_type, digest])
    return Chosen(name, media_type, content, str(token))


def _read(token: str) -> tuple[str, str, str] | None:
    """Name, media type and digest behind a word that this person was given; None for any other."""
    try:
        account_id, name, media_type, digest = _signer().loads(token)
    except (BadSignature, ValueError, TypeError):
        return None
    return (name, media_type, digest) if account_id == guard.actor().account_id else None


def _signer() -> Any:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt="referral-review/unsent-file/v1")
