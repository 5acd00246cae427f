"""Days of a year as MongoDB asks for them: of plain days by their text, of moments by a table of the years.

Its own time zones are those of another release, and where a day begins twice it takes the other midnight.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import zip_longest

from crm_core.rules.engines.mongo_ranges import Filter
from crm_core.rules.predicates import Yearly
from crm_core.rules.yearly import moments_in

FIRST, REPEATED, END = 1900, 2100, 2500
"""The calendar repeats itself every 400 years, and so do the clocks' changes by then."""
MILLISECOND = timedelta(milliseconds=1)
NOWHERE = (0, 0)


def to_yearly(wanted: Yearly, path: str) -> Filter:
    days = "|".join(f"{month:02}-{day:02}" for month, day in sorted(wanted.days))
    return {"$or": [{path: {"$regex": rf"^\d{{4}}-(?:{days})$"}}, {"$expr": _of_moments(wanted, f"${path}")}]}


def _of_moments(wanted: Yearly, value: str) -> Filter:
    year = {"$year": value}
    repeated = {"$add": [REPEATED, {"$mod": [{"$subtract": ["$$year", REPEATED]}, END - REPEATED]}]}
    place = {"$subtract": [{"$cond": [{"$lt": ["$$year", REPEATED]}, "$$year", repeated]}, FIRST]}
    ms = {"$subtract": [value, {"$dateFromParts": {"year": "$$year"}}]}
    tests = [
        {"$and": [{"$gte": ["$$ms", _at_place(starts)]}, {"$lt": ["$$ms", _at_place(ends)]}]}
        for starts, ends in _tables(wanted)
    ]
    within = {"$let": {"vars": {"place": place, "ms": ms}, "in": {"$or": tests}}}
    return {"$cond": [{"$eq": [{"$type": value}, "date"]}, {"$let": {"vars": {"year": year}, "in": within}}, False]}


def _at_place(table: tuple[int, ...]) -> Filter:
    return {"$arrayElemAt": [{"$literal": list(table)}, "$$place"]}


@lru_cache(maxsize=16)
def _tables(wanted: Yearly) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Where the first runs of each year in UTC begin and end, in ms since it began; the same of the second ones."""
    by_year = [[*_runs(wanted, year)] for year in range(FIRST, END)]
    columns = zip_longest(*by_year, fillvalue=NOWHERE)
    return [(tuple(start for start, _ in runs), tuple(end for _, end in runs)) for runs in columns]


def _runs(wanted: Yearly, year: int) -> Iterator[tuple[int, int]]:
    """What a year in UTC has of the runs of the year in the zone, and of those before and after it."""
    new_year, end = datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
    for near in (year - 1, year, year + 1):
        for first, last in moments_in(wanted, near):
            if first < end and last > new_year:
                yield (max(first, new_year) - new_year) // MILLISECOND, (min(last, end) - new_year) // MILLISECOND
