"""How often messages were opened and clicked, of those delivered, against others."""

from collections.abc import Mapping
from typing import Any

from crm_core.insights.comparing import Rate, compare_rates, more_needed
from crm_core.insights.frame import Column, Unit
from crm_core.schema.message_states import REACHED, MessageState

MEASURES = (MessageState.OPENED, MessageState.CLICKED)
COLUMNS = (
    Column("measure", "Measure", Unit.TEXT),
    Column("rate", "Rate", Unit.SHARE),
    Column("rate_against", "Rate against", Unit.SHARE),
    Column("difference", "Difference", Unit.SHARE),
    Column("low", "At least", Unit.SHARE),
    Column("high", "At most", Unit.SHARE),
    Column("verdict", "Verdict", Unit.TEXT),
    Column("more_needed", "More messages needed", Unit.COUNT),
)


def rate_of(counts: Mapping[MessageState, int], state: MessageState) -> Rate:
    """Of messages by their present state: how many reached ``state``, of those that were delivered."""
    hits, size = (sum(counts.get(each, 0) for each in REACHED[of]) for of in (state, MessageState.DELIVERED))
    return Rate(hits, size)


def compared(ours: Rate, base: Rate, measure: MessageState, *, comparisons: int) -> dict[str, Any]:
    """The values of COLUMNS. comparisons: how many are made side by side."""
    found = compare_rates(ours, base, comparisons=comparisons)
    is_open = found is not None and found.low <= 0 <= found.high
    return {
        **rates(ours, base, measure, found.verdict.value if found else "nobody yet"),
        "difference": found.value if found else None,
        "low": found.low if found else None,
        "high": found.high if found else None,
        "more_needed": more_needed(ours, base, comparisons=comparisons) if is_open else None,
    }


def rates(ours: Rate, base: Rate, measure: MessageState, verdict: str) -> dict[str, Any]:
    """The same for two that are not compared, with the reason as their verdict."""
    return {
        "measure": measure.value,
        "rate": ours.value if ours.size else None,
        "rate_against": base.value if base.size else None,
        **dict.fromkeys(("difference", "low", "high", "more_needed")),
        "verdict": verdict,
    }
