"""What does the record show of the evidence of its case? What its reader asked for, and the next step."""

from collections.abc import Mapping

from review import clock, db
from review.queries.evidence import pieces_of, shown_in_record
from review.queries.records import Record
from review.queries.stored_cases import in_sets
from review.web import guard
from review.web.pieces import PieceShown, drawn, ladder_for


def pieces_in_record(record: Record) -> Mapping[str, PieceShown]:
    """By its id each file of the record, as this reader sees it at present."""
    if not record.evidence:
        return {}
    reader, account_id = db.session(), guard.actor().account_id
    shown = {
        one.evidence_id: one
        for one in shown_in_record(reader, record.id, account_id=account_id, now=clock.now())
    }
    ladder = ladder_for(account_id)
    return {
        piece.id: drawn(piece, shown.get(piece.id), ladder=ladder)
        for some in in_sets({file.item_id for file in record.evidence})
        for piece in pieces_of(reader, some)
    }
