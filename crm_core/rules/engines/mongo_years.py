"""What depends on the year of a moment, in MongoDB: looked up in tables that have a row a year.

Its own time zones are those of another release, and where a day begins twice it takes the other midnight.
"""

from typing import Any

from crm_core.rules.engines.mongo_ranges import Filter

FIRST, REPEATED, END = 1900, 2100, 2500
"""The calendar repeats itself every 400 years, and so do the clocks' changes by then."""


def years() -> range:
    """Of the rows, in UTC."""
    return range(FIRST, END)


def by_year(value: str, expression: Any) -> Filter:
    """With ``$$place``, the row of the year that a moment is in, and ``$$ms``, how long that has lasted."""
    repeated = {"$add": [REPEATED, {"$mod": [{"$subtract": ["$$year", REPEATED]}, END - REPEATED]}]}
    place = {"$subtract": [{"$cond": [{"$lt": ["$$year", REPEATED]}, "$$year", repeated]}, FIRST]}
    ms = {"$subtract": [value, {"$dateFromParts": {"year": "$$year"}}]}
    within = {"$let": {"vars": {"place": place, "ms": ms}, "in": expression}}
    return {"$let": {"vars": {"year": {"$year": value}}, "in": within}}
