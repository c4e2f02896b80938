"""What does the record show of the evidence of its case? What its reader asked for, and the next step."""

from collections.abc import Mapping, Sequence

from review import clock, db
from review.queries.evidence import pieces_of, shown_in_record
from review.queries.record_sides import EvidenceInRecord
from review.queries.stored_cases import in_sets
from review.web import guard
from review.web.pieces import PieceShown, drawn, ladder_for


def pieces_in_record(case_id: str, files: Sequence[EvidenceInRecord]) -> Mapping[str, PieceShown]:
    """By its id each of these files of a case, as this reader sees it at present."""
    if not files:
        return {}
    reader, account_id = db.session(), guard.actor().account_id
    shown = {
        one.evidence_id: one
        for one in shown_in_record(reader, case_id, account_id=account_id, now=clock.now())
    }
    ladder = ladder_for(account_id)
    return {
        piece.id: drawn(piece, shown.get(piece.id), ladder=ladder)
        for some in in_sets({file.item_id for file in files})
        for piece in pieces_of(reader, some)
    }
