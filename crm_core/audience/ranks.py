"""Percent ranks in MongoDB: how many customers have a value, and which one the last of those who are meant has."""

from decimal import Decimal
from fractions import Fraction

from pymongo.client_session import ClientSession

from crm_core.infra.mongo import Db, Doc, translated
from crm_core.rules.context import Rank
from crm_core.rules.fields import CustomerField
from crm_core.rules.ranks import bounded, places

TIME_LIMIT_MS = 60_000
VALUE = "value"


class StoredRanks:
    """Each rank is found once: what is bound to it sees one moment. A rank costs a scan of all customers and a sort of
    their values."""

    def __init__(self, db: Db) -> None:
        self._client = db.client
        self._customers = db.customers
        self._known: dict[tuple[str, Decimal, bool], Rank | None] = {}

    def threshold(self, found: CustomerField, percent: Decimal, *, is_top: bool) -> Rank | None:
        """Raises Unavailable."""
        key = (found.name, percent, is_top)
        if key not in self._known:
            with translated(), self._client.start_session(snapshot=True) as session:
                self._known[key] = self._find(found, percent, session, is_top=is_top)
        return self._known[key]

    def _find(self, found: CustomerField, percent: Decimal, session: ClientSession, *, is_top: bool) -> Rank | None:
        count = self._count(found, session)
        if not count:
            return None
        place = places(percent, count)
        is_short = 2 * place <= count
        if not is_short:  # the sort keeps only what it has to skip
            place = count - place + 1
        stages = rank_stages(found, place, is_descending=is_top is is_short)
        rows = self._customers.aggregate(stages, session=session, maxTimeMS=TIME_LIMIT_MS, allowDiskUse=True)
        return next((_read(found, row) for row in rows), None)

    def _count(self, found: CustomerField, session: ClientSession) -> int:
        stages: list[Doc] = [{"$match": _has_value(found)}, {"$count": "count"}]
        rows = self._customers.aggregate(stages, session=session, maxTimeMS=TIME_LIMIT_MS)
        return next((row["count"] for row in rows), 0)


def rank_stages(found: CustomerField, place: int, *, is_descending: bool) -> list[Doc]:
    """The value at that place, from 1 on."""
    wanted: Doc = {"_id": 0, VALUE: f"${found.path}"}
    if found.is_average:
        quotient = {"$divide": [{"$toDecimal": "$total_spend_minor"}, "$order_count"]}
        wanted = {"_id": 0, VALUE: quotient, "total": "$total_spend_minor", "count": "$order_count"}
    return [
        {"$match": _has_value(found)},
        {"$project": wanted},
        {"$sort": {VALUE: -1 if is_descending else 1}},
        {"$limit": place},
        {"$skip": place - 1},
    ]


def _has_value(found: CustomerField) -> Doc:
    if found.is_average:
        return {"order_count": {"$gt": 0}}
    return {"$and": [{found.path: {"$type": "number"}}, {found.path: {"$not": {"$type": "array"}}}]}


def _read(found: CustomerField, row: Doc) -> Rank:
    return Fraction(row["total"], row["count"]) if found.is_average else bounded(found, row[VALUE])
