"""Customers by the values of a field, and what each group of them brings in."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from crm_core.insights.charts import RankedBars
from crm_core.insights.facts import Facts, exact_sums
from crm_core.insights.frame import Column, Row, Unit, share
from crm_core.insights.grouping import NONE, REST, YES, ranked_groups, values_of
from crm_core.insights.question import Asked, OfField, OfSegment, Question, Taken, Topic, Whole
from crm_core.rules.fields import FieldType


def _answer(facts: Facts, asked: Asked) -> list[Row]:
    groups: dict[str | None, list[int]] = {}
    total = 0
    for part in facts.parts:
        people = np.flatnonzero(part.people)
        total += people.size
        codes, values = values_of(part, asked.values["field"])
        places = codes[people].astype(np.int64) + 1
        size = len(values) + 1
        figures = [np.bincount(places, minlength=size)]
        for name in ("order_count", "total_spend"):
            figures.append(exact_sums(places, part.column(name).values[people].astype(np.int64), size))
        for place, value in enumerate([(), *values]):
            for entry in value or (None,):
                kept = groups.setdefault(entry, [0, 0, 0])
                groups[entry] = [one + int(column[place]) for one, column in zip(kept, figures, strict=True)]
    return [_row(*found, total) for found in ranked_groups(groups, asked.values["most"])]


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
    topic=Topic.CUSTOMERS,
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
