"""Settings: read once from the environment, typed, each with one sentence; a bad one stops the start."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from review.errors import SettingsError

WEAK_KEY_LENGTH = 32
MOST_REQUESTS = 10_000_000
YEAR_SECONDS = 31_536_000
LONGEST_CONTACT = 200


@dataclass(frozen=True)
class Setting:
    """One environment variable: its name, default as text (None: required) and its sentence in README.

    ``attribute``: what it is called in `Settings`, for those that administrators may change while the desk
    runs; ``least`` and ``most`` bound a whole number.
    """

    name: str
    default: str | None
    sentence: str
    attribute: str = ""
    least: int = 0
    most: int = 0


SETTINGS: tuple[Setting, ...] = (
    Setting(
        "REVIEW_DATABASE_URL",
        "sqlite:///instance/review.db",
        "Where the data lives: `sqlite:///path` or `postgresql://user@host/name`.",
    ),
    Setting(
        "REVIEW_SECRET_KEY",
        None,
        "Signs form tokens, seals cursors and second factors (another key makes these useless); at least 32 "
        "random characters, "
        'e.g. from `python -c "import secrets; print(secrets.token_hex(32))"`.',
    ),
    Setting(
        "REVIEW_HOSTS",
        None,
        "Comma-separated hosts that are ours; a leading dot takes the host and all below it.",
        attribute="hosts",
    ),
    Setting(
        "REVIEW_DATA_DIR", "instance/data", "Folder for evidence, the signing key and the last checkpoint."
    ),
    Setting(
        "REVIEW_LOG_ORIGIN",
        "",
        "Name of this trail in its checkpoints, fixed by the first `flask upgrade`; blank makes one up.",
    ),
    Setting(
        "REVIEW_INSECURE_COOKIES",
        "0",
        "1 drops `Secure` and `__Host-` from the session cookie; only for plain HTTP on loopback.",
    ),
    Setting(
        "REVIEW_UNDO_SECONDS",
        "60",
        "How long a recorded review can be undone before it is dispatched.",
        attribute="undo_seconds",
        least=0,
        most=3_600,
    ),
    Setting(
        "REVIEW_CLAIM_SECONDS",
        "900",
        "How long a claim on a case lasts unless it is renewed.",
        attribute="claim_seconds",
        least=5,
        most=86_400,
    ),
    Setting(
        "REVIEW_TARGET_SECONDS",
        "259200",
        "Target for a decision on an ordinary case (72 h).",
        attribute="target_seconds",
        least=60,
        most=YEAR_SECONDS,
    ),
    Setting(
        "REVIEW_TARGET_FLAGGER_SECONDS",
        "86400",
        "Target when the sender holds trusted-flagger status on the day of receipt (24 h).",
        attribute="target_flagger_seconds",
        least=60,
        most=YEAR_SECONDS,
    ),
    Setting(
        "REVIEW_TARGET_THREAT_SECONDS",
        "3600",
        "Target for a threat to life or removal order (1 h).",
        attribute="target_threat_seconds",
        least=60,
        most=YEAR_SECONDS,
    ),
    Setting(
        "REVIEW_SESSION_IDLE_SECONDS",
        "1800",
        "A sign-in ends after this long without a request.",
        attribute="session_idle_seconds",
        least=60,
        most=86_400,
    ),
    Setting(
        "REVIEW_SESSION_SECONDS",
        "43200",
        "A sign-in ends after this long in any case (12 h).",
        attribute="session_seconds",
        least=60,
        most=604_800,
    ),
    Setting(
        "REVIEW_DATABASE_WAIT_SECONDS",
        "5",
        "How long a write waits for the database before it answers 503 with `Retry-After`.",
    ),
    Setting(
        "REVIEW_TRUSTED_PROXIES",
        "0",
        "How many proxies in front of the server may name the caller's address in `X-Forwarded-For`.",
    ),
    Setting(
        "REVIEW_REQUESTS_PER_MINUTE",
        "6000",
        "How many requests one API key may send a minute; a batch is one, 0 means no limit.",
        attribute="requests_per_key",
        least=0,
        most=MOST_REQUESTS,
    ),
    Setting(
        "REVIEW_ADDRESS_REQUESTS_PER_MINUTE",
        "12000",
        "How many requests one address may send to the API and the log a minute; 0 means no limit.",
        attribute="requests_per_address",
        least=0,
        most=MOST_REQUESTS,
    ),
    Setting(
        "REVIEW_FAILED_KEYS_PER_MINUTE",
        "60",
        "How many requests without a valid key one address may send a minute; 0 means no limit.",
        attribute="failed_keys_per_address",
        least=0,
        most=MOST_REQUESTS,
    ),
    Setting(
        "REVIEW_METRICS_TOKEN",
        "",
        "Whoever sends it as `Authorization: Bearer` reads `/metrics` and the detail of `/readyz` from"
        " anywhere; at least 32 random characters, blank leaves both to this machine.",
    ),
    Setting(
        "REVIEW_TIME_ZONE",
        "UTC",
        "Time zone of pages for people who have not chosen one, such as `Europe/Brussels`.",
    ),
    Setting(
        "REVIEW_CONTACT_POINT",
        "",
        "Where senders object to an answer and ask (DSA Art. 11): an e-mail address or other words, at most"
        " 200 characters; shown on their pages, blank shows none.",
    ),
    Setting(
        "REVIEW_SECOND_FACTOR",
        "required",
        "Whether people show a second factor: `required`, `optional` (who has set one up shows it) or `off`.",
    ),
    Setting(
        "REVIEW_PASSKEY_ROLES",
        "legal,admin",
        "Comma-separated roles whose second factor must be a passkey; blank lets everybody use an app.",
    ),
    Setting(
        "REVIEW_SHORT_LOOK_SECONDS",
        "10",
        "Under how many seconds from taking a case to recording its review the team page calls a look very"
        " short.",
        attribute="short_look_seconds",
        least=1,
        most=600,
    ),
)


SECOND_FACTOR = ("off", "optional", "required")
ROLES = ("moderator", "lead", "legal", "admin", "sender")


class DatabaseAddress(Protocol):
    """What a connection needs of the settings."""

    @property
    def database_url(self) -> str:
        """Where the database is."""

    @property
    def database_wait_seconds(self) -> int:
        """How long to wait for its locks."""

    @property
    def is_sqlite(self) -> bool:
        """Whether it is the embedded one."""


@dataclass(frozen=True)
class Settings:
    """All settings of one running desk; durations in seconds, paths absolute."""

    database_url: str
    secret_key: str
    hosts: tuple[str, ...]
    data_dir: Path
    log_origin: str
    insecure_cookies: bool
    undo_seconds: int
    claim_seconds: int
    target_seconds: int
    target_flagger_seconds: int
    target_threat_seconds: int
    session_idle_seconds: int
    session_seconds: int
    database_wait_seconds: int
    trusted_proxies: int
    requests_per_key: int
    requests_per_address: int
    failed_keys_per_address: int
    metrics_token: str
    time_zone: str
    contact_point: str
    second_factor: str
    passkey_roles: tuple[str, ...]
    short_look_seconds: int
    demo: bool = False

    @property
    def is_sqlite(self) -> bool:
        """Whether the database is the embedded one."""
        return self.database_url.startswith("sqlite")


CHANGEABLE: dict[str, Setting] = {setting.name: setting for setting in SETTINGS if setting.attribute}
"""What administrators may change while the desk runs."""


def _number(values: Mapping[str, str], name: str, *, least: int, most: int) -> int:
    return _whole_number(name, values[name], least=least, most=most)


def _whole_number(name: str, text: str, *, least: int, most: int) -> int:
    if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
        raise SettingsError(f"{name} must be a whole number from {least} to {most}.")
    return int(text)


def _switch(values: Mapping[str, str], name: str) -> bool:
    if values[name] not in ("0", "1"):
        raise SettingsError(f"{name} must be 0 or 1.")
    return values[name] == "1"


def _database_url(text: str) -> str:
    scheme = urlsplit(text).scheme
    if scheme == "sqlite":
        path = text.removeprefix("sqlite:///")
        if path == text or not path or path == ":memory:":
            raise SettingsError("REVIEW_DATABASE_URL must name a file: sqlite:///path/to/review.db.")
        return "sqlite:///" + str(Path(path).absolute())
    if scheme in ("postgresql", "postgresql+psycopg"):
        return "postgresql+psycopg:" + text.partition(":")[2]
    raise SettingsError("REVIEW_DATABASE_URL must start with sqlite:/// or postgresql://.")


def _hosts(text: str) -> tuple[str, ...]:
    hosts = tuple(part.strip() for part in text.split(",") if part.strip())
    if not hosts:
        raise SettingsError("REVIEW_HOSTS is empty: name at least one host that is ours, e.g. video.example.")
    return hosts


def _secret_key(text: str, *, demo: bool) -> str:
    if not demo and (len(text) < WEAK_KEY_LENGTH or len(set(text)) < 10):
        raise SettingsError(
            "REVIEW_SECRET_KEY is missing or weak: set at least 32 random characters "
            '(python -c "import secrets; print(secrets.token_hex(32))").'
        )
    return text


def _token(values: Mapping[str, str], name: str) -> str:
    text = values[name]
    if text and (len(text) < WEAK_KEY_LENGTH or len(set(text)) < 10):
        raise SettingsError(f"{name} is weak: set at least 32 random characters, or leave it blank.")
    return text


def _second_factor(text: str) -> str:
    if text not in SECOND_FACTOR:
        raise SettingsError(f"REVIEW_SECOND_FACTOR must be one of {', '.join(SECOND_FACTOR)}.")
    return text


def _contact_point(text: str) -> str:
    words = " ".join(text.split())
    if len(words) > LONGEST_CONTACT or not words.isprintable():
        raise SettingsError(f"REVIEW_CONTACT_POINT must be at most {LONGEST_CONTACT} printable characters.")
    return words


def _passkey_roles(text: str) -> tuple[str, ...]:
    roles = tuple(part.strip() for part in text.split(",") if part.strip())
    if not set(roles) <= set(ROLES):
        raise SettingsError(f"REVIEW_PASSKEY_ROLES may name {', '.join(ROLES)}, or stay blank.")
    return roles


def read_settings(environment: Mapping[str, str] | None = None, *, demo: bool = False) -> Settings:
    """Read and check all settings; raises `SettingsError` naming the variable and the remedy.

    ``environment`` defaults to the process's own; variables that start with ``REVIEW_`` and are not
    known are refused, so that a misspelt one does not go unnoticed (``REVIEW_TEST_...`` is free).
    """
    given = dict(os.environ if environment is None else environment)
    known = {setting.name for setting in SETTINGS}
    for name in sorted(given):
        if name.startswith("REVIEW_") and not name.startswith("REVIEW_TEST_") and name not in known:
            raise SettingsError(f"{name} is not a setting of this program: see README, Settings.")
    values = {setting.name: given.get(setting.name, setting.default or "") for setting in SETTINGS}
    return Settings(
        database_url=_database_url(values["REVIEW_DATABASE_URL"]),
        secret_key=_secret_key(values["REVIEW_SECRET_KEY"], demo=demo),
        data_dir=Path(values["REVIEW_DATA_DIR"]).absolute(),
        log_origin=values["REVIEW_LOG_ORIGIN"],
        insecure_cookies=_switch(values, "REVIEW_INSECURE_COOKIES"),
        database_wait_seconds=_number(values, "REVIEW_DATABASE_WAIT_SECONDS", least=1, most=60),
        trusted_proxies=_number(values, "REVIEW_TRUSTED_PROXIES", least=0, most=10),
        metrics_token=_token(values, "REVIEW_METRICS_TOKEN"),
        time_zone=values["REVIEW_TIME_ZONE"],
        contact_point=_contact_point(values["REVIEW_CONTACT_POINT"]),
        second_factor=_second_factor(values["REVIEW_SECOND_FACTOR"]),
        passkey_roles=_passkey_roles(values["REVIEW_PASSKEY_ROLES"]),
        demo=demo,
        **{setting.attribute: _changeable(setting, values[setting.name]) for setting in CHANGEABLE.values()},
    )


def _changeable(setting: Setting, text: str) -> Any:
    if setting.attribute == "hosts":
        return _hosts(text)
    return _whole_number(setting.name, text, least=setting.least, most=setting.most)


def with_changes(settings: Settings, texts: Mapping[str, str]) -> Settings:
    """The settings with these texts, by variable name, in place of the environment's.

    Raises `SettingsError` as at the start. Only settings with an ``attribute`` may change meanwhile.
    """
    changed = {
        CHANGEABLE[name].attribute: _changeable(CHANGEABLE[name], text) for name, text in texts.items()
    }
    return replace(settings, **changed)
