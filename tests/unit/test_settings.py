"""What the environment may say, and what the process answers when it says something else."""

import os
from pathlib import Path

import pytest
from pydantic import SecretStr

from crm_core.errors import InvalidInput
from crm_core.settings import Mode, Settings

EVERY_SETTING = Settings(
    mode=Mode.PRODUCTION,
    local_admin=True,
    demo_on_external_servers=True,
    sign_in_issuer="https://login.example.com",
    sign_in_allowed="example.com",
    sign_in_client_id="clientnest",
    sign_in_client_secret=SecretStr("s3cret"),
    data_dir=Path("/srv/clientnest"),
    mongodb_uri="mongodb+srv://cluster.example.com",
    mongodb_database="shop-2",
    mongodb_cache_gb=1.5,
    redis_url="rediss://cache.example.com/1",
    run_workers=False,
    public_url="https://crm.example.com",
    trusted_proxies="10.0.0.0/8",
    receipts_url="http://10.0.0.7:8501",
    hosting="community-cloud",
    metrics_token=SecretStr("a token for Prometheus"),
    first_admin="boss@example.com",
    vendor_url="http://127.0.0.1:9000",
    vendor_secret=SecretStr("s3cret"),
    vendor_second_secret=SecretStr("s3cond"),
    vendor_success_rate=0.5,
    vendor_behaviour='{"outage": "refuse"}',
    max_body_mb=7,
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
        ("CRM_MODE", "live", "'demo' or 'production'"),
        ("CRM_LOCAL_ADMIN", "perhaps", "true or false"),
        ("CRM_SIGN_IN_ISSUER", "accounts.google.com", "^https?://"),
        ("CRM_SIGN_IN_ALLOWED", "example.com; example.org", "must match the pattern"),
        ("CRM_SIGN_IN_ALLOWED", "jane@", "must match the pattern"),
        ("CRM_MONGODB_URI", "localhost:27017", "^mongodb"),
        ("CRM_MONGODB_DATABASE", "client nest", "A-Za-z0-9_-"),
        ("CRM_MONGODB_CACHE_GB", "0.1", "0.25"),
        ("CRM_MONGODB_CACHE_GB", "much", "number"),
        ("CRM_REDIS_URL", "http://localhost:6379", "^rediss?://"),
        ("CRM_RUN_WORKERS", "perhaps", "true or false"),
        ("CRM_PUBLIC_URL", "crm.example.com", "such as https://crm.example.com"),
        ("CRM_PUBLIC_URL", "https://crm.example.com/app", "without a path"),
        ("CRM_PUBLIC_URL", "https://anna@crm.example.com", "without a path"),
        ("CRM_PUBLIC_URL", "https://crm.example.com:99999", "without a path"),
        ("CRM_RECEIPTS_URL", "crm.example.com", "^https?://"),
        ("CRM_METRICS_TOKEN", "short", "at least 16 characters"),
        ("CRM_HOSTING", "heroku", "'community-cloud'"),
        ("CRM_HOSTING", "community-cloud", "CRM_PUBLIC_URL"),
        ("CRM_VENDOR_URL", "ftp://vendor", "^https?://"),
        ("CRM_VENDOR_SUCCESS_RATE", "90", "at most 1"),
        ("CRM_VENDOR_BEHAVIOUR", '{"outage": "on"}', "'off', 'refuse' or 'close', not \"on\""),
        ("CRM_VENDOR_BEHAVIOUR", "outage", "JSON"),
        ("CRM_MAX_BODY_MB", "0", "at least 1"),
        ("CRM_MAX_BODY_MB", "65", "at most 64"),
        ("CRM_LOG_LEVEL", "LOUD", "'DEBUG', 'INFO', 'WARNING' or 'ERROR'"),
    ],
)
def test_a_bad_value_is_refused_with_its_variable_and_what_is_allowed(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, allowed: str
) -> None:
    message = refusal(monkeypatch, **{variable: value})
    assert variable in message
    assert allowed in message


def test_the_public_address_is_kept_as_browsers_write_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_PUBLIC_URL", "https://CRM.Example.com:8443/")
    assert Settings.load().public_url == "https://crm.example.com:8443"


def test_every_bad_variable_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    message = refusal(monkeypatch, CRM_LOG_LEVEL="??", CRM_MAX_BODY_MB="many")
    assert "CRM_LOG_LEVEL" in message
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
