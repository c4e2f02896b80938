"""Where do the ids and the entry in the sentence of a verdict lead? From its values, never from its words."""

from collections.abc import Iterator, Sequence

from flask import url_for

from review.queries.verdicts import ToldVerdict

Part = tuple[str, str | None]
"""Some of the sentence, and where it leads, if anywhere."""


def linked(verdict: ToldVerdict) -> list[Part]:
    """The sentence in parts; what it names by the values beside it leads to the record or to the trail."""
    parts: list[Part] = [(verdict.sentence, None)]
    for named, address in _places(verdict):
        parts = [found for part in parts for found in _split(part, named, address)]
    return parts


def address_of(object_id: str) -> str | None:
    """Where what has this id is found, if it is about a case or a sample of cases."""
    if object_id.startswith("C-"):
        return url_for("legal_records.record", case_id=object_id)
    if object_id.startswith("Y-"):
        return url_for("legal_quality.sample", sample_id=object_id)
    return url_for("legal_records.listing", q=object_id) if object_id[:2] in ("R-", "I-", "B-") else None


def _places(verdict: ToldVerdict) -> Iterator[tuple[str, str]]:
    for one in verdict.about:
        address = address_of(one) or _of_review(one, verdict.about)
        if address is not None:
            yield one, address
    if verdict.entry is not None:
        address = url_for("legal_trail.page", before=verdict.entry + 1, _anchor="entries")
        yield f"Entry {verdict.entry}", address
        yield f"entry {verdict.entry}", address


def _of_review(review_id: str, named: Sequence[str]) -> str | None:
    """A review stands in the record of the case that is named with it."""
    cases = [one for one in named if one.startswith("C-")]
    if not review_id.startswith("V-") or not cases:
        return None
    return url_for("legal_records.record", case_id=cases[0], _anchor=f"review-{review_id}")


def _split(part: Part, named: str, address: str) -> list[Part]:
    """The part around what is named in it, which is no beginning of a longer number."""
    text, leads_to = part
    before, found, after = text.partition(named)
    if leads_to is not None or not found or after[:1].isdigit():
        return [part]
    return [one for one in ((before, None), (named, address), (after, None)) if one[0]]
