"""Customers by the values of a field: what each stands for, and which groups are shown."""

from collections.abc import Mapping, Sequence
from typing import Any

from numpy.typing import NDArray

from crm_core.insights.facts import FactPart
from crm_core.rules.engines.columns import Coded

YES, NO = "Yes", "No"
VALUE, REST, NONE = "value", "rest", "none"
"""What a row is of: one value, all that are not shown, or customers without one."""


def values_of(part: FactPart, name: str) -> tuple[NDArray[Any], Sequence[Sequence[str]]]:
    """Codes by row, -1 for none, and the words that each code stands for: of a list all that are in it."""
    column = part.shard.columns.fields[name]
    assert isinstance(column, Coded)
    return column.codes, [_words(value) for value in column.values]


def ranked_groups(groups: Mapping[str | None, list[int]], most: int) -> list[tuple[str, str, list[int]]]:
    """Kind, words and figures of each: those with most first, the others as one, and last those without a value."""
    known = {value: counts for value, counts in groups.items() if counts[0]}
    without = known.pop(None, None)
    ranked = sorted(known.items(), key=lambda entry: (-entry[1][0], str(entry[0])))
    rows = [(VALUE, str(value), counts) for value, counts in ranked[:most]]
    if rest := ranked[most:]:
        rows.append(
            (REST, f"{len(rest):,} other values", [sum(column) for column in zip(*(c for _, c in rest), strict=True)])
        )
    if without:
        rows.append((NONE, "No value", without))
    return rows


def _words(value: Any) -> Sequence[str]:
    if isinstance(value, bool):
        return (YES if value else NO,)
    return tuple(dict.fromkeys(map(str, value))) if isinstance(value, tuple) else (str(value),)
