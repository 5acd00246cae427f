"""The part of a pipeline that looks up orders and events: one ``$lookup`` each, however many conditions use it."""

from crm_core.rules.binding import BoundRecords, Only
from crm_core.rules.engines.mongo_ranges import Filter, Stage, to_quotient_tests, to_range

AMOUNT = "$$each.amount_minor"
NET: Filter = {"$ifNull": ["$$each.net_minor", AMOUNT]}
TIMES = {"orders": "ordered_at", "events": "at"}


class RecordsPart:
    """Collects the figures that conditions need while a filter is made of them."""

    def __init__(self) -> None:
        self._figures: dict[str, list[Filter]] = {"orders": [], "events": []}
        self._names: list[str] = []

    @property
    def is_needed(self) -> bool:
        return bool(self._names)

    def filter(self, bound: BoundRecords) -> Filter:
        """A filter on the figure that the stages add to each customer."""
        name = f"_figure_{len(self._names)}"
        kept = {"$filter": {"input": f"$_{bound.records}", "as": "each", "cond": _counts(bound.only, bound.records)}}
        match bound.measure:
            case "count":
                figure: Filter = {"$size": kept}
            case "avg":
                figure = {"$map": {"input": kept, "as": "each", "in": NET}}
            case _:
                figure = {f"${bound.measure}": {"$map": {"input": kept, "as": "each", "in": NET}}}
        self._names.append(name)
        self._figures[bound.records].append({name: figure})
        if bound.measure != "avg":
            return {name: to_range(bound.predicate)}
        tests = to_quotient_tests(bound.predicate, {"$sum": f"${name}"}, {"$size": f"${name}"})
        return {f"{name}.0": {"$exists": True}, "$expr": {"$and": tests}}

    def stages(self) -> list[Stage]:
        """Filtering in an expression is several times faster than in a pipeline of the lookup."""
        stages: list[Stage] = []
        for records, figures in self._figures.items():
            if figures:
                source = {"from": records, "localField": "_id", "foreignField": "customer_id", "as": f"_{records}"}
                stages.append({"$lookup": source})
                stages.append({"$set": {name: figure for each in figures for name, figure in each.items()}})
                stages.append({"$unset": f"_{records}"})
        return stages

    def names(self) -> list[str]:
        """Of what the stages add, to be removed at the end."""
        return self._names


def _counts(only: Only, records: str) -> Filter:
    """Whether a record counts, as an expression. Ids and texts are literals, never paths."""
    tests: list[Filter] = []
    if records == "orders":
        tests.append({"$in": ["$$each.status", list(only.statuses)]})
    if only.type is not None:
        tests.append({"$eq": ["$$each.type", {"$literal": only.type}]})
    if only.category is not None:
        tests.append({"$eq": ["$$each.category_folded", {"$literal": only.category}]})
    if only.min_amount is not None:
        tests.append({"$gte": [AMOUNT, only.min_amount]})
    if only.window is not None:
        moment = f"$$each.{TIMES[records]}"
        tests += [{"$gte": [moment, only.window[0]]}, {"$lte": [moment, only.window[1]]}]
    return {"$and": tests}
