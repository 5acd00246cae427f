"""Why somebody gets nothing over a channel, whatever they agreed to."""

from typing import Literal, get_args

SuppressionReason = Literal["manual", "invalid_address", "hard_bounce", "unsubscribed", "complaint"]
REASONS: tuple[str, ...] = get_args(SuppressionReason)
"""From the lightest to the gravest: a graver one takes the place of a lighter one, never the other way round."""
