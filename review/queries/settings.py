"""Which settings count now: the environment's, and what administrators chose in their place."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.config import CHANGEABLE, Setting, Settings
from review.models import ChosenSetting
from review.prepared import Prepared

_CHOSEN = Prepared(
    lambda: sa.select(
        ChosenSetting.id, ChosenSetting.value, ChosenSetting.version, ChosenSetting.changed_at
    ).order_by(ChosenSetting.id)
)


@dataclass(frozen=True)
class SettingInUse:
    """One changeable setting: the text that counts, and whether it was chosen here.

    ``version`` is 0 while nobody has changed it; ``changed_at`` likewise None.
    """

    setting: Setting
    text: str
    chosen: bool
    version: int
    changed_at: datetime | None


def chosen_texts(reader: Session) -> tuple[tuple[str, str], ...]:
    """The texts in place of the environment's, by variable name; a name this program lacks is left out."""
    return tuple(
        (row.id, row.value) for row in _CHOSEN.all(reader) if row.value is not None and row.id in CHANGEABLE
    )


def settings_in_use(reader: Session, *, environment: Settings) -> tuple[SettingInUse, ...]:
    """All changeable settings in their order."""
    rows = {row.id: row for row in _CHOSEN.all(reader)}
    return tuple(_in_use(setting, rows.get(setting.name), environment) for setting in CHANGEABLE.values())


def setting_in_use(reader: Session, name: str, *, environment: Settings) -> SettingInUse | None:
    """One changeable setting; None where there is none of this name."""
    found = settings_in_use(reader, environment=environment)
    return next((one for one in found if one.setting.name == name), None)


def text_of(setting: Setting, settings: Settings) -> str:
    """A setting's value as one would write it into the environment."""
    value = getattr(settings, setting.attribute)
    if isinstance(value, tuple):
        return ", ".join(value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _in_use(setting: Setting, row: ChosenSetting | None, environment: Settings) -> SettingInUse:
    chosen = row is not None and row.value is not None
    return SettingInUse(
        setting=setting,
        text=row.value if row is not None and row.value is not None else text_of(setting, environment),
        chosen=chosen,
        version=row.version if row is not None else 0,
        changed_at=row.changed_at if row is not None else None,
    )
