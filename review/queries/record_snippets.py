"""With which ready-made texts did the reviews of a case begin, and beside which others were they recorded?"""

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.domain.snippets import stands_in
from review.models import Clause, Review, ReviewCompanion, ReviewSnippet, Snippet, SnippetVersion
from review.queries.record_told import ToldRecord
from review.queries.stored_cases import in_sets


@dataclass(frozen=True)
class SnippetInRecord:
    """A ready-made text that a review began with; ``kept``: it stands there as it was."""

    document: str
    number: str
    kind: str
    language: str
    version: int
    text: str
    kept: bool


def snippets_in_record(
    reader: Session, texts: Mapping[str, Mapping[str, str]], told: ToldRecord
) -> dict[str, tuple[SnippetInRecord, ...]]:
    """The ready-made texts of reviews, whose rationale and statement are ``texts``, as the trail tells."""
    named: dict[str, set[str]] = {review_id: set() for review_id in texts}
    for some in in_sets(texts):
        rows = sa.select(ReviewSnippet.review_id, ReviewSnippet.snippet_version_id)
        for row in reader.execute(rows.where(ReviewSnippet.review_id.in_(some))):
            named[row.review_id].add(row.snippet_version_id)
    for review_id, review in told.case.reviews.items():
        if review.snippets is not None and review_id in named:
            named[review_id] = set(review.snippets)
    versions = _versions(reader, set().union(*named.values()))
    return {
        review_id: tuple(
            _shown(versions[version_id], texts[review_id])
            for version_id in sorted(ids)
            if version_id in versions
        )
        for review_id, ids in named.items()
    }


def _versions(reader: Session, ids: set[str]) -> dict[str, sa.Row[str, str, str, str, str, int, str]]:
    found = {}
    for some in in_sets(ids):
        rows = reader.execute(
            sa.select(
                SnippetVersion.id,
                Clause.document,
                Clause.number,
                Snippet.kind,
                Snippet.language,
                SnippetVersion.version,
                SnippetVersion.text,
            )
            .join(Snippet, Snippet.id == SnippetVersion.snippet_id)
            .join(Clause, Clause.id == Snippet.clause_id)
            .where(SnippetVersion.id.in_(some))
        )
        found.update({row.id: row for row in rows})
    return found


def _shown(row: sa.Row[str, str, str, str, str, int, str], texts: Mapping[str, str]) -> SnippetInRecord:
    kept = stands_in(texts[row.kind], row.text)
    return SnippetInRecord(row.document, row.number, row.kind, row.language, row.version, row.text, kept)


def main_cases(reader: Session, review_ids: Mapping[str, object], told: ToldRecord) -> dict[str, str]:
    """The case at hand when a review was recorded beside it, for those recorded so; as the trail tells."""
    main: dict[str, str] = {}
    for some in in_sets(review_ids):
        rows = sa.select(ReviewCompanion.review_id, ReviewCompanion.main_review_id)
        for row in reader.execute(rows.where(ReviewCompanion.review_id.in_(some))):
            main[row.review_id] = row.main_review_id
    for review_id, review in told.case.reviews.items():
        main.pop(review_id, None)
        if review.recorded_with is not None:
            main[review_id] = review.recorded_with
    cases: dict[str, str] = {}
    for some in in_sets(set(main.values())):
        found = reader.execute(sa.select(Review.id, Review.case_id).where(Review.id.in_(some)))
        cases |= {row.id: row.case_id for row in found}
    return {review_id: cases.get(main_id, main_id) for review_id, main_id in main.items()}
