"""Settings: read once from the environment, typed, each with one sentence; a bad one stops the start."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from review.errors import SettingsError
from review.setting_addresses import MailServer, mail_server, platform_secrets, platform_url, public_url
from review.setting_table import SETTINGS, Setting
from review.setting_texts import READERS, whole_number

Network = IPv4Network | IPv6Network
WEAK_KEY_LENGTH = 32
LONGEST_CONTACT = 200


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
    signer_dir: Path
    log_origin: str
    witness_policy: Path | None
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
    webhook_networks: tuple[Network, ...]
    platform_url: str
    platform_secrets: tuple[bytes, ...]
    platform_hours: int
    public_url: str
    mail: MailServer | None
    time_zone: str
    contact_point: str
    break_minutes: int
    break_reveals: int
    budget_high: int
    budget_low: int
    severe_in_a_row: int
    comfort: tuple[str, ...]
    second_factor: str
    passkey_roles: tuple[str, ...]
    second_review_share: float
    over_broad_paths: tuple[str, ...]
    fold_sender: tuple[str, ...]
    short_look_seconds: int
    retention_referral_days: int
    retention_notice_days: int
    retention_order_days: int
    erasure_journal: Path
    demo: bool = False

    @property
    def is_sqlite(self) -> bool:
        """Whether the database is the embedded one."""
        return self.database_url.startswith("sqlite")


CHANGEABLE: dict[str, Setting] = {setting.name: setting for setting in SETTINGS if setting.attribute}
"""What administrators may change while the desk runs."""


def _number(values: Mapping[str, str], name: str, *, least: int, most: int) -> int:
    return whole_number(name, values[name], least=least, most=most)


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


def _file(text: str) -> Path | None:
    return Path(text.strip()).absolute() if text.strip() else None


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


def _networks(text: str) -> tuple[Network, ...]:
    try:
        return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())
    except ValueError:
        raise SettingsError(
            "REVIEW_WEBHOOK_NETWORKS must be networks with commas between, such as 10.20.0.0/16, or blank."
        ) from None


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
        signer_dir=_file(values["REVIEW_SIGNER_DIR"]) or Path(values["REVIEW_DATA_DIR"]).absolute(),
        log_origin=values["REVIEW_LOG_ORIGIN"],
        witness_policy=_file(values["REVIEW_WITNESS_POLICY"]),
        erasure_journal=_file(values["REVIEW_ERASURE_JOURNAL"])
        or Path(values["REVIEW_DATA_DIR"]).absolute() / "erasures",
        insecure_cookies=_switch(values, "REVIEW_INSECURE_COOKIES"),
        database_wait_seconds=_number(values, "REVIEW_DATABASE_WAIT_SECONDS", least=1, most=60),
        trusted_proxies=_number(values, "REVIEW_TRUSTED_PROXIES", least=0, most=10),
        metrics_token=_token(values, "REVIEW_METRICS_TOKEN"),
        webhook_networks=_networks(values["REVIEW_WEBHOOK_NETWORKS"]),
        platform_url=platform_url(values["REVIEW_PLATFORM_URL"]),
        platform_secrets=platform_secrets(
            values["REVIEW_PLATFORM_SECRET"], needed=bool(values["REVIEW_PLATFORM_URL"].strip())
        ),
        public_url=public_url(values["REVIEW_PUBLIC_URL"]),
        mail=mail_server(values),
        time_zone=values["REVIEW_TIME_ZONE"],
        contact_point=_contact_point(values["REVIEW_CONTACT_POINT"]),
        second_factor=_second_factor(values["REVIEW_SECOND_FACTOR"]),
        passkey_roles=_passkey_roles(values["REVIEW_PASSKEY_ROLES"]),
        demo=demo,
        **{setting.attribute: _changeable(setting, values[setting.name]) for setting in CHANGEABLE.values()},
    )


def _changeable(setting: Setting, text: str) -> Any:
    read = READERS.get(setting.attribute)
    if read is not None:
        return read(setting.name, text)
    return whole_number(setting.name, text, least=setting.least, most=setting.most)


def with_changes(settings: Settings, texts: Mapping[str, str]) -> Settings:
    """The settings with these texts, by variable name, in place of the environment's.

    Raises `SettingsError` as at the start. Only settings with an ``attribute`` may change meanwhile.
    """
    changed = {
        CHANGEABLE[name].attribute: _changeable(CHANGEABLE[name], text) for name, text in texts.items()
    }
    return replace(settings, **changed)
