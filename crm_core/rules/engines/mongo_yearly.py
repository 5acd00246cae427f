"""Days of a year as MongoDB asks for them: of plain days by their text, of moments by a table of the years."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import zip_longest

from crm_core.rules.engines.mongo_ranges import Filter
from crm_core.rules.engines.mongo_years import by_year, years
from crm_core.rules.predicates import Yearly
from crm_core.rules.yearly import moments_in

MILLISECOND = timedelta(milliseconds=1)
NOWHERE = (0, 0)


def to_yearly(wanted: Yearly, path: str) -> Filter:
    days = "|".join(f"{month:02}-{day:02}" for month, day in sorted(wanted.days))
    return {"$or": [{path: {"$regex": rf"^\d{{4}}-(?:{days})$"}}, {"$expr": of_moments(wanted, f"${path}")}]}


def of_moments(wanted: Yearly, value: str) -> Filter:
    """Whether a value is a moment on one of these days, as an expression. value: its path."""
    tests = [
        {"$and": [{"$gte": ["$$ms", _at_place(starts)]}, {"$lt": ["$$ms", _at_place(ends)]}]}
        for starts, ends in _tables(wanted)
    ]
    return {"$cond": [{"$eq": [{"$type": value}, "date"]}, by_year(value, {"$or": tests}), False]}


def _at_place(table: tuple[int, ...]) -> Filter:
    return {"$arrayElemAt": [{"$literal": list(table)}, "$$place"]}


@lru_cache(maxsize=16)
def _tables(wanted: Yearly) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Where the first runs of each year in UTC begin and end, in ms since it began; the same of the second ones."""
    columns = zip_longest(*([*_runs(wanted, year)] for year in years()), fillvalue=NOWHERE)
    return [(tuple(start for start, _ in runs), tuple(end for _, end in runs)) for runs in columns]


def _runs(wanted: Yearly, year: int) -> Iterator[tuple[int, int]]:
    """What a year in UTC has of the runs of the year in the zone, and of those before and after it."""
    new_year, end = datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
    for near in (year - 1, year, year + 1):
        for first, last in moments_in(wanted, near):
            if first < end and last > new_year:
                yield (max(first, new_year) - new_year) // MILLISECOND, (min(last, end) - new_year) // MILLISECOND
