"""Choosing how pictures appear to oneself, limits lower than the desk's, and single keys; on no trail."""

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.orm import Session

from review import clock, db
from review.domain.appearance import SINGLE_KEYS
from review.domain.permissions import Actor, Permission, check_permission
from review.domain.wellbeing import Comfort, choice_problems
from review.errors import InvalidInput
from review.models import Account, ChosenComfort


def desk_limits() -> dict[str, int]:
    """The desk's own limits that a person may lower, by name; 0 limits nothing."""
    settings = current_app.config["REVIEW_SETTINGS"]
    return {"break_minutes": settings.break_minutes, "budget_high": settings.budget_high}


def choose_comfort(
    comfort: Comfort, *, break_minutes: int | None, budget_high: int | None, actor: Actor
) -> None:
    """Keep one's own choice in place of the one before; it concerns nobody else, so no event tells of it.

    The limits are None for the desk's own; raises `InvalidInput` with all that cannot be, such as a
    limit that is not lower than that.
    """
    check_permission(actor, Permission.CHOOSE_COMFORT)
    own = {"break_minutes": break_minutes, "budget_high": budget_high}
    problems = choice_problems(comfort, own, caps=desk_limits())
    if problems:
        raise InvalidInput("Nothing is kept yet; correct what is marked.", errors=problems)
    with db.transaction() as writer:
        _forget(writer, actor)
        writer.execute(
            sa.insert(ChosenComfort),
            {
                "account_id": actor.account_id,
                "blur": comfort.blur,
                "grey": comfort.grey,
                "size": comfort.size,
                "break_minutes": break_minutes,
                "budget_high": budget_high,
                "chosen_at": clock.now(),
            },
        )


def forget_comfort(*, actor: Actor) -> None:
    """Go back to what the desk has chosen; nothing happens where nothing else was chosen."""
    check_permission(actor, Permission.CHOOSE_COMFORT)
    with db.transaction() as writer:
        _forget(writer, actor)


def _forget(writer: Session, actor: Actor) -> None:
    writer.execute(
        sa.delete(ChosenComfort)
        .where(ChosenComfort.account_id == actor.account_id)
        .execution_options(synchronize_session=False)
    )


def choose_keys(single_keys: str, *, actor: Actor) -> None:
    """Keep whether single keys act for oneself, ``on`` or ``off``; it concerns nobody else."""
    check_permission(actor, Permission.WORK_QUEUE)
    if single_keys not in SINGLE_KEYS:
        raise InvalidInput("Single keys are on or off; choose one of them.")
    with db.transaction() as writer:
        writer.execute(
            sa.update(Account)
            .where(Account.id == actor.account_id, Account.single_keys.is_distinct_from(single_keys))
            .values(single_keys=single_keys)
            .execution_options(synchronize_session=False)
        )
