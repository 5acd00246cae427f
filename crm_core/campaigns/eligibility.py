"""Who may get a message: one pure function, asked by planner, sender and preview alike."""

from collections.abc import Mapping
from typing import Any

NO_CONSENT = "no_consent"
NO_CUSTOMER = "customer_gone"


def eligibility(customer: Mapping[str, Any] | None, channel: str) -> str | None:
    """Why this customer must not get a message over ``channel``; None when nothing forbids it.

    In-app messages are addressed by the customer id and need no contact detail. Unknown consent permits.
    """
    if customer is None:
        return NO_CUSTOMER
    consent = customer.get("consent", {}).get(channel, {})
    return NO_CONSENT if consent.get("state") == "denied" else None
