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
