"""What insights answer."""

from datetime import datetime
from typing import Any

from typing_extensions import TypedDict


class InsightColumn(TypedDict):
    """unit: the workspace's currency for money; else text, count, share (from 0 to 1), day, month (its first day),
    days, weekday (Monday is 0), hour or number."""

    id: str
    title: str
    unit: str


class InsightHead(TypedDict):
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


class ListedInsight(InsightHead):
    url: str


class InsightList(TypedDict):
    items: list[ListedInsight]
