"""What does an X-ARF report refer? Version 4 of the format (JSON), one report one referral of one item."""

from collections.abc import Mapping
from typing import Any, Final

LOCATIONS: Final = ("url", "infringing_url", "source_identifier")
"""Members that may hold the location, the first that does counts."""
MEMBERS: Final = {
    "report_id": "reference",
    "description (or category, type and tags)": "reason",
    "reporter.org": "issuing_authority and contact.name",
    "reporter.contact": "contact.email",
    "timestamp": "detected_at",
    "url, infringing_url or source_identifier": "items[0].url",
    "file_hash (sha256:...)": "items[0].sha256",
    "evidence[].content_type, payload, description": "items[0].evidence[].media_type, content, name",
}
"""Which member becomes which; everything else stays in the original, which is kept as it came."""
_LONGEST_NAME: Final = 200
_PLACES: Final = {
    "/reference": "/report_id",
    "/reason": "/description",
    "/issuing_authority": "/reporter/org",
    "/contact": "/reporter",
    "/contact/name": "/reporter/org",
    "/contact/email": "/reporter/contact",
    "/detected_at": "/timestamp",
    "/items/0/sha256": "/file_hash",
}
_OF_EVIDENCE: Final = {"media_type": "content_type", "content": "payload", "name": "description"}


def is_report(members: Mapping[str, Any]) -> bool:
    """Whether this object is an X-ARF report, of whatever version, rather than a referral of ours."""
    return "xarf_version" in members or "report_id" in members or "ReporterInfo" in members


def members_of_report(report: Mapping[str, Any]) -> dict[str, Any]:
    """The members of a referral; what has a wrong type is passed on, so that it is named as ours would be.

    Raises ``ValueError`` for another version than 4.
    """
    version = report.get("xarf_version")
    if not isinstance(version, str) or version.split(".")[0] != "4":
        raise ValueError("Send X-ARF reports of version 4.")
    reporter = _part(report, "reporter")
    item: dict[str, Any] = {"url": _location(report)}
    digest = report.get("file_hash")
    if isinstance(digest, str) and digest.lower().startswith("sha256:"):
        item["sha256"] = digest[7:]
    evidence = report.get("evidence")
    if isinstance(evidence, list) and evidence:
        item["evidence"] = [_evidence(piece, number) for number, piece in enumerate(evidence, start=1)]
    members = {
        "reference": report.get("report_id"),
        "reason": _reason(report),
        "issuing_authority": reporter.get("org"),
        "detected_at": report.get("timestamp"),
        "contact": {"name": reporter.get("org"), "email": reporter.get("contact")},
        "items": [item],
    }
    return {name: value for name, value in members.items() if value is not None}


def place_in_report(pointer: str, report: Mapping[str, Any]) -> str:
    """Where in the report the member of a referral at ``pointer`` (RFC 6901) was read from."""
    if pointer == "/items/0/url":
        return f"/{_holding_location(report) or LOCATIONS[0]}"
    if not pointer.startswith("/items/0/evidence"):
        return _PLACES.get(pointer, pointer)
    place, slash, last = pointer.removeprefix("/items/0").rpartition("/")
    return f"{place}{slash}{_OF_EVIDENCE.get(last, last)}"


def _part(report: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = report.get(name)
    return part if isinstance(part, dict) else {}


def _location(report: Mapping[str, Any]) -> Any:
    name = _holding_location(report)
    return "" if name is None else report[name]


def _holding_location(report: Mapping[str, Any]) -> str | None:
    """The member with the address; that of the source only where it is one, not a number of the network."""
    for name in LOCATIONS:
        found = report.get(name)
        if isinstance(found, str) and (name != "source_identifier" or "://" in found):
            return name
    return None


def _reason(report: Mapping[str, Any]) -> Any:
    written = report.get("description")
    if written is not None:
        return written
    tags = report.get("tags")
    words = [report.get("category"), report.get("type"), *(tags if isinstance(tags, list) else ())]
    return "X-ARF: " + ", ".join(word for word in words if isinstance(word, str))


def _evidence(piece: Any, number: int) -> Any:
    if not isinstance(piece, dict):
        return piece
    described = piece.get("description")
    name = described if isinstance(described, str) and described.strip() else f"evidence {number}"
    return {
        "name": " ".join(name.split())[:_LONGEST_NAME],
        "media_type": piece.get("content_type"),
        "content": piece.get("payload"),
    }
