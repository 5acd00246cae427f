"""Runs a rule in MongoDB: how many customers match, and which."""

import time
from collections.abc import Iterator, Sequence
from datetime import datetime, tzinfo

from pymongo.client_session import ClientSession

from crm_core.audience.contexts import RuleContexts
from crm_core.audience.erased_addresses import StoredErased
from crm_core.audience.preview import Preview
from crm_core.audience.ranks import StoredRanks
from crm_core.customers.model import StoredCustomer, customers_in
from crm_core.customers.reading import CustomerReader
from crm_core.infra.mongo import Db, consistent, translated
from crm_core.rules.binding import bind
from crm_core.rules.bound import Bound
from crm_core.rules.context import RankSource, SegmentSource
from crm_core.rules.engines.mongo import to_mongo, to_mongo_unordered
from crm_core.rules.engines.mongo_ranges import Stage
from crm_core.rules.tree import AnyRule

TIME_LIMIT_MS = 60_000


class Audience:
    def __init__(self, db: Db, reader: CustomerReader, contexts: RuleContexts) -> None:
        self._db = db
        self._customers = customers_in(db)
        self._counted = consistent(db)
        self._reader = reader
        self._contexts = contexts

    def preview(
        self, rule: AnyRule, *, sample: int = 0, now: datetime | None = None, session: ClientSession | None = None
    ) -> Preview:
        """The exact count, now or as of ``now``, with up to ``sample`` customers. session: of one who may end it.

        Raises BadRule, and Unavailable when it takes longer than TIME_LIMIT_MS.
        """
        started = time.perf_counter()
        context = self._contexts.context(now, ranks=self.ranks(), erased=StoredErased(self._db))
        bound = bind(rule, context)
        count = self._count(bound, session)
        total = self.total()
        rows = self._sample(bound, sample, session) if sample and count else []
        took_ms = (time.perf_counter() - started) * 1000
        return Preview(count, total, context.now, took_ms, sample=[self._reader.to_record(row) for row in rows])

    def count(
        self,
        rule: AnyRule,
        *,
        now: datetime,
        after: str | None = None,
        segments: SegmentSource | None = None,
        zone: tzinfo | None = None,
        ranks: RankSource | None = None,
    ) -> int:
        """How many ``ids`` gives. Raises BadRule."""
        return self._count(self._bind(rule, now, segments, zone, ranks), after=after)

    def _count(self, bound: Bound, session: ClientSession | None = None, *, after: str | None = None) -> int:
        stages = [*to_mongo_unordered(bound, _behind(after)), {"$count": "count"}]
        with translated():
            rows = self._counted.customers.aggregate(stages, session=session, maxTimeMS=TIME_LIMIT_MS)
            return next((row["count"] for row in rows), 0)

    def ranks(self) -> StoredRanks:
        """For several evaluations that are to see the same ones."""
        return StoredRanks(self._db)

    def total(self) -> int:
        """All customers, counted, since an estimate can be off after a crash."""
        with translated():
            return self._counted.customers.count_documents({})

    def ids(
        self,
        rule: AnyRule,
        *,
        now: datetime,
        after: str | None = None,
        segments: SegmentSource | None = None,
        zone: tzinfo | None = None,
        ranks: RankSource | None = None,
        limit: int | None = None,
    ) -> Iterator[str]:
        """The ids of all who match, or of the first ``limit``, in order, those after ``after``; a cursor, never a list.
        Raises BadRule.

        segments: those that the rule may name, if not the saved ones. zone: instead of that of the workspace. ranks: if
        not those of this moment.
        """
        bound = self._bind(rule, now, segments, zone, ranks)
        stages = [*_behind(after), {"$sort": {"_id": 1}}, *to_mongo(bound), {"$project": {"_id": 1}}]
        stages += [{"$limit": limit}] if limit else []
        with translated():
            for row in self._customers.aggregate(stages, batchSize=5000):
                yield row["_id"]

    def among(
        self,
        customer_ids: Sequence[str],
        rule: AnyRule,
        *,
        now: datetime,
        segments: SegmentSource | None = None,
        zone: tzinfo | None = None,
        ranks: RankSource | None = None,
    ) -> set[str]:
        """Those of ``customer_ids`` who match; segments, zone and ranks as in ``ids``. Raises BadRule."""
        bound = self._bind(rule, now, segments, zone, ranks, customer_ids)
        stages = [{"$match": {"_id": {"$in": list(customer_ids)}}}, *to_mongo(bound), {"$project": {"_id": 1}}]
        with translated():
            return {row["_id"] for row in self._customers.aggregate(stages)}

    def _bind(
        self,
        rule: AnyRule,
        now: datetime,
        segments: SegmentSource | None,
        zone: tzinfo | None,
        ranks: RankSource | None,
        customer_ids: Sequence[str] | None = None,
    ) -> Bound:
        erased = StoredErased(self._db, customer_ids)
        return bind(rule, self._contexts.context(now, segments, zone, ranks=ranks or self.ranks(), erased=erased))

    def _sample(self, bound: Bound, size: int, session: ClientSession | None) -> list[StoredCustomer]:
        stages = [{"$sort": {"_id": 1}}, *to_mongo(bound), {"$limit": size}]
        with translated():
            return list(self._customers.aggregate(stages, session=session, maxTimeMS=TIME_LIMIT_MS))


def _behind(after: str | None) -> list[Stage]:
    return [{"$match": {"_id": {"$gt": after}}}] if after else []
