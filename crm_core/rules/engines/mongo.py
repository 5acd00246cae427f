"""The MongoDB engine: a bound rule as an aggregation pipeline over ``customers``."""

from collections.abc import Sequence
from typing import assert_never

from crm_core.rules.bound import (
    Bound,
    BoundComparison,
    BoundField,
    BoundGroup,
    BoundList,
    BoundReach,
    BoundRecords,
    BoundSegment,
    OnlyOrders,
)
from crm_core.rules.engines.mongo_comparison import to_comparison
from crm_core.rules.engines.mongo_predicates import to_filter
from crm_core.rules.engines.mongo_ranges import Filter, Stage, to_quotient_tests
from crm_core.rules.engines.mongo_reach import ReachPart, implied_by_reach
from crm_core.rules.engines.mongo_records import RecordsPart
from crm_core.rules.fields import ATTRIBUTES, FieldType
from crm_core.rules.predicates import (
    Predicate,
    Range,
)
from crm_core.rules.tree import DATE_MEASURES, ReachRule
from crm_core.schema.statuses import ORDER_STATUSES

EVERYBODY: Filter = {}
NOBODY: Filter = {"_id": {"$in": []}}


class _Parts:
    """What is looked up for the conditions of a rule."""

    def __init__(self) -> None:
        self.records, self.reach = RecordsPart(), ReachPart()

    def names(self) -> list[str]:
        """Of what the stages add, to be removed at the end."""
        return [*self.records.names(), *self.reach.names()]


def to_mongo(bound: Bound) -> list[Stage]:
    """The stages whose output is exactly the customers that match, in the order in which they come in.

    Conditions on fields come first, where they can use indexes: also what conditions on orders imply for the fields
    that follow from orders. Records are looked up for the survivors only, once each; then, for those who are left, who
    is reached, which takes longer. No stage holds all customers at once, and none needs more than ``$lookup``, so the
    pipeline runs on a sharded cluster.
    """
    parts = _Parts()
    exact = _exact(bound, parts)
    records, reach = parts.records.stages(), parts.reach.stages()
    if not records and not reach:
        return [{"$match": exact}]
    stages = [*_matching(_estimate(bound, above=True)), *records]
    if records and reach:
        stages += _matching(_estimate(bound, above=True, known=parts))
    return [*stages, *reach, {"$match": exact}, {"$unset": parts.names()}]


def _matching(wanted: Filter) -> list[Stage]:
    return [{"$match": wanted}] if wanted else []


def to_mongo_unordered(bound: Bound, before: Sequence[Stage] = ()) -> list[Stage]:
    """The same in any order, behind the stages ``before``, and faster where conditions on fields alone make customers
    match: of these nothing is looked up.

    It reads the customers twice: at one moment, or who changes meanwhile may be in both readings, or in none.
    """
    stages, sure = to_mongo(bound), _estimate(bound, above=False)
    if len(stages) == 1 or sure == NOBODY:
        return [*before, *stages]
    others = [*before, {"$match": {"$nor": [sure]}}, *stages]
    return [*before, {"$match": sure}, {"$unionWith": {"coll": "customers", "pipeline": others}}]


def _exact(bound: Bound, parts: _Parts) -> Filter:
    match bound:
        case BoundField():
            return _field(bound)
        case BoundComparison():
            return _signed(to_comparison(bound), bound.operator.is_negative)
        case BoundRecords():
            return _signed(parts.records.filter(bound), bound.operator.is_negative)
        case BoundReach():
            return parts.reach.filter(bound)
        case BoundList():
            return {"_id": {"$in": list(bound.rule.customer_ids)}}
        case BoundSegment():
            return _exact(bound.child, parts)
        case BoundGroup():
            return _join(bound.rule.kind, [_exact(child, parts) for child in bound.children])
        case _:
            assert_never(bound)


