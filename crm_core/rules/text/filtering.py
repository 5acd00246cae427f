"""What stands in the brackets of ``orders(…)``, ``events(…)`` and ``messages(…)``: which records count."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lark import Token

from crm_core.errors import BadRule
from crm_core.rules.context import RuleContext
from crm_core.rules.fields import ITEMS, FieldType, nearest
from crm_core.rules.quoting import cut, shown
from crm_core.rules.text.comparing import Said, read_comparison, readable
from crm_core.rules.text.literals import SURROGATE, at, read_literal
from crm_core.rules.tree import EVENT_TYPE, MAX_DAYS, MESSAGE_STATES, REASON, STATUSES
from crm_core.rules.values import check_number, check_text
from crm_core.schema.suppressions import REASONS

MAX_NAMESAKES = 3
EQUAL = "= {}"


@dataclass(frozen=True)
class Filter:
    """name: in lower case, "" for what stands without one; as it is in quotes. said: what is asked of it."""

    place: Token
    name: str
    said: Said


@dataclass(frozen=True)
class Known:
    """A filter that there is. name: in the tree. read: checks its value. spelling: of the comparison it goes with."""

    name: str
    read: Callable[[Token, RuleContext], Any]
    spelling: str = EQUAL


@dataclass(frozen=True)
class Compared:
    """A filter that goes with any comparison of its kind."""

    name: str
    kind: FieldType


def read_measure(word: Token, measures: Sequence[str]) -> str:
    with at(word):
        if word.lower() not in measures:
            raise BadRule(f"there is no measure {cut(word)}.{nearest(word.lower(), measures)}")
    return word.lower()


def read_filters(
    filters: Sequence[Filter | None], known: Mapping[str, Known | Compared], context: RuleContext
) -> dict[str, Any]:
    """The filters as they stand in the tree. Raises BadRuleText at the filter that is unknown, doubled or not valid."""
    node: dict[str, Any] = {}
    for each in filters:
        if each is None:
            continue
        with at(each.place):
            if (row := known.get(each.name)) is None:
                raise BadRule(f"there is no filter {cut(each.place)} here.{nearest(each.name, filter(None, known))}")
            if row.name in node:
                raise BadRule(f"{each.name or row.name} is said twice.")
            if isinstance(row, Compared):
                node[row.name] = read_comparison(each.said, row.kind, each.name, context, is_field=False)
                continue
            if each.said.spelling != row.spelling:
                raise BadRule(f"{each.name} goes with {readable(row.spelling)} only.")
        (value,) = each.said.values
        with at(value):
            node[row.name] = row.read(value, context)
    return node


def _days(token: Token, _: RuleContext) -> int:
    value = read_literal(token)
    if not isinstance(value, int) or not 1 <= value <= MAX_DAYS:
        raise BadRule(f"{value} is no number of days from 1 to {MAX_DAYS:,}.")
    return value


def _amount(token: Token, _: RuleContext) -> float:
    value = read_literal(token)
    if check_number(value, "text") < 0:
        raise BadRule(f"{value} is below 0.")
    return float(value)


def _text(token: Token, context: RuleContext) -> str:
    if token.type != "STRING":
        raise BadRule(f'texts are written in quotes: "{cut(token)}".')
    value = str(read_literal(token))
    check_text(value, context.fold, "text")
    return value


def _status(token: Token, _: RuleContext) -> str:
    return _one_of(str(read_literal(token)), STATUSES, "status")


def _state(token: Token, _: RuleContext) -> str:
    return _one_of(str(read_literal(token)).lower(), MESSAGE_STATES, "state of messages")


def read_channel(token: Token, context: RuleContext) -> str:
    """Raises BadRule."""
    return _one_of(str(read_literal(token)).lower(), tuple(context.channels), "channel")


def read_suppression_reason(token: Token, _: RuleContext) -> str:
    """Raises BadRule."""
    return _one_of(str(read_literal(token)).lower(), REASONS, "reason for a suppression")


def _one_of(value: str, known: Sequence[str], what: str) -> str:
    if value not in known:
        raise BadRule(f"there is no {what} {shown(value)}.{nearest(value, known)}")
    return value


def _event_type(token: Token, _: RuleContext) -> str:
    value = str(read_literal(token))
    if not re.fullmatch(EVENT_TYPE, value):
        raise BadRule(f"{shown(value)} is no type of events: lower-case letters, digits and _, such as cart_abandoned.")
    return value


def _reason(token: Token, _: RuleContext) -> str:
    value = str(read_literal(token))
    if not re.fullmatch(REASON, value):
        raise BadRule(f"{shown(value)} is no reason: letters, digits, and . : _ -, such as hard_bounce.")
    return value


def _campaign(token: Token, context: RuleContext) -> str:
    campaign_id = str(read_literal(token))
    if SURROGATE.search(campaign_id) or context.campaigns.find(campaign_id) is None:
        raise BadRule(f"there is no campaign with the id {shown(campaign_id)}.")
    return campaign_id


def _campaign_named(token: Token, context: RuleContext) -> str:
    """The id of the only campaign of that name."""
    name = str(read_literal(token))
    found = [] if SURROGATE.search(name) else context.campaigns.find_named(name)
    if not found:
        raise BadRule(f"there is no campaign named {shown(name)}.{nearest(name, context.campaigns.names())}")
    if len(found) > 1:
        ids = " or ".join(f'campaign id "{each.id}"' for each in found[:MAX_NAMESAKES])
        raise BadRule(f"{len(found)} campaigns are named {shown(name)}; say which one, by {ids}.")
    return found[0].id


LAST = Known("within_days", _days)
ORDER_FILTERS: Mapping[str, Known | Compared] = {
    "category": Known("category", _text),
    ITEMS.name: Compared("item", ITEMS.type),
    "status": Known("status", _status),
    "amount": Known("min_amount", _amount, ">= {}"),
    "last": LAST,
}
EVENT_FILTERS = {"": Known("type", _event_type), "type": Known("type", _event_type), "last": LAST}
MESSAGE_FILTERS = {
    "": Known("state", _state),
    "state": Known("state", _state),
    "channel": Known("channel", read_channel),
    "campaign": Known("campaign_id", _campaign_named),
    "campaign id": Known("campaign_id", _campaign),
    "tag": Known("tag", _text),
    "reason": Known("reason", _reason),
    "last": LAST,
}
"""By the name in the text; "" for what stands without one."""
