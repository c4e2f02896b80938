"""The files of a form that is not sent yet: kept for a day, and named to the form by a signed word.

Only whoever chose a file can name it: the word says by whom it was chosen.
"""

import time
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from flask import current_app, request
from itsdangerous import BadSignature, URLSafeSerializer

from review.domain.display import visible
from review.domain.media import Kind, NotShown, kind_of, plain_name
from review.errors import FieldError
from review.models.unsent_files import keep_unsent, read_unsent
from review.previews import not_shown_because
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
LOOKED_SECONDS: Final = 5
"""How long the files of one form are looked into; what comes after is taken without."""


@dataclass(frozen=True)
class Chosen:
    """One file: its name, media type and bytes, and the signed word that stands for it.

    ``refusal``: why it cannot be shown to a moderator, as far as it was looked into; it is kept all the same.
    """

    name: str
    media_type: str
    content: bytes
    token: str
    refusal: str = ""

    @property
    def words(self) -> str:
        """Name and size."""
        return gettext("%(name)s, %(count)s bytes", name=visible(self.name), count=whole(len(self.content)))

    @property
    def not_shown(self) -> str:
        """Why it cannot be shown, in words; nothing where it can."""
        return word_of(self.refusal, "not_shown") if self.refusal else ""

    def as_evidence(self) -> dict[str, str]:
        """The piece of evidence as a program would send it."""
        content = b64encode(self.content).decode("ascii")
        return {"name": self.name, "media_type": self.media_type, "content": content}


def chosen_files() -> tuple[list[Chosen], list[FieldError]]:
    """The files kept for the form that was sent and those that came with it; what is wrong with others."""
    kept, problems = _kept_before()
    until = time.monotonic() + LOOKED_SECONDS
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
            kept.append(_keep(name, content, look=time.monotonic() < until))
    return kept, problems


def _kept_before() -> tuple[list[Chosen], list[FieldError]]:
    kept: list[Chosen] = []
    problems = []
    for token in dict.fromkeys(request.form.getlist("kept")):
        named = _read(token)
        if named is None:
            continue
        name, media_type, digest, refusal = named
        content = read_unsent(current_app.config["REVIEW_SETTINGS"].data_dir, digest)
        if content is None:
            detail = gettext("Choose “%(name)s” again: it was kept for a day.", name=name)
            problems.append(FieldError("files", "file_gone", detail))
        elif (wrong := _too_much(content, kept)) is not None:
            problems.append(FieldError("files", "file_not_taken", wrong))
        else:
            kept.append(Chosen(name, media_type, content, token, refusal))
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


def _keep(name: str, content: bytes, *, look: bool) -> Chosen:
    """Keep a file that just came, and look into it once: what was found goes on with the word."""
    digest, kind = sha256(content).hexdigest(), kind_of(content)
    keep_unsent(current_app.config["REVIEW_SETTINGS"].data_dir, digest, content)
    refused = not_shown_because(content) if look and kind is not Kind.TEXT else None
    refusal = refused.value if refused else ""
    token = _signer().dumps([guard.actor().account_id, name, kind.value, digest, refusal])
    return Chosen(name, kind.value, content, str(token), refusal)


def _read(token: str) -> tuple[str, str, str, str] | None:
    """Name, media type, digest and refusal behind a word that this person was given; None for any other."""
    try:
        account_id, name, media_type, digest, *refusal = _signer().loads(token)
    except (BadSignature, ValueError, TypeError):
        return None
    known = (name, media_type, digest, "".join(refusal))
    return known if account_id == guard.actor().account_id else None


def _signer() -> Any:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt="referral-review/unsent-file/v1")