def _estimate(bound: Bound, *, above: bool, known: _Parts | None = None) -> Filter:
    """A filter on fields alone that lets everybody through who matches (above), or nobody who does not.

    A group of ``none`` turns the one into the other. known: where the figures over records are that were looked up.
    """
    match bound:
        case BoundRecords() if known is None:
            return _implied(bound) if above and not bound.operator.is_negative else (EVERYBODY if above else NOBODY)
        case BoundReach():
            is_said = above and isinstance(bound.rule, ReachRule)
            return {"$and": implied_by_reach(bound)} if is_said else (EVERYBODY if above else NOBODY)
        case BoundSegment():
            return _estimate(bound.child, above=above, known=known)
        case BoundGroup():
            inner = above if bound.rule.kind != "none" else not above
            children = [_estimate(child, above=inner, known=known) for child in bound.children]
            return _simplified(bound.rule.kind, children)
        case _:
            return _exact(bound, known or _Parts())


def _implied(bound: BoundRecords) -> Filter:
    """What a match implies for the totals that follow from orders, if it needs an order that counts among these.

    Nothing for the total spend: refunds and returns beside those that are asked for may have lowered it.
    Source: ``crm_core.customers.totals``; one transaction writes an order and the totals.
    """
    only = bound.only
    if not isinstance(only, OnlyOrders) or only.statuses[0] not in ORDER_STATUSES or not _needs_a_record(bound):
        return EVERYBODY
    parts: list[Filter] = [{"last_order_at": {"$gte": only.window[0]} if only.window else {"$type": "date"}}]
    if only.category is not None:
        parts.append({"folded.categories": only.category})
    if isinstance(bound.predicate, Range):
        parts += _implied_by_range(bound.measure, bound.predicate)
    return {"$and": parts}


def _implied_by_range(measure: str, wanted: Range) -> list[Filter]:
    """Of a number of orders; of the time of one, which is neither before the first nor after the last of all."""
    if measure == "count":
        return [{"order_count": {"$gte": wanted.low}}]
    if measure not in DATE_MEASURES:
        return []
    since = [] if wanted.low is None else [{"last_order_at": {"$gte": wanted.low}}]
    return since + ([] if wanted.high is None else [{"first_order_at": {"$lte": wanted.high}}])


def _needs_a_record(bound: BoundRecords) -> bool:
    """Whether nobody without such a record matches: a count or a sum of nothing is 0, other figures are missing."""
    if bound.measure in {"avg", "max", "min", *DATE_MEASURES}:
        return True
    assert isinstance(bound.predicate, Range)
    low = bound.predicate.low
    return low is not None and low > 0  # type: ignore[operator]


def _field(bound: BoundField) -> Filter:
    if bound.field.is_average:
        return _signed(_average(bound.predicate), bound.operator.is_negative)
    found = to_filter(bound.predicate, bound.field)
    if bound.field.group == ATTRIBUTES:
        found = {"$and": [found, {bound.field.path: _type_guard(bound.field.type)}]}
    return _signed(found, bound.operator.is_negative)


def _type_guard(kind: FieldType) -> Filter:
    """A custom attribute may hold a value of another type at some customers. A text is not to be found in a list, nor
    a list to be taken for a text; MongoDB tells all other types apart by itself."""
    return {"$type": "array"} if kind is FieldType.LIST else {"$not": {"$type": "array"}}


def _average(predicate: Predicate) -> Filter:
    """Nobody without an order has an average."""
    if not isinstance(predicate, Range):
        return {"order_count": {"$gt": 0}}
    tests = to_quotient_tests(predicate, "$total_spend_minor", "$order_count")
    return {"order_count": {"$gt": 0}, "$expr": {"$and": tests}}


def _signed(positive: Filter, is_negative: bool) -> Filter:
    return {"$nor": [positive]} if is_negative else positive


def _join(kind: str, children: list[Filter]) -> Filter:
    match kind:
        case "all":
            return {"$and": children} if children else EVERYBODY
        case "any":
            return {"$or": children} if children else NOBODY
        case _:
            return {"$nor": children} if children else EVERYBODY


def _simplified(kind: str, children: list[Filter]) -> Filter:
    """The same without the parts that say nothing."""
    match kind:
        case "all":
            if NOBODY in children:
                return NOBODY
            return _join("all", [child for child in children if child != EVERYBODY])
        case "any":
            if EVERYBODY in children:
                return EVERYBODY
            return _join("any", [child for child in children if child != NOBODY])
        case _:
            if EVERYBODY in children:
                return NOBODY
            return _join("none", [child for child in children if child != NOBODY])
