"""What the fit needs of each customer, computed in MongoDB: when they ordered, how often, and for how much.

Orders of one day in the workspace's time zone are one purchase. Those that count nowhere are left out; a return lowers
what was spent, and is no purchase.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from crm_core.customers.totals import COUNTED, NET, orders_only
from crm_core.infra.mongo import Db, Doc, translated
from crm_core.predictions.observed import EPOCH, Period, Purchases
from crm_core.schema.statuses import ORDER_STATUSES

CHUNK = 20_000
_FIELDS = ("days", "first", "last", "net", "known_days", "known_last", "known_net")


class PurchaseReader:
    """zone: of the days."""

    def __init__(self, db: Db, zone: ZoneInfo) -> None:
        self._orders = db.orders
        self._zone = zone
        midnight = datetime(EPOCH.year, EPOCH.month, EPOCH.day, tzinfo=zone)
        self._day: Doc = {
            "$dateDiff": {"startDate": midnight, "endDate": "$ordered_at", "unit": "day", "timezone": str(zone)}
        }

    def span(self) -> tuple[int, int] | None:
        """The first and the last day with an order; None without any."""
        wanted = {"status": {"$in": list(ORDER_STATUSES)}}
        with translated():
            ends = [
                next(iter(self._orders.find(wanted, {"ordered_at": 1}).sort("ordered_at", order).limit(1)), None)
                for order in (1, -1)
            ]
        days = [self._number(end["ordered_at"]) for end in ends if end]
        return (days[0], days[1]) if days else None

    def read(self, period: Period, progress: Callable[[], None]) -> Purchases:
        """Of everybody. progress: called now and then. Raises Unavailable."""
        columns: list[list[Any]] = [[] for _ in _FIELDS]
        stages = [*self._stages({}, period.split), {"$project": {"_id": 0, **dict.fromkeys(_FIELDS, 1)}}]
        with translated(), self._orders.aggregate(stages, allowDiskUse=True, batchSize=CHUNK) as rows:
            for chunk in _chunks(rows):
                progress()
                for column, name in zip(columns, _FIELDS, strict=True):
                    column.append(np.array([row.get(name) or 0 for row in chunk], dtype=np.int64))
        return Purchases(*(np.concatenate(column) if column else np.empty(0, np.int64) for column in columns))

    def of_customers(self, ids: Sequence[str], end: int) -> list[Doc]:
        """Those among these customers who have orders up to a day: ``_id`` with days, first, last and net."""
        until = self.moment(end + 1)
        with translated():
            query: Doc = {"customer_id": {"$in": list(ids)}, "ordered_at": {"$lt": until}}
            return list(self._orders.aggregate(self._stages(query, None), batchSize=len(ids)))

    def moment(self, day: int) -> datetime:
        """When a day begins."""
        begins = EPOCH + timedelta(days=day)
        return datetime(begins.year, begins.month, begins.day, tzinfo=self._zone)

    def _number(self, moment: datetime) -> int:
        return (moment.astimezone(self._zone).date() - EPOCH).days

    def _stages(self, query: Doc, split: int | None) -> list[Doc]:
        group: Doc = {"_id": "$customer_id", "on": {"$addToSet": _purchase(self._day)}, "net": {"$sum": NET}}
        shown: Doc = {"days": {"$size": "$on"}, "first": {"$min": "$on"}, "last": {"$max": "$on"}, "net": 1}
        if split is not None:
            is_known = {"$lt": ["$ordered_at", self.moment(split)]}
            group["known_net"] = {"$sum": {"$cond": [is_known, NET, 0]}}
            shown |= {"known": {"$filter": {"input": "$on", "cond": {"$lt": ["$$this", split]}}}, "known_net": 1}
        stages = [
            {"$match": {**COUNTED, **query}},
            {"$group": group},
            {"$project": shown},
            {"$match": {"days": {"$gt": 0}}},
        ]
        if split is not None:
            stages.append({"$set": {"known_days": {"$size": "$known"}, "known_last": {"$max": "$known"}}})
        return stages


def _purchase(day: Doc) -> Doc:
    """A return adds no day."""
    return {"$ifNull": [orders_only(day), "$$REMOVE"]}


def _chunks(rows: Any) -> Iterator[list[Doc]]:
    while chunk := rows.to_list(CHUNK):
        yield chunk
