"""Settings: typed, safe, and refused with one line that names the variable."""

from pathlib import Path

import pytest

from review.config import read_settings
from review.errors import SettingsError
from review.setting_table import SETTINGS

GOOD = {"REVIEW_SECRET_KEY": "0123456789abcdef" * 4, "REVIEW_HOSTS": "video.example"}


def test_defaults_are_enough_beside_key_and_hosts() -> None:
    settings = read_settings(GOOD)
    assert settings.database_url == f"sqlite:///{Path('instance/review.db').absolute()}"
    assert (settings.undo_seconds, settings.claim_seconds) == (60, 900)
    assert (settings.session_idle_seconds, settings.session_seconds) == (1800, 43_200)
    assert not settings.insecure_cookies
    assert settings.is_sqlite
    assert (settings.second_factor, settings.passkey_roles) == ("required", ("legal", "admin"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("REVIEW_SECRET_KEY", ""),
        ("REVIEW_SECRET_KEY", "short"),
        ("REVIEW_SECRET_KEY", "a" * 64),
        ("REVIEW_HOSTS", ""),
        ("REVIEW_HOSTS", " , "),
        ("REVIEW_DATABASE_URL", "mysql://x/y"),
        ("REVIEW_DATABASE_URL", "sqlite://"),
        ("REVIEW_DATABASE_URL", "sqlite:///:memory:"),
        ("REVIEW_INSECURE_COOKIES", "yes"),
        ("REVIEW_UNDO_SECONDS", "-1"),
        ("REVIEW_UNDO_SECONDS", "sixty"),
        ("REVIEW_UNDO_SECONDS", "٦٠"),
        ("REVIEW_CLAIM_SECONDS", "0"),
        ("REVIEW_PLATFORM_URL", "ftp://platform.example/"),
        ("REVIEW_PLATFORM_URL", "https://me:secret@platform.example/"),
        ("REVIEW_PLATFORM_URL", "https:///told"),
        ("REVIEW_PLATFORM_URL", "https://platform.example:99999/"),
        ("REVIEW_PLATFORM_SECRET", "whsec_short"),
        ("REVIEW_PLATFORM_SECRET", "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"),
        ("REVIEW_PLATFORM_HOURS", "-1"),
        ("REVIEW_PUBLIC_URL", "desk.example"),
        ("REVIEW_SMTP_HOST", "mail server"),
        ("REVIEW_SMTP_PORT", "0"),
        ("REVIEW_SMTP_TLS", "maybe"),
        ("REVIEW_SESSION_SECONDS", "99999999"),
        ("REVIEW_TRUSTED_PROXIES", "many"),
        ("REVIEW_UNDO_SECOND", "60"),
        ("REVIEW_CONTACT_POINT", "x" * 201),
        ("REVIEW_CONTACT_POINT", "desk\u202e@video.example"),
        ("REVIEW_SECOND_FACTOR", "maybe"),
        ("REVIEW_PASSKEY_ROLES", "legal,clerk"),
        ("REVIEW_WEBHOOK_NETWORKS", "10.0.0.1/8"),
    ],
)
def test_a_bad_setting_stops_the_start_by_name(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name) as refusal:
        read_settings({**GOOD, name: value})
    assert "\n" not in refusal.value.detail


def test_the_demo_needs_no_key() -> None:
    assert read_settings({"REVIEW_HOSTS": "video.example"}, demo=True).demo


def test_postgresql_urls_name_the_driver() -> None:
    for scheme in ("postgresql", "postgresql+psycopg"):
        settings = read_settings({**GOOD, "REVIEW_DATABASE_URL": f"{scheme}://u@h/n"})
        assert settings.database_url == "postgresql+psycopg://u@h/n"
        assert not settings.is_sqlite


def test_every_setting_has_a_sentence() -> None:
    assert all(setting.sentence.endswith(".") for setting in SETTINGS)


SECRET = "whsec_" + "c2VjcmV0" * 4
MAIL = {
    "REVIEW_SMTP_HOST": "mail.example", "REVIEW_SMTP_FROM": "desk@video.example",
    "REVIEW_PUBLIC_URL": "https://desk.example/",
}  # fmt: skip


def test_a_platform_needs_its_secret_and_takes_two() -> None:
    url = {"REVIEW_PLATFORM_URL": "http://10.1.2.3/told"}
    with pytest.raises(SettingsError, match="REVIEW_PLATFORM_SECRET"):
        read_settings(GOOD | url)
    settings = read_settings(GOOD | url | {"REVIEW_PLATFORM_SECRET": f"{SECRET}, {SECRET}"})
    assert (settings.platform_url, len(settings.platform_secrets)) == ("http://10.1.2.3/told", 2)
    with pytest.raises(SettingsError, match="REVIEW_PLATFORM_SECRET"):
        read_settings(GOOD | url | {"REVIEW_PLATFORM_SECRET": ",".join([SECRET] * 3)})


def test_a_mail_server_needs_where_mails_come_from_and_lead_to() -> None:
    settings = read_settings(GOOD | MAIL)
    assert settings.mail is not None
    assert (settings.mail.port, settings.mail.tls) == (587, "starttls")
    assert settings.public_url == "https://desk.example"
    assert read_settings(GOOD).mail is None
    for name in ("REVIEW_SMTP_FROM", "REVIEW_PUBLIC_URL"):
        with pytest.raises(SettingsError, match=name):
            read_settings(GOOD | MAIL | {name: ""})
    user = {"REVIEW_SMTP_USER": "desk", "REVIEW_SMTP_PASSWORD": "a long one", "REVIEW_SMTP_TLS": "off"}
    with pytest.raises(SettingsError, match="REVIEW_SMTP_USER"):
        read_settings(GOOD | MAIL | user)
    assert "a long one" not in repr(read_settings(GOOD | MAIL | user | {"REVIEW_SMTP_TLS": "tls"}))
