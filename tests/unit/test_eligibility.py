"""Who may get a message."""

import pytest

from crm_core.campaigns.eligibility import NO_CONSENT, NO_CUSTOMER, eligibility


def test_a_customer_who_is_gone_gets_nothing() -> None:
    assert eligibility(None, "in_app") == NO_CUSTOMER


def test_denied_consent_forbids() -> None:
    assert eligibility({"consent": {"in_app": {"state": "denied"}}}, "in_app") == NO_CONSENT


@pytest.mark.parametrize("state", ["granted", "unknown"])
def test_granted_and_unknown_consent_permit(state: str) -> None:
    assert eligibility({"consent": {"in_app": {"state": state}}}, "in_app") is None


def test_a_customer_who_was_never_asked_may_be_messaged() -> None:
    assert eligibility({}, "in_app") is None
    assert eligibility({"consent": {}}, "in_app") is None


def test_consent_counts_per_channel() -> None:
    customer = {"consent": {"sms": {"state": "denied"}, "in_app": {"state": "granted"}}}
    assert eligibility(customer, "in_app") is None
    assert eligibility(customer, "sms") == NO_CONSENT
