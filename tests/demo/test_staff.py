"""Six accounts to try, and colleagues enough that the lead is told of a team."""

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from review import clock
from review.demo import staff
from review.demo.staff import DemoAccount
from review.models import Account, OneTimeLink
from review.queries.numbers import counted_so_far
from review.queries.team import is_shown, team_now


def test_the_sign_in_page_offers_six_accounts_and_no_colleague(demo: Flask) -> None:
    people: list[DemoAccount] = demo.config["REVIEW_DEMO_ACCOUNTS"]
    assert [person.label for person in people] == [
        "Moderator",
        "Second moderator",
        "Lead",
        "Legal",
        "Sender (Harbour Watch)",
        "Administrator",
    ]
    page = demo.test_client().get("/sign-in").text
    for person in people:
        assert person.email in page
    for email in (*staff.COLLEAGUES, staff.INVITED, staff.CLOSED):
        assert email not in page


def test_five_people_recorded_reviews_in_each_period_that_the_lead_is_told_of(reader: Session) -> None:
    assert is_shown(reader)
    team = team_now(reader, now=clock.now(), counted=counted_so_far(reader))
    assert [(figures.days, figures.withheld) for figures in team.figures] == [(7, False), (30, False)]
    assert team.standing["escalated"] == 1


def test_one_account_is_invited_and_one_is_closed(reader: Session) -> None:
    now = clock.now()
    invited = reader.execute(
        sa.select(Account.email, Account.password_hash)
        .join(OneTimeLink, OneTimeLink.account_id == Account.id)
        .where(OneTimeLink.used_at.is_(None), OneTimeLink.expires_at > now)
    ).one()
    assert tuple(invited) == (staff.INVITED, None)
    closed = reader.scalars(sa.select(Account.email).where(Account.closed_at.is_not(None)))
    assert closed.all() == [staff.CLOSED]
