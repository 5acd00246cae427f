"""Customers by the values of a field, and what each group of them brings in."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from crm_core.insights.charts import RankedBars
from crm_core.insights.facts import FactPart, Facts, exact_sums
from crm_core.insights.frame import Column, Row, Unit, share
from crm_core.insights.question import Asked, OfField, OfSegment, Question, Taken, Whole
from crm_core.rules.engines.columns import Coded
from crm_core.rules.fields import FieldType

YES, NO = "Yes", "No"
VALUE, REST, NONE = "value", "rest", "none"
"""What a row is of: one value, all that are not shown, or customers without one."""


def _answer(facts: Facts, asked: Asked) -> list[Row]:
    groups: dict[Any, list[int]] = {}
    total = 0
    for part in facts.parts:
        total += int(np.count_nonzero(part.people))
        for value, counts in _groups(part, asked.values["field"]):
            kept = groups.setdefault(value, [0, 0, 0])
            groups[value] = [one + other for one, other in zip(kept, counts, strict=True)]
    groups = {value: counts for value, counts in groups.items() if counts[0]}
    without = groups.pop(None, None)
    ranked = sorted(groups.items(), key=lambda entry: (-entry[1][0], str(entry[0])))
    most: int = asked.values["most"]
    shown: list[tuple[Any, list[int]]] = ranked[:most]
    rows = [_row(VALUE, _word(value), counts, total) for value, counts in shown]
    if rest := ranked[most:]:
        summed = [sum(column) for column in zip(*(counts for _, counts in rest), strict=True)]
        rows.append(_row(REST, f"{len(rest):,} other values", summed, total))
    if without:
        rows.append(_row(NONE, "No value", without, total))
    return rows


def _row(kind: str, value: str, counts: list[int], total: int) -> Row:
    customers, orders, spend = counts
    return {
        "kind": kind,
        "value": value,
        "customers": customers,
        "share": share(customers, total),
        "orders": orders,
        "spend": spend,
        "average": round(spend / customers) if customers else None,
    }


def _groups(part: FactPart, name: str) -> list[tuple[Any, tuple[int, int, int]]]:
    """By value: customers, their orders, and what they have spent. One with several values counts for each."""
    column = part.shard.columns.fields[name]
    people = np.flatnonzero(part.people)
    assert isinstance(column, Coded)
    values = list(column.values)
    places = column.codes[people].astype(np.int64) + 1
    customers = np.bincount(places, minlength=len(values) + 1)
    orders, spend = (exact_sums(places, part.column(each).values[people].astype(np.int64), len(values) + 1)
                     for each in ("order_count", "total_spend"))  # fmt: skip
    found = []
    for value, *counts in zip([None, *values], customers, orders, spend, strict=True):
        figures = int(counts[0]), int(counts[1]), int(counts[2])
        entries = dict.fromkeys(value) if isinstance(value, tuple) else (value,)
        found += [(entry, figures) for entry in entries or (None,)]
    return found


def _word(value: Any) -> str:
    return (YES if value else NO) if isinstance(value, bool) else str(value)


def _rule(row: Row, taken: Taken) -> Sequence[Mapping[str, Any]]:
    field = taken.field
    if field is None or row["kind"] == REST:
        return []
    asked: Mapping[str, Any]
    if row["kind"] == NONE:
        asked = {"op": "is_not_set"}
    elif field.type is FieldType.LIST:
        asked = {"op": "has_any", "value": [row["value"]]}
    elif field.type is FieldType.BOOLEAN:
        asked = {"op": "is", "value": row["value"] == YES}
    else:
        asked = {"op": "eq", "value": row["value"]}
    return [{"kind": "field", "field": field.name, **asked}]


BREAKDOWN = Question(
    name="breakdown",
    title="Breakdown by a field",
    definition=(
        "Customers by the values of a field, without regard to case, those that most have first; beyond that they are "
        "one row. Somebody with several values, as of tags, counts for each, so that shares can add up to more than "
        "100 %. Orders and spend are all of these customers' own, ever."
    ),
    columns=(
        Column("kind", "Kind of row", Unit.TEXT),
        Column("value", "Value", Unit.TEXT),
        Column("customers", "Customers", Unit.COUNT),
        Column("share", "Of all", Unit.SHARE),
        Column("orders", "Orders", Unit.COUNT),
        Column("spend", "Spend", Unit.MONEY),
        Column("average", "Spend a customer", Unit.MONEY),
    ),
    answer=_answer,
    chart=RankedBars("value", "customers"),
    parameters=(
        OfField((FieldType.TEXT, FieldType.LIST, FieldType.BOOLEAN), "city"),
        Whole("most", "Values shown", 15, 1, 200),
        OfSegment(),
    ),
    rule=_rule,
)
