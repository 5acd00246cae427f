"""Percent ranks found in the plainest way, and held against those of MongoDB and of the snapshot."""

from collections.abc import Sequence
from decimal import Decimal
from math import ceil

from crm_core.rules.context import Rank, RankSource
from crm_core.rules.engines.single import Record, read_value
from crm_core.rules.fields import CustomerField

LIMIT = 10**15


class MemoryRanks:
    """Of customers as stored."""

    def __init__(self, customers: Sequence[Record]) -> None:
        self._customers = customers

    def threshold(self, found: CustomerField, percent: Decimal, *, is_top: bool) -> Rank | None:
        read = (read_value(found, each) for each in self._customers)
        values = sorted((value for value in read if value is not None), reverse=is_top)
        if not values:
            return None
        value: Rank = values[ceil(percent * len(values) / 100) - 1]
        return value if found.is_whole else max(-LIMIT, min(value, LIMIT))


class AgreedRanks:
    """The first source's, which all others must have as well."""

    def __init__(self, first: RankSource, *others: RankSource) -> None:
        self._first = first
        self._others = others

    def threshold(self, found: CustomerField, percent: Decimal, *, is_top: bool) -> Rank | None:
        value = self._first.threshold(found, percent, is_top=is_top)
        for other in self._others:
            theirs = other.threshold(found, percent, is_top=is_top)
            is_unknown = theirs is None and not found.is_held
            assert theirs == value or is_unknown, (other, found.name, percent, is_top, theirs, value)
        return value
