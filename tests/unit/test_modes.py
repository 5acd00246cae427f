"""A mode that the settings contradict stops the start, and names every setting that is missing."""

from typing import Any

import pytest
from pydantic import SecretStr

from crm_core.access.modes import check_mode
from crm_core.errors import InvalidInput
from crm_core.settings import Mode, Settings

PRODUCTION: dict[str, Any] = {
    "mode": Mode.PRODUCTION,
    "sign_in_client_id": "clientnest",
    "sign_in_client_secret": SecretStr("s3cret"),
    "public_url": "https://crm.example.com",
    "first_admin": "ada@example.com",
}


def refusal(**settings: Any) -> str:
    with pytest.raises(InvalidInput) as caught:
        check_mode(Settings(**settings))
    return str(caught.value)


def test_a_demo_on_servers_of_its_own_needs_no_setting() -> None:
    check_mode(Settings())


@pytest.mark.parametrize("server", [{"mongodb_uri": "mongodb://db"}, {"redis_url": "redis://cache"}])
def test_a_demo_on_other_servers_has_to_be_meant(server: dict[str, Any]) -> None:
    said = refusal(**server)
    assert "CRM_MODE=production" in said
    assert "CRM_DEMO_ON_EXTERNAL_SERVERS=1" in said
    check_mode(Settings(**server, demo_on_external_servers=True))


def test_production_starts_with_a_provider_a_secret_and_an_https_address() -> None:
    check_mode(Settings(**PRODUCTION))
    check_mode(Settings(**PRODUCTION, mongodb_uri="mongodb://db", redis_url="redis://cache"))


@pytest.mark.parametrize("missing", ["sign_in_client_id", "sign_in_client_secret", "public_url"])
def test_production_says_which_setting_is_missing(missing: str) -> None:
    said = refusal(**{name: value for name, value in PRODUCTION.items() if name != missing})
    assert f"CRM_{missing.upper()}" in said
    assert said.count("is not set") == 1


def test_production_names_everything_that_is_missing_at_once() -> None:
    said = refusal(mode=Mode.PRODUCTION)
    for name in ("CRM_SIGN_IN_CLIENT_ID", "CRM_SIGN_IN_CLIENT_SECRET", "CRM_PUBLIC_URL"):
        assert name in said


def test_production_refuses_plain_http_and_a_local_admin() -> None:
    assert "https://" in refusal(**{**PRODUCTION, "public_url": "http://crm.example.com"})
    assert "CRM_SIGN_IN_ISSUER" in refusal(**PRODUCTION, sign_in_issuer="http://login.example.com")
    assert "CRM_LOCAL_ADMIN" in refusal(**PRODUCTION, local_admin=True)
