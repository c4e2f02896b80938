"""What does the page of a case show of its evidence? What was revealed to its holder, and the next step."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from review import db
from review.domain.media import BLURRED, FIRST_CHARACTERS, LADDER, SMALL
from review.queries.case_content import CaseContent, ItemShown
from review.queries.cases import CaseSummary
from review.queries.evidence import Piece, Shown, pieces_of, shown_to
from review.web import guard
from review.web.moderator.same_things import SameFiles, same_files
from review.web.pieces import PieceShown, drawn, ladder_for, next_step


@dataclass(frozen=True)
class EvidenceShown:
    """By item: its pieces of evidence, each file at the first that has it; and the items whose own text was
    unfolded.

    ``pressed_text``: the item whose text the key for the next step unfolds. ``open``: how many are shown,
    from the reveal ``since`` on. ``copies``: by the first piece of a file that came several times, all of
    them; ``again``: by item, those that are shown at another one. ``no_look``: to look at a capture is no
    first look, because senders gave evidence, and there was none yet.
    """

    pieces: Mapping[str, tuple[PieceShown, ...]]
    texts: frozenset[str]
    pressed_text: str | None
    open: int
    since: str | None = None
    copies: Mapping[str, tuple[Piece, ...]] = field(default_factory=dict)
    again: Mapping[str, tuple[Piece, ...]] = field(default_factory=dict)
    no_look: bool = False


NOTHING = EvidenceShown({}, frozenset(), None, 0)


def evidence_shown(
    content: CaseContent, case: CaseSummary, *, since: str | None, looked: bool
) -> EvidenceShown:
    """What the holder of the case sees of its evidence: nothing but what was revealed from ``since`` on.

    ``looked``: this person had the first look. Asks nothing where there is none and no long text.
    """
    items = [item for referral in content.referrals for item in referral.items]
    with_files = [item.id for item in items if item.evidence]
    long_texts = _long_texts(items)
    if not with_files and not long_texts:
        return NOTHING
    reader = db.session()
    pieces = pieces_of(reader, with_files) if with_files else []
    shown: list[Shown] = []
    if since is not None:
        shown = shown_to(
            reader,
            case.id,
            account_id=guard.actor().account_id,
            claim_generation=case.claim_generation,
            since=since,
        )
    texts = frozenset(one.item_id for one in shown if one.evidence_id is None)
    files = same_files(_in_order(pieces, with_files))
    drawn = _drawn(files, shown, texts, [one for one in long_texts if one not in texts])
    no_look = not looked and not all(piece.captured for piece in pieces)
    return replace(drawn, since=since if shown else None, no_look=no_look)


def _long_texts(items: Sequence[ItemShown]) -> list[str]:
    """Items with more text than stands open, of those that say the same the first."""
    firsts: dict[tuple[str, str], str] = {}
    for item in items:
        text = item.description or ""
        if len(text) > FIRST_CHARACTERS:
            firsts.setdefault((item.canonical_url, text), item.id)
    return list(firsts.values())


def _in_order(pieces: Sequence[Piece], item_ids: Sequence[str]) -> list[Piece]:
    """As the page shows the items."""
    places = {item_id: place for place, item_id in enumerate(item_ids)}
    return sorted(pieces, key=lambda piece: places[piece.item_id])


def _drawn(
    files: SameFiles, shown: Sequence[Shown], texts: frozenset[str], folded: Sequence[str]
) -> EvidenceShown:
    at_present = {
        files.first_of[one.evidence_id]: one
        for one in shown
        if one.evidence_id is not None and one.evidence_id in files.first_of
    }
    pressed = _pressed(files.firsts, at_present)
    ladder = ladder_for(guard.actor().account_id)
    by_item: dict[str, list[PieceShown]] = {}
    for piece in files.firsts:
        one = at_present.get(piece.id)
        by_item.setdefault(piece.item_id, []).append(
            drawn(piece, one, ladder=ladder, pressed=piece.id == pressed)
        )
    return EvidenceShown(
        pieces={item_id: tuple(some) for item_id, some in by_item.items()},
        texts=texts,
        pressed_text=folded[0] if folded and pressed is None else None,
        open=len(shown),
        copies=files.copies,
        again=_again(files),
    )


def _again(files: SameFiles) -> dict[str, tuple[Piece, ...]]:
    found: dict[str, list[Piece]] = {}
    for first, *others in files.copies.values():
        for piece in others:
            if piece.item_id != first.item_id:
                found.setdefault(piece.item_id, []).append(piece)
    return {item_id: tuple(pieces) for item_id, pieces in found.items()}


def _pressed(pieces: Sequence[Piece], shown: Mapping[str, Shown]) -> str | None:
    """Which piece the key goes to: the newest shown small or blurred; else the first that is hidden.

    Colour has no key: it is asked for by itself.
    """
    by_id = {piece.id: piece for piece in pieces}
    for evidence_id in reversed(list(shown)):
        if evidence_id in by_id and shown[evidence_id].stage in (*SMALL, *BLURRED):
            return evidence_id
    hidden = (
        piece.id for piece in pieces if piece.id not in shown and next_step(piece, None, LADDER) is not None
    )
    return next(hidden, None)
