"""What insights answer."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from typing_extensions import TypedDict

from crm_core.insights.frame import Unit
from crm_core.insights.question import Question


class InsightColumn(TypedDict):
    """unit: the workspace's currency for money; else text, count, share (from 0 to 1), day, month (its first day),
    days, weekday (Monday is 0), hour or number."""

    id: str
    title: str
    unit: str


class InsightHead(TypedDict):
    """A question that can be asked, and what its answer consists of."""

    name: str
    title: str
    definition: str
    columns: list[InsightColumn]


class Insight(InsightHead):
    """rows: values by the id of their column, null where there is none, as for a share of nothing. as_of: what they
    show was true then. parameters: as they were taken, also those that were not sent."""

    as_of: datetime
    parameters: dict[str, str]
    rows: list[dict[str, Any]]


_TYPES: Mapping[Unit, Any] = {
    Unit.TEXT: str,
    **dict.fromkeys((Unit.COUNT, Unit.DAYS, Unit.WEEKDAY, Unit.HOUR), int),
    **dict.fromkeys((Unit.MONEY, Unit.SHARE, Unit.NUMBER), float),
    **dict.fromkeys((Unit.DAY, Unit.MONTH), date),
}


def answer_of(question: Question) -> Any:
    """The type of the answer to one question, with its own columns, for the documentation."""
    name = "".join(part.capitalize() for part in question.name.split("_"))
    row: Any = TypedDict(f"{name}Row", {each.id: _TYPES[each.unit] | None for each in question.columns})  # type: ignore[misc]
    row.__doc__ = f"A row of {question.title!r}."
    fields = {**Insight.__annotations__, **InsightHead.__annotations__, "rows": list[row]}
    answer: Any = TypedDict(name, fields)  # type: ignore[misc]
    answer.__doc__ = Insight.__doc__
    return answer


class ListedInsight(InsightHead):
    """url: where it is asked."""

    url: str


class InsightList(TypedDict):
    """All of them: they are few, and come in one answer."""

    insights: list[ListedInsight]
