"""A desk that has something on each of its pages, the people who open them, and words that mean no good."""

from collections.abc import Iterator

import httpx
import pytest

from tests.factories import referral_body
from tests.journeys.server import Program, running

PEOPLE = {
    "moderator": (
        "first@desk.example",
        ["/queue", "/search", "/search?q=C-0000-0000-0000", "/my-work", "/break", "/comfort"],
    ),
    "lead": (
        "lead@desk.example",
        ["/queue", "/my-work", "/team", "/emailed", "/restrictions", "/numbers", "/agreement", "/quality"],
    ),
    "legal": (
        "legal@desk.example",
        [
            "/records",
            "/records?q=video.example&words=1",
            "/records?q=nothing",
            "/trail",
            "/trail?who=nobody",
            "/senders",
            "/admin/clauses",
            "/numbers",
            "/numbers?days=90",
            "/senders/acceptance",
            "/agreement",
            "/quality",
            "/retention",
            "/holds",
            "/holds/new",
            "/erasures",
        ],
    ),
    "admin": (
        "admin@desk.example",
        [
            "/admin",
            "/admin/accounts",
            "/admin/accounts/new",
            "/admin/permissions",
            "/admin/senders",
            "/admin/senders/new",
            "/admin/clauses",
            "/admin/clauses/new",
            "/admin/settings",
            "/admin/settings/REVIEW_TARGET_SECONDS",
            "/erasures",
            "/holds?state=standing",
            "/numbers",
        ],
    ),
    "sender": (
        "officer@unit.example",
        [
            "/sender",
            "/sender/referrals",
            "/sender/referrals?status=decided&kind=notice&received_from=2026-01-02",
            "/sender/referrals?received_to=never",
            "/sender/refused",
            "/sender/referrals/new",
            "/sender/batches",
            "/sender/batches/new",
            "/sender/keys",
            "/sender/endpoints",
            "/sender/notices",
        ],
    ),
}
COLLEAGUES = 3
"""Further moderators, with whom there are enough people for the page of the team."""
PUBLIC = ["/api/v1/docs", "/errors/", "/errors/invalid_referral", "/display", "/accessibility", "/verify"]
EMAIL = "\r\n".join(
    (
        "Authentication-Results: mx.desk.example; spf=pass smtp.mailfrom=unit.example",
        "From: =?utf-8?q?Caf=C3=A9?= <duty@unit.example>",
        "Subject: {subject}",
        "Message-ID: <{number}@unit.example>",
        "Content-Type: text/plain; charset=utf-8",
        "",
        "{text}",
        "https://video.example/mail/{number}, https://elsewhere.example/" + "l" * 300,
    )
)
HOSTILE = (
    "<script>alert(1)</script> \u202egnp.exe \u061c\u180e\u00ad\x07\x85\U000e0041\u2066 "
    f"{'w' * 300} نص عن الطقس"
)
TYPED = HOSTILE.translate(dict.fromkeys((0x07, 0x85)))  # people of the desk are refused control characters


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """A desk on SQLite with a few referrals, one of them hostile, one decided, one waiting."""
    folder = tmp_path_factory.mktemp("pages")
    desk = Program(folder, f"sqlite:///{folder / 'review.db'}", hosts="video.example", undo_seconds=5)
    with running(desk):
        sender_id = desk.command("senders", "create", "Harbour Watch", "--kind", "trusted_flagger")["id"]
        for role, (email, _pages) in PEOPLE.items():
            more = ("--sender", sender_id) if role == "sender" else ()
            desk.add_account(email, role, *more)
        for number in range(COLLEAGUES):
            desk.add_account(f"colleague{number}@desk.example", "moderator")
        terms = folder / "terms.md"
        terms.write_text("# 1. Violence\n\nNo threats.\n\n# 2. Fraud\n\nNo deceit.\n")
        desk.command("clauses", "import", str(terms), "--from", "2021-01-01")
        key = desk.command("senders", "issue-key", sender_id, "--scope", "refer,read")["key"]
        for number in range(9):
            urls = [f"https://video.example/watch/{number}"]
            if number == 4:
                urls.append(f"https://video.example/a{'b' * 900}")
            answer = httpx.post(
                desk.address + "/api/v1/referrals",
                content=referral_body(
                    f"HW-{number}",
                    *urls,
                    reason=HOSTILE,
                    urgency="threat_to_life" if number == 1 else "normal",
                ),
                headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
            )
            assert answer.status_code == 201, answer.text
        for number in range(5):
            mail = folder / f"{number}.eml"
            mail.write_text(EMAIL.format(number=number, subject=f"Video {number} {HOSTILE}", text=HOSTILE))
            desk.command("referrals", "email", str(mail))
        yield desk
