"""What stands in the brackets of ``orders(…)`` and ``events(…)``: which records count."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from lark import Token

from crm_core.errors import BadRule
from crm_core.rules.context import RuleContext
from crm_core.rules.fields import nearest
from crm_core.rules.quoting import cut, shown
from crm_core.rules.text.literals import at, read_literal
from crm_core.rules.tree import EVENT_TYPE, MAX_DAYS, STATUSES, Measure
from crm_core.rules.values import check_number, check_text

ORDER_FILTERS = {"category": "category", "status": "status", "amount": "min_amount", "last": "within_days"}
EVENT_FILTERS = {"type": "type", "last": "within_days"}
"""Name in the text to name in the tree."""


@dataclass(frozen=True)
class Filter:
    """name: in lower case. comparison: as written."""

    place: Token
    name: str
    comparison: str
    value: Token


def read_measure(word: Token) -> str:
    measures = get_args(Measure)
    with at(word):
        if word.lower() not in measures:
            raise BadRule(f"there is no measure {cut(word)}.{nearest(word.lower(), measures)}")
    return word.lower()


def read_filters(filters: Sequence[Filter | None], known: Mapping[str, str], context: RuleContext) -> dict[str, Any]:
    """The filters as they stand in the tree. Raises BadRuleText at the filter that is unknown, doubled or not valid."""
    node: dict[str, Any] = {}
    for each in filters:
        if each is None:
            continue
        with at(each.place):
            if each.name not in known:
                raise BadRule(f"there is no filter {cut(each.place)} here.{nearest(each.name, known)}")
            if known[each.name] in node:
                raise BadRule(f"{each.name} is said twice.")
            wanted = ">=" if each.name == "amount" else "="
            if each.comparison != wanted:
                raise BadRule(f"{each.name} goes with {wanted} only.")
        with at(each.value):
            node[known[each.name]] = _read(each, context)
    return node


def _read(each: Filter, context: RuleContext) -> Any:
    value = read_literal(each.value)
    match each.name:
        case "last":
            if not isinstance(value, int) or not 1 <= value <= MAX_DAYS:
                raise BadRule(f"{value} is no number of days from 1 to {MAX_DAYS:,}.")
        case "amount":
            if check_number(value, "text") < 0:
                raise BadRule(f"{value} is below 0.")
            value = float(value)
        case "status":
            if value not in STATUSES:
                raise BadRule(f"there is no status {shown(value)}.{nearest(str(value), STATUSES)}")
        case "category":
            if each.value.type != "STRING":
                raise BadRule(f'texts are written in quotes: "{cut(each.value)}".')
            check_text(value, context.fold, "text")
        case _:
            if not re.fullmatch(EVENT_TYPE, str(value)):
                raise BadRule(
                    f"{shown(value)} is no type of events: lower-case letters, digits and _, such as cart_abandoned."
                )
    return value
