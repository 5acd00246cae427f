"""Writes what is predicted to the customers, and takes it from those of whom nothing is predicted any more."""

from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from pymongo import UpdateOne

from crm_core.infra.mongo import Db, Doc, translated
from crm_core.predictions.model import PART, PredictionFit
from crm_core.predictions.observed import day_number
from crm_core.predictions.predicting import predict
from crm_core.predictions.reading import PurchaseReader

SLICE = 2_000


@dataclass(frozen=True)
class Slice:
    """last: id of its last customer. predicted: how many of its customers have predictions."""

    last: str
    customers: int
    predicted: int


class PredictionWriter:
    """Goes over the customers by id, a slice at a time. Who has them already is not written again."""

    def __init__(self, db: Db, fit: PredictionFit) -> None:
        self._customers = db.customers
        self._fit = fit
        self._reader = PurchaseReader(db, ZoneInfo(fit["zone"]))

    def write_slice(self, after: str | None) -> Slice | None:
        """The customers behind that id; None when there are none. Harmless to repeat. Raises Unavailable."""
        query: Doc = {"_id": {"$gt": after}} if after is not None else {}
        with translated():
            rows = list(self._customers.find(query, {PART: 1}).sort("_id", 1).limit(SLICE))
        if not rows:
            return None
        predicted = self._predict([row["_id"] for row in rows])
        writes = [change for row in rows if (change := _change(row, predicted.get(row["_id"])))]
        if writes:
            with translated():
                self._customers.bulk_write(writes, ordered=False)
        return Slice(rows[-1]["_id"], len(rows), len(predicted))

    def _predict(self, ids: list[str]) -> dict[str, Any]:
        last_day = self._fit["last_day"]
        if self._fit["reason"] is not None or last_day is None:
            return {}
        end = day_number(last_day)
        rows = self._reader.of_customers(ids, end)
        return {row["_id"]: each for row, each in zip(rows, predict(self._fit, rows, end), strict=True)}


def _change(row: Doc, predicted: Any) -> UpdateOne | None:
    if predicted == row.get(PART):
        return None
    change: Doc = {"$set": {PART: predicted}} if predicted else {"$unset": {PART: ""}}
    return UpdateOne({"_id": row["_id"]}, change)
