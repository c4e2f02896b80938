"""Changing a setting while the desk runs: checked as at the start, both values on the trail."""

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from review import clock, db, ledger
from review.config import CHANGEABLE, Settings, with_changes
from review.domain.locations import Hosts
from review.domain.permissions import Actor, Permission, check_permission
from review.errors import InvalidInput, NotFound, SettingsError, StaleVersion
from review.models import ChosenSetting
from review.queries.settings import setting_in_use, text_of


def change_setting(name: str, text: str | None, *, version: int, environment: Settings, actor: Actor) -> None:
    """Let ``text`` count in place of the environment's value from now on; None gives that back.

    ``version`` is what the form saw. Raises `NotFound`, `InvalidInput` with the remedy, `StaleVersion`.
    """
    check_permission(actor, Permission.CHANGE_SETTINGS)
    if name not in CHANGEABLE:
        raise NotFound("There is no setting of this name that can be changed here.")
    wanted = None if text is None else _checked(name, text, environment)
    with db.transaction() as writer:
        now = clock.now()
        before = setting_in_use(writer, name, environment=environment)
        assert before is not None
        after = wanted if wanted is not None else text_of(before.setting, environment)
        if before.text == after and before.chosen == (wanted is not None):
            raise InvalidInput("This is the value that counts already; nothing was changed.")
        _store(writer, name, {"value": wanted, "changed_at": now}, version=version)
        fields = {"previous": before.text, "value": after}
        meta = {"chosen": wanted is not None}
        ledger.record(writer, "setting.changed", name, actor=actor, at=now, fields=fields, meta=meta)


def _checked(name: str, text: str, environment: Settings) -> str:
    """The text as it will be kept; refused in the words of the start."""
    text = " ".join(text.split())
    try:
        changed = with_changes(environment, {name: text})
        Hosts.parse(changed.hosts)
    except SettingsError as error:
        raise InvalidInput(error.detail) from None
    except ValueError as error:
        raise InvalidInput(f"{name}: {error}.") from None
    return text_of(CHANGEABLE[name], changed)


def _store(writer: Session, name: str, values: dict[str, object], *, version: int) -> None:
    """Write over the version that the form saw, or be first; never over somebody else's change."""
    stale = StaleVersion("Somebody changed this setting since you opened the form; look at it again.")
    if version:
        changed = writer.execute(
            sa.update(ChosenSetting)
            .where(ChosenSetting.id == name, ChosenSetting.version == version)
            .values(**values, version=ChosenSetting.version + 1)
            .returning(ChosenSetting.id)
            .execution_options(synchronize_session=False)
        )
        if changed.one_or_none() is None:
            raise stale
        return
    try:
        writer.execute(sa.insert(ChosenSetting), {"id": name, "version": 1, "trail_version": 0, **values})
    except IntegrityError:
        raise stale from None
