"""The tables of README that come from the code; run this file to write them anew."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from app import create_app
from review.config import read_settings
from review.domain.events import EVENTS
from review.domain.permissions import GRANTS
from review.domain.removal_order import IN_ANY_REFERRAL, ORDER_FIELDS
from review.domain.states import diagram
from review.setting_table import SETTINGS
from review.web import guard
from review.web.errors import STATUS

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"


def commands(name: str) -> str:
    """What README tells to type, or to keep as a program, under this name."""
    found = re.search(rf"<!-- command: {name} -->\n```sh\n(.*?)```", README.read_text(), re.DOTALL)
    assert found is not None
    return found[1]


def _table(*headings: str, rows: Sequence[tuple[str, ...]]) -> str:
    lines = ["| " + " | ".join(headings) + " |", "|" + "---|" * len(headings)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def _default(value: str | None) -> str:
    if value is None:
        return "required"
    return f"`{value}`" if value else "blank"


def settings_table() -> str:
    """Every setting with its default and sentence."""
    rows = [(f"`{setting.name}`", _default(setting.default), setting.sentence) for setting in SETTINGS]
    return _table("setting", "default", "what it does", rows=rows)


def permissions_table() -> str:
    """Every permission: sentence, roles and scopes that hold it."""
    rows = []
    for permission, grant in GRANTS.items():
        holders = ["everyone"] if grant.anyone else []
        holders += sorted(grant.roles) + [f"key: {scope}" for scope in sorted(grant.scopes)]
        rows.append((f"`{permission}`", ", ".join(holders), grant.sentence))
    return _table("permission", "who", "what", rows=rows)


def routes_table() -> str:
    """Every address with its methods and the one permission that it declares."""
    app = create_app(
        read_settings({"REVIEW_SECRET_KEY": "0123456789abcdef" * 4, "REVIEW_HOSTS": "video.example"})
    )
    rows = set()
    for rule in app.url_map.iter_rules():
        permission = guard.permission_of(app, rule.endpoint)
        methods = " ".join(sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}))
        rows.add((rule.rule, methods, str(permission)))
    return _table(
        "address", "method", "permission", rows=[(f"`{a}`", m, f"`{p}`") for a, m, p in sorted(rows)]
    )


def errors_table() -> str:
    """Every error code with its status and title."""
    rows = [
        (f"`{kind.code}`", str(status), kind.title)
        for kind, status in sorted(STATUS.items(), key=lambda entry: (entry[1], entry[0].code))
    ]
    return _table("code", "status", "meaning", rows=rows)


def events_table() -> str:
    """Every event: object, actors, committed fields, whether the sender may see it."""
    rows = [
        (
            f"`{event.name}`", event.object_kind, ", ".join(event.actors), ", ".join(event.fields) or "–",
            "change" if event.changes else "read or note", "yes" if event.seen_by_sender else "no",
        )
        for event in EVENTS.values()
    ]  # fmt: skip
    return _table("event", "on", "by", "committed fields", "kind", "sender sees it", rows=rows)


def order_table() -> str:
    """Every field of Annex I: its section, member, label, form, limit and choices."""
    rows = [
        (section, f"`{member}`", label, "of any referral", "yes")
        for section, member, label in IN_ANY_REFERRAL
    ]
    for field in ORDER_FIELDS:
        form = f"{field.form}, at most {field.most}" if field.most else field.form
        choices = ", ".join(f"`{code}`" for code in field.choices or ())
        form += f": {choices}" if choices else ""
        rows.append(
            (field.section, f"`order/{field.member}`", field.label, form, "yes" if field.required else "no")
        )
    listed = sorted(rows, key=lambda row: row[0])
    return _table("section", "member", "what", "form", "required", rows=listed)


SECTIONS: dict[str, Callable[[], str]] = {
    "settings": settings_table,
    "permissions": permissions_table,
    "routes": routes_table,
    "errors": errors_table,
    "events": events_table,
    "order": order_table,
    "states": lambda: "```mermaid\n" + diagram() + "\n```",
}


def section_of(text: str, name: str) -> str:
    """The text between a section's two marks in README."""
    found = re.search(rf"<!-- {name}: from the code -->\n(.*?)\n<!-- end -->", text, re.DOTALL)
    return found.group(1).strip() if found else ""


def write() -> None:
    """Put every table into README between its marks."""
    text = README.read_text()
    for name, make in SECTIONS.items():
        before, mark, rest = text.partition(f"<!-- {name}: from the code -->\n")
        _old, end, after = rest.partition("<!-- end -->")
        if mark and end:
            text = f"{before}{mark}{make()}\n{end}{after}"
    README.write_text(text)


if __name__ == "__main__":
    write()
