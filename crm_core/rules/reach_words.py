"""Conditions on who can be messaged, and who is suppressed, in plain words."""

from crm_core.rules.bound import BoundReach
from crm_core.rules.fields import spoken
from crm_core.rules.tree import ReachRule, SuppressedRule


def reach_label(kind: str, channel: str) -> str:
    """What such a condition is about. kind: of the rule. channel: its label."""
    return f"Can be messaged over {channel}" if kind == "reach" else f"Suppressed on {channel}"


def reach_words(rule: ReachRule | SuppressedRule) -> str:
    """What it says of that."""
    if isinstance(rule, ReachRule):
        return "by consent, address and suppressions"
    return f"for the reason {spoken(rule.reason)}" if rule.reason else "for any reason"


def reach_phrase(bound: BoundReach) -> str:
    """What it says of a customer: ``can be messaged over SMS``."""
    label = bound.channel.label
    if isinstance(bound.rule, ReachRule):
        return f"can be messaged over {label}"
    return f"is suppressed on {label}" + (f" for {spoken(bound.rule.reason)}" if bound.rule.reason else "")
