"""Evidence of a case for tests: its bytes in the store, its row beside them."""

from hashlib import sha256

import sqlalchemy as sa
from flask import current_app

from review import clock, db
from review.domain.ids import new_id
from review.models import Evidence, Item
from review.models.evidence_files import keep_evidence
from tests.hostile_files import picture


def first_item(case_id: str) -> str:
    """The first item of a case."""
    found = db.session().scalars(
        sa.select(Item.id).where(Item.case_id == case_id).order_by(Item.joined_at, Item.id)
    )
    return found.first() or ""


def add_evidence(
    case_id: str,
    content: bytes | None = None,
    *,
    name: str = "frame.png",
    media_type: str = "image/png",
    item_id: str | None = None,
) -> str:
    """A file that came with the first item of the case (or this one); its id."""
    content = picture() if content is None else content
    digest = sha256(content).hexdigest()
    keep_evidence(current_app.config["REVIEW_SETTINGS"].data_dir, digest, content)
    row = Evidence(
        id=new_id("E"),
        item_id=item_id or first_item(case_id),
        name=name,
        media_type=media_type,
        sha256=digest,
        length=len(content),
        received_at=clock.now(),
    )
    db.session().rollback()
    with db.transaction() as writer:
        writer.add(row)
    return row.id
