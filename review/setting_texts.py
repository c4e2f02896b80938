"""The texts of settings that may change while the desk runs, read and checked; a bad one is named."""

import re
from collections.abc import Callable
from typing import Any

from review.errors import SettingsError

INTAKE_KINDS = ("referral", "notice", "removal_order")
COMFORT = ("blur", "grey", "small", "full")
_SHARE = re.compile(r"0(?:\.[0-9]{1,4})?|1(?:\.0{1,4})?", re.ASCII)
_PATH = re.compile(r"/[!-+\--~]{1,199}", re.ASCII)


def whole_number(name: str, text: str, *, least: int, most: int) -> int:
    """A whole number in these bounds."""
    if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
        raise SettingsError(f"{name} must be a whole number from {least} to {most}.")
    return int(text)


def hosts(name: str, text: str) -> tuple[str, ...]:
    """Hosts with commas between, at least one."""
    hosts = tuple(part.strip() for part in text.split(",") if part.strip())
    if not hosts:
        raise SettingsError(f"{name} is empty: name at least one host that is ours, e.g. video.example.")
    return hosts


def share(name: str, text: str) -> float:
    """A number from 0 to 1."""
    if _SHARE.fullmatch(text) is None:
        raise SettingsError(f"{name} must be a number from 0 to 1, such as 0.2.")
    return float(text)


def paths(name: str, text: str) -> tuple[str, ...]:
    """Paths with commas between, or none."""
    paths = tuple(part.strip() for part in text.split(",") if part.strip())
    if not all(_PATH.fullmatch(path) for path in paths):
        raise SettingsError(f"{name} must be paths with commas between, such as /channel/*, or blank.")
    return paths


def kinds(name: str, text: str) -> tuple[str, ...]:
    """Kinds of intake with commas between, or none."""
    kinds = tuple(part.strip() for part in text.split(",") if part.strip())
    if not set(kinds) <= set(INTAKE_KINDS):
        raise SettingsError(f"{name} may name {', '.join(INTAKE_KINDS)}, or stay blank.")
    return kinds


def comfort(name: str, text: str) -> tuple[str, ...]:
    """How pictures first appear: words with commas between, or none."""
    words = tuple(part.strip() for part in text.split(",") if part.strip())
    if not set(words) <= set(COMFORT) or {"small", "full"} <= set(words):
        raise SettingsError(f"{name} may name {', '.join(COMFORT)}; small or full, not both.")
    return words


READERS: dict[str, Callable[[str, str], Any]] = {
    "hosts": hosts,
    "second_review_share": share,
    "over_broad_paths": paths,
    "fold_sender": kinds,
    "comfort": comfort,
}
"""How the settings that are no whole numbers are read, by what they are called in `Settings`."""
