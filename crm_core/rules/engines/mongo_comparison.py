"""A field against another one, as an expression over each customer."""

from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from itertools import zip_longest
from typing import Any, Final

from crm_core.rules.bound import BoundComparison
from crm_core.rules.clock_shifts import shifts_in
from crm_core.rules.engines.mongo_ranges import Filter
from crm_core.rules.engines.mongo_years import by_year, years
from crm_core.rules.fields import CustomerField, FieldType
from crm_core.rules.values import MAX_NUMBER

DAY_MS = 86_400_000
MILLISECOND = timedelta(milliseconds=1)
TESTS: Final = {"<": "$lt", "<=": "$lte", ">": "$gt", ">=": "$gte", "=": "$eq"}
Expression = Any


def to_comparison(bound: BoundComparison) -> Filter:
    """Missing values are null, which is compared with nothing."""
    one, other = (_value(found, bound.zone) for found in (bound.field, bound.other))
    are_there = [{"$ne": ["$$one", None]}, {"$ne": ["$$other", None]}]
    test = {TESTS[bound.relation]: _sides(bound)}
    return {"$expr": {"$let": {"vars": {"one": one, "other": other}, "in": {"$and": [*are_there, test]}}}}


def _sides(bound: BoundComparison) -> list[Expression]:
    """An average is a sum of its count: the other side is multiplied, since a quotient may have no end."""
    count = {"$toDecimal": "$order_count"}
    if bound.field.is_average:
        return ["$$one", {"$multiply": ["$$other", count]}]
    if bound.other.is_average:
        return [{"$multiply": ["$$one", count]}, "$$other"]
    return ["$$one", "$$other"]


def _value(found: CustomerField, zone: tzinfo) -> Expression:
    path = f"${found.path}"
    if found.is_average:
        return {"$cond": [{"$gt": ["$order_count", 0]}, {"$toDecimal": "$total_spend_minor"}, None]}
    match found.type:
        case FieldType.DATE:
            return _day(path, zone)
        case FieldType.TEXT:
            is_text = {"$and": [{"$eq": [{"$type": path}, "string"]}, {"$ne": [path, ""]}]}
            return {"$cond": [is_text, path, None]}
        case _:
            number = path if found.is_whole else {"$max": [-MAX_NUMBER, {"$min": [MAX_NUMBER, path]}]}
            return {"$cond": [{"$isNumber": path}, number, None]}


def _day(path: str, zone: tzinfo) -> Expression:
    """As days since 1970: of a moment by the clocks of the zone, of a plain day by its text."""
    moment = {"$floor": {"$divide": [{"$add": [{"$toLong": path}, _shift(path, zone)]}, DAY_MS]}}
    plain = {"$divide": [{"$toLong": {"$dateFromString": {"dateString": path, "format": "%Y-%m-%d"}}}, DAY_MS]}
    kinds = [
        {"case": {"$eq": [{"$type": path}, "date"]}, "then": moment},
        {"case": {"$eq": [{"$type": path}, "string"]}, "then": plain},
    ]
    return {"$switch": {"branches": kinds, "default": None}}


def _shift(path: str, zone: tzinfo) -> Expression:
    """How far to move a moment, in ms: by the year, and by the changes of the clocks within it."""
    first, *changes = _tables(zone)
    if not changes and len({shift for _, shift in first}) == 1:
        return first[0][1]
    shift: Expression = {"$arrayElemAt": [{"$literal": [each for _, each in first]}, "$$place"]}
    for table in changes:
        starts, sizes = ({"$arrayElemAt": [{"$literal": list(row)}, "$$place"]} for row in zip(*table, strict=True))
        shift = {"$cond": [{"$gte": ["$$ms", starts]}, sizes, shift]}
    return by_year(path, shift)


@lru_cache(maxsize=8)
def _tables(zone: tzinfo) -> list[tuple[tuple[int, int], ...]]:
    """The first shifts of each year in UTC, then the second ones and so on: from which ms of the year on, and its size.
    Where a year has no more, the ms never comes."""
    rows = [[*_changes(zone, year)] for year in years()]
    return [*zip_longest(*rows, fillvalue=(400 * DAY_MS, 0))]


def _changes(zone: tzinfo, year: int) -> list[tuple[int, int]]:
    new_year = datetime(year, 1, 1, tzinfo=UTC)
    return [((start - new_year) // MILLISECOND, shift // MILLISECOND) for start, shift in shifts_in(zone, year)]
