"""What the environment may say, and what the process answers when it says something else."""

import os
from pathlib import Path

import pytest
from pydantic import SecretStr

from crm_core.errors import InvalidInput
from crm_core.settings import Settings, to_major, to_minor

EVERY_SETTING = Settings(
    data_dir=Path("/srv/clientnest"),
    mongodb_uri="mongodb+srv://cluster.example.com",
    mongodb_database="shop-2",
    mongodb_cache_gb=1.5,
    redis_url="rediss://cache.example.com/1",
    run_workers=False,
    public_url="https://crm.example.com",
    vendor_url="http://127.0.0.1:9000",
    vendor_secret=SecretStr("s3cret"),
    vendor_success_rate=0.5,
    vendor_behaviour='{"outage": "refuse"}',
    currency="JPY",
    max_body_mb=7,
    message_unknown_consent=False,
    frequency_cap=3,
    frequency_cap_days=30,
    channel_rates="sms=100,email=0.5",
    error_budget=0.2,
    quiet_hours="21:00-08:00",
    time_zone="Europe/Berlin",
    log_level="WARNING",
)


def refusal(monkeypatch: pytest.MonkeyPatch, **environment: str) -> str:
    """What Settings.load says to these variables."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(InvalidInput) as caught:
        Settings.load()
    return str(caught.value)


@pytest.mark.parametrize(
    ("variable", "value", "allowed"),
    [
        ("CRM_MONGODB_URI", "localhost:27017", "^mongodb"),
        ("CRM_MONGODB_DATABASE", "client nest", "A-Za-z0-9_-"),
        ("CRM_MONGODB_CACHE_GB", "0.1", "0.25"),
        ("CRM_MONGODB_CACHE_GB", "much", "number"),
        ("CRM_REDIS_URL", "http://localhost:6379", "^rediss?://"),
        ("CRM_RUN_WORKERS", "perhaps", "true or false"),
        ("CRM_PUBLIC_URL", "crm.example.com", "^https?://"),
        ("CRM_VENDOR_URL", "ftp://vendor", "^https?://"),
        ("CRM_VENDOR_SUCCESS_RATE", "90", "at most 1"),
        ("CRM_VENDOR_BEHAVIOUR", '{"outage": "on"}', "'off', 'refuse' or 'close', not \"on\""),
        ("CRM_VENDOR_BEHAVIOUR", "outage", "JSON"),
        ("CRM_CURRENCY", "DOLLAR", "ISO 4217"),
        ("CRM_MAX_BODY_MB", "0", "at least 1"),
        ("CRM_MAX_BODY_MB", "65", "at most 64"),
        ("CRM_MESSAGE_UNKNOWN_CONSENT", "perhaps", "true or false"),
        ("CRM_FREQUENCY_CAP", "0", "at least 1"),
        ("CRM_FREQUENCY_CAP_DAYS", "0", "at least 1"),
        ("CRM_FREQUENCY_CAP_DAYS", "91", "at most 90"),
        ("CRM_CHANNEL_RATES", "pigeon=5", "in_app, email, sms, whatsapp, push"),
        ("CRM_CHANNEL_RATES", "sms=5,sms=6", "'sms=6' names no channel, or one twice"),
        ("CRM_CHANNEL_RATES", "sms=0", "from 0.01 to 1,000,000"),
        ("CRM_ERROR_BUDGET", "50", "at most 1"),
        ("CRM_QUIET_HOURS", "21-8", "21:00-08:00"),
        ("CRM_QUIET_HOURS", "21:00-21:00", "two different times"),
        ("CRM_TIME_ZONE", "Mars", "IANA"),
        ("CRM_LOG_LEVEL", "LOUD", "'DEBUG', 'INFO', 'WARNING' or 'ERROR'"),
    ],
)
def test_a_bad_value_is_refused_with_its_variable_and_what_is_allowed(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, allowed: str
) -> None:
    message = refusal(monkeypatch, **{variable: value})
    assert variable in message
    assert allowed in message


def test_every_bad_variable_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    message = refusal(monkeypatch, CRM_CURRENCY="??", CRM_MAX_BODY_MB="many")
    assert "CRM_CURRENCY" in message
    assert "CRM_MAX_BODY_MB" in message


@pytest.mark.parametrize("variable", ["CRM_MONGODB_URI", "CRM_REDIS_URL"])
def test_a_refused_address_is_not_repeated_since_it_holds_a_password(
    monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    assert "hunter2" not in refusal(monkeypatch, **{variable: "postgres://admin:hunter2@db.example.com"})


def test_the_vendor_secret_shows_in_no_print_of_the_settings() -> None:
    assert "s3cret" not in repr(EVERY_SETTING) + str(EVERY_SETTING)


def test_every_setting_reaches_a_child_process(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in EVERY_SETTING.to_env().items():
        monkeypatch.setenv(name, value)
    assert Settings.load() == EVERY_SETTING
    assert all(value is not None for value in EVERY_SETTING.model_dump().values())


def test_what_is_unset_stays_unset_in_a_child_process(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in Settings().to_env().items():
        monkeypatch.setenv(name, value)
    assert "CRM_MONGODB_URI" not in os.environ
    assert Settings.load() == Settings()


def test_an_empty_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_MONGODB_URI", "")
    monkeypatch.setenv("CRM_VENDOR_SECRET", "")
    assert Settings.load() == Settings()


@pytest.mark.parametrize(("currency", "digits"), [("USD", 2), ("EUR", 2), ("JPY", 0), ("KWD", 3)])
def test_a_currency_brings_its_minor_digits(currency: str, digits: int) -> None:
    assert Settings(currency=currency).currency_digits == digits


@pytest.mark.parametrize(("minor", "digits", "text"), [(2933, 2, "29.33"), (2933, 0, "2933"), (5, 3, "0.005")])
def test_minor_units_and_back_lose_nothing(minor: int, digits: int, text: str) -> None:
    assert str(to_major(minor, digits)) == text
    assert to_minor(to_major(minor, digits), digits) == minor


def test_servers_and_workers_are_started_unless_both_servers_are_configured() -> None:
    mongodb_only = Settings(mongodb_uri="mongodb://db")
    both = Settings(mongodb_uri="mongodb://db", redis_url="redis://cache")
    assert Settings().starts_servers
    assert Settings().starts_workers
    assert mongodb_only.starts_servers
    assert not both.starts_servers
    assert not both.starts_workers
    assert both.with_servers(run_workers=True).starts_workers


def test_with_servers_changes_a_copy_only() -> None:
    before = Settings()
    assert before.with_servers(redis_url="redis://cache").redis_url == "redis://cache"
    assert before.redis_url is None


def test_rates_are_read_by_channel() -> None:
    assert EVERY_SETTING.rates == {"sms": 100, "email": 0.5}
    assert Settings().rates == {}
