"""What the numbers of an audience are called: its steps, its bands, its thresholds. Pure."""

from collections.abc import Mapping, Sequence

from crm_core.audience.preview import Deliverable, Preview
from crm_core.audience.profile import Band, ValueShare
from crm_core.money import money_formatter
from crm_core.rules.bound import Bound, BoundGroup, Place, node_at
from crm_core.rules.wording import describe
from pages._ui.channels import reason_words
from pages._ui.formats import money
from pages._ui.waterfall import Bar
from pages.builder.audience.charts import Share
from pages.builder.board.tree import path_words
from pages.builder.board.words import GROUP_NAMES, count_of

NEVER, NO_VALUE = "Never ordered", "No value"


def node_words(bound: Bound, place: Place, currency: str) -> str:
    """ "Total spend more than $300", "2 ANY of 3 rules"."""
    node = node_at(bound, place)
    if isinstance(node, BoundGroup):
        return f"{path_words(place)} {GROUP_NAMES[node.rule.kind]} {count_of(len(node.children), 'rule')}"
    about, says = describe(node, money_formatter(currency))
    return f"{about} {says}"


def waterfall_bars(result: Preview, bound: Bound, reach: Deliverable | None, currency: str) -> list[Bar]:
    """From everyone through the rules to the audience, and on to those who will be messaged."""
    steps = result.steps or ()
    is_any = isinstance(bound, BoundGroup) and bound.rule.kind == "any"
    bars = [] if is_any and steps else [Bar("Everyone", result.total)]
    is_none = isinstance(bound, BoundGroup) and bound.rule.kind == "none"
    for step in steps:
        words = node_words(bound, step.place, currency)
        bars.append(Bar(f"not: {words}" if is_none else words, step.count, step.change))
    if steps:
        bars.append(Bar("Match", result.count))
    if reach is None:
        return bars
    left = result.count
    for reason, refused in reach.reasons.items():
        if refused:
            left -= refused
            bars.append(Bar(reason_words(reason), left, -refused))
    return [*bars, Bar("Will be messaged", reach.count)]


def spend_shares(bands: Sequence[Band], currency: str) -> list[Share]:
    return [Share(_spend_words(band, currency), band.audience, band.everyone) for band in bands]


def _spend_words(band: Band, currency: str) -> str:
    if band.low is None:
        return "Nothing or less"
    if band.high is None:
        return f"Over {_round(band.low, currency)}"
    return (
        f"Up to {_round(band.high, currency)}"
        if band.low == 0
        else f"{_round(band.low, currency)} – {_round(band.high, currency)}"
    )


def _round(amount_minor: int, currency: str) -> str:
    """Band ends are round: nobody needs their cents."""
    text = money(amount_minor, currency)
    return text.removesuffix(".00")


def recency_shares(bands: Sequence[Band]) -> list[Share]:
    return [Share(_recency_words(band), band.audience, band.everyone) for band in bands]


def _recency_words(band: Band) -> str:
    if band.low is None:
        return NEVER if band.high is None else f"Last {band.high} days"
    return f"Over {band.low} days ago" if band.high is None else f"{band.low} – {band.high} days ago"


def value_shares(values: Sequence[ValueShare], spelling: Mapping[str, str]) -> list[Share]:
    """spelling: folded values to how they were typed."""
    return [
        Share(NO_VALUE if each.value is None else spelling.get(each.value, each.value), each.audience, each.everyone)
        for each in values
    ]
