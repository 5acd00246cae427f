"""Suppressions: why somebody gets nothing over a channel, whatever they agreed to, and by which ids that is kept."""

from typing import Literal, get_args

SuppressionReason = Literal["manual", "invalid_address", "hard_bounce", "unsubscribed", "complaint"]
REASONS: tuple[str, ...] = get_args(SuppressionReason)
"""From the lightest to the gravest: a graver one takes the place of a lighter one, never the other way round."""
ADDRESS, ERASED = "@", "#"
"""How the ids begin of suppressions of addresses, and of those of which a hash is kept; those of customers begin with
the channel's name."""


def customer_row_id(channel: str, customer_id: str) -> str:
    return f"{channel}:{customer_id}"


def address_row_id(channel: str, key: str) -> str:
    return f"{ADDRESS}{channel}:{key}"
