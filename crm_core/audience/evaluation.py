"""Runs a rule in MongoDB: how many customers match, and which."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from crm_core.customers.reading import CustomerReader
from crm_core.infra.clock import Clock
from crm_core.infra.mongo import Db, Doc, consistent, translated
from crm_core.infra.text import fold
from crm_core.rules.mongo import AnyRule, Stage, to_mongo

TIME_LIMIT_MS = 60_000


@dataclass(frozen=True)
class Preview:
    """count: exact, of ``total`` customers. sample: the first by id. as_of: aware UTC. took_ms: milliseconds."""

    count: int
    total: int
    sample: list[Doc]
    as_of: datetime
    took_ms: float


class Audience:
    """digits: minor digits of the workspace's currency."""

    def __init__(self, db: Db, reader: CustomerReader, clock: Clock, *, digits: int) -> None:
        self._db = db
        self._counted = consistent(db)
        self._reader = reader
        self._clock = clock
        self._digits = digits

    def preview(self, rule: AnyRule, *, sample: int = 0, now: datetime | None = None) -> Preview:
        """The exact count, now or as of ``now``, with up to ``sample`` customers. Raises BadRule."""
        started = time.perf_counter()
        as_of = now or self._clock()
        count = self.count(rule, now=as_of)
        total = self.total()
        rows = self._sample(rule, sample, as_of) if sample and count else []
        took_ms = (time.perf_counter() - started) * 1000
        return Preview(count, total, [self._reader.to_record(row) for row in rows], as_of, took_ms)

    def count(self, rule: AnyRule, *, now: datetime) -> int:
        with translated():
            rows = self._counted.customers.aggregate(
                [*self._stages(rule, now), {"$count": "count"}], maxTimeMS=TIME_LIMIT_MS
            )
            return next((row["count"] for row in rows), 0)

    def total(self) -> int:
        """All customers, counted, since an estimate can be off after a crash."""
        with translated():
            return self._counted.customers.count_documents({})

    def ids(self, rule: AnyRule, *, now: datetime, after: str | None = None) -> Iterator[str]:
        """The ids of all who match, in order, those after ``after``; a cursor, never a list."""
        start: list[Stage] = [{"$match": {"_id": {"$gt": after}}}] if after else []
        stages = [*start, {"$sort": {"_id": 1}}, *self._stages(rule, now), {"$project": {"_id": 1}}]
        with translated():
            for row in self._db.customers.aggregate(stages, batchSize=5000):
                yield row["_id"]

    def _sample(self, rule: AnyRule, size: int, now: datetime) -> list[Doc]:
        stages = [{"$sort": {"_id": 1}}, *self._stages(rule, now), {"$limit": size}]
        with translated():
            return list(self._db.customers.aggregate(stages, maxTimeMS=TIME_LIMIT_MS))

    def _stages(self, rule: AnyRule, now: datetime) -> list[Stage]:
        return to_mongo(rule, now=now, digits=self._digits, fold=fold)
