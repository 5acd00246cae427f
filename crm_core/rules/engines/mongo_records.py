"""The part of a pipeline that looks up orders, events and messages: one ``$lookup`` each, however many conditions use
it."""

from dataclasses import replace
from typing import Any, assert_never

from crm_core.rules.bound import BoundRecords, OnlyEvents, OnlyMessages, OnlyOrders, Window
from crm_core.rules.engines.mongo_expressions import to_any_expression, to_expression
from crm_core.rules.engines.mongo_predicates import to_filter
from crm_core.rules.engines.mongo_ranges import Filter, Stage, to_quotient_tests, to_range
from crm_core.rules.fields import ORDERED_AT, FieldType, micros_of
from crm_core.rules.predicates import Range
from crm_core.schema.message_states import MessageState, ranks_reaching, time_fields

EACH = "$$each"
AMOUNT = f"{EACH}.amount_minor"
NET: Filter = {"$ifNull": [f"{EACH}.net_minor", AMOUNT]}


class RecordsPart:
    """Collects the figures that conditions need while a filter is made of them."""

    def __init__(self) -> None:
        self._figures: dict[str, list[Filter]] = {}
        self._names: list[str] = []
        self._filters: dict[int, Filter] = {}

    def filter(self, bound: BoundRecords) -> Filter:
        """A filter on the figure that the stages add to each customer; of one condition always the same."""
        if id(bound) not in self._filters:  # the tree lives as long as this does
            self._filters[id(bound)] = self._filter(bound)
        return self._filters[id(bound)]

    def _filter(self, bound: BoundRecords) -> Filter:
        name = f"_figure_{len(self._names)}"
        collection, counts = _chosen(bound.only)
        kept = {"$filter": {"input": f"$_{collection}", "as": "each", "cond": counts}}
        number = _number(bound.only)
        numbers: Filter = {"$map": {"input": kept, "as": "each", "in": number}}
        match bound.measure:
            case "count":
                figure: Filter = {"$size": kept}
            case "avg":
                figure = numbers
            case "first" | "last" if isinstance(bound.only, OnlyOrders):
                moments = {"$map": {"input": kept, "as": "each", "in": f"{EACH}.{ORDERED_AT.path}"}}
                figure = {"$min" if bound.measure == "first" else "$max": moments}
            case "last":
                moments = {"$map": {"input": kept, "as": "each", "in": {"at": f"{EACH}.at", "number": number}}}
                figure = {"$getField": {"field": "number", "input": {"$max": moments}}}
            case _:
                figure = {f"${bound.measure}": numbers}
        self._names.append(name)
        self._figures.setdefault(collection, []).append({name: figure})
        if bound.type is FieldType.DATE:
            return to_filter(bound.predicate, replace(ORDERED_AT, path=name))
        assert isinstance(bound.predicate, Range)
        if bound.measure != "avg":
            return {name: to_range(bound.predicate)}
        tests = to_quotient_tests(bound.predicate, {"$sum": f"${name}"}, {"$size": f"${name}"})
        return {f"{name}.0": {"$exists": True}, "$expr": {"$and": tests}}

    def stages(self) -> list[Stage]:
        """Filtering in an expression is several times faster than in a pipeline of the lookup."""
        stages: list[Stage] = []
        for collection, figures in self._figures.items():
            source = {"from": collection, "localField": "_id", "foreignField": "customer_id", "as": f"_{collection}"}
            stages.append({"$lookup": source})
            stages.append({"$set": {name: figure for each in figures for name, figure in each.items()}})
            stages.append({"$unset": f"_{collection}"})
        return stages

    def names(self) -> list[str]:
        """Of what the stages add, to be removed at the end."""
        return self._names


def reached_at(state: MessageState, message: str) -> Filter:
    """When a message reached ``state``, as an expression. message: its path, such as ``$$each`` or ``$``."""
    prefix = message if message == "$" else f"{message}."
    paths = [[f"{prefix}{name}" for name in names] for names in time_fields(state)]
    return {"$ifNull": [each[0] if len(each) == 1 else {"$min": each} for each in paths]}


def _chosen(only: OnlyOrders | OnlyEvents | OnlyMessages) -> tuple[str, Filter]:
    """The collection of the records, and whether one counts, as an expression. Ids and texts are literals, never
    paths."""
    match only:
        case OnlyOrders():
            return "orders", _all(_order_tests(only), f"{EACH}.{ORDERED_AT.path}", only.window)
        case OnlyEvents():
            tests = [_equals("type", only.type), *(to_expression(each, EACH) for each in only.properties)]
            if only.figure is not None:
                tests.append({"$isNumber": _number(only)})
            return "events", _all(tests, f"{EACH}.at", only.window)
        case OnlyMessages():
            tests = [{"$in": [f"{EACH}.rank", list(ranks_reaching(only.state))]}]
            if only.channel is not None:
                tests.append(_equals("channel", only.channel))
            if only.campaigns is not None:
                tests.append({"$in": [f"{EACH}.campaign_id", {"$literal": sorted(only.campaigns)}]})
            if only.reason is not None:
                tests.append(_equals("reason", only.reason))
            return "messages", _all(tests, reached_at(only.state, EACH), only.window)
        case _:
            assert_never(only)


def _order_tests(only: OnlyOrders) -> list[Filter]:
    tests: list[Filter] = [{"$in": [f"{EACH}.status", list(only.statuses)]}]
    if only.category is not None:
        tests.append(_equals("category_folded", only.category))
    if only.min_amount is not None:
        tests.append({"$gte": [AMOUNT, only.min_amount]})
    if only.item is not None:
        tests.append(to_any_expression(only.item, EACH))
    return tests


def _number(only: OnlyOrders | OnlyEvents | OnlyMessages) -> Any:
    """What is measured of a record."""
    if isinstance(only, OnlyEvents) and only.figure is not None:
        return f"{EACH}.{micros_of(only.figure).path}"
    return NET


def _equals(name: str, value: str) -> Filter:
    return {"$eq": [f"{EACH}.{name}", {"$literal": value}]}


def _all(tests: list[Filter], moment: str | Filter, window: Window | None) -> Filter:
    if window is not None:
        tests = [*tests, {"$gte": [moment, window[0]]}, {"$lte": [moment, window[1]]}]
    return {"$and": tests}
