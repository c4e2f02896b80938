"""What do pages show of a piece of evidence, what can be asked for next, and how is its picture served?"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from flask import Response, current_app, flash, request

from review import db
from review.domain.media import MOST_CHARACTERS, PREVIEW_TYPE, SMALL, Look, Stage, is_long, next_stage
from review.domain.wellbeing import ladder_of
from review.errors import InvalidInput, NotFound
from review.models.evidence_files import read_preview
from review.previews import Prepared, prepared
from review.queries.evidence import Medium, Piece, Shown
from review.queries.exposure import choice_of
from review.web.texts import gettext

SERVED = {
    "Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@dataclass(frozen=True)
class PieceShown:
    """One piece of evidence: its neutral facts, what is shown of it now, and what can be asked for next.

    ``text``: of a text that is shown. ``pressed``: the key for the next step on this page belongs to it.
    """

    piece: Piece
    shown: Shown | None
    text: str | None
    next_stage: Stage | None
    pressed: bool = False

    @property
    def look(self) -> Look:
        """What decoding found; nothing yet where it was not asked."""
        return self.piece.look or Look()

    @property
    def is_long(self) -> bool:
        """Whether its picture is so long that it is looked at part by part."""
        shown = self.shown
        if shown is None or shown.stage in SMALL or not shown.width or not shown.height:
            return False
        return is_long(shown.width, shown.height)

    @property
    def step(self) -> str:
        """What the next step is called: ``whole`` and ``sharp`` where the colours are those shown already."""
        before = None if self.shown is None else self.shown.stage
        if self.next_stage is Stage.COLOUR and before in (
            Stage.SMALL_BLURRED_COLOUR,
            Stage.SMALL_SHARP_COLOUR,
        ):
            return "whole"
        if self.next_stage is Stage.COLOUR and before is Stage.BLURRED_COLOUR:
            return "sharp"
        if self.next_stage is Stage.GREY and before is Stage.BLURRED_GREY:
            return "sharp_grey"
        return str(self.next_stage or "")

    @property
    def cut(self) -> bool:
        """Whether the text goes on where it is not shown any more."""
        return (self.look.characters or 0) > MOST_CHARACTERS


def drawn(piece: Piece, shown: Shown | None, *, ladder: Sequence[Stage], pressed: bool = False) -> PieceShown:
    """The piece as a page shows it."""
    text = text_of(piece) if shown is not None and shown.stage is Stage.TEXT else None
    return PieceShown(piece, shown, text, next_step(piece, shown, ladder), pressed)


def ready_to_show(piece: Piece, stage: Stage) -> Prepared | None:
    """The picture or text of a stage, made before anything is recorded; None where it cannot be shown.

    The page says why, or, of bytes that are gone, a message.
    """
    try:
        return prepared(piece.sha256, piece.look, stage=stage, data_dir=store_folder())
    except FileNotFoundError:
        flash(gettext("The bytes of this evidence are missing from our store."), "warning")
        return None


def ladder_for(account_id: str | None) -> tuple[Stage, ...]:
    """The steps in which this person is shown pictures: those chosen, else the desk's."""
    settings = current_app.config["REVIEW_SETTINGS"]
    return ladder_of(choice_of(db.session(), account_id or "", settings=settings).comfort)


def next_step(piece: Piece, shown: Shown | None, ladder: Sequence[Stage]) -> Stage | None:
    """What can be asked for next; None where everything is shown or nothing can be."""
    if piece.look is not None and piece.look.refused is not None:
        return None
    if piece.look is None and piece.media_type.startswith("text/"):
        return Stage.TEXT  # by the sender's word, until somebody looks into it
    stage = None if shown is None else shown.stage
    return next_stage(None if piece.look is None else piece.look.kind, stage, ladder=ladder)


def text_of(piece: Piece) -> str:
    """The text of a file of text, as far as it is shown."""
    kept = read_preview(store_folder(), piece.sha256, Stage.TEXT)
    return "" if kept is None else kept.decode("utf-8", "replace")


def wanted_stage() -> Stage:
    """The stage that a form asks for, the least without any; raises `InvalidInput` for none that there is."""
    chosen = request.values.get("stage", Stage.SMALL.value)
    if chosen == Stage.PLACEHOLDER or chosen not in list(Stage):
        raise InvalidInput(gettext("There is no such way to show evidence; open the case again."))
    return Stage(chosen)


def served(found: Medium | None, reveal_id: str) -> Response:
    """The re-encoded picture behind a reveal, apart from all else (its own policy); raises `NotFound`."""
    content = None
    if found is not None and found.stage is not Stage.TEXT:
        content = read_preview(store_folder(), found.sha256, found.stage)
    if content is None:
        raise NotFound("There is nothing to be seen here any more; open the case again.")
    disposition = f'attachment; filename="{reveal_id}.jpg"'
    return Response(content, mimetype=PREVIEW_TYPE, headers=SERVED | {"Content-Disposition": disposition})


def store_folder() -> Path:
    """Where evidence and previews lie."""
    folder: Path = current_app.config["REVIEW_SETTINGS"].data_dir
    return folder
