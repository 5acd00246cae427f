"""Fits as they are kept, and read by whoever shows predictions."""

from datetime import datetime

from crm_core.access.actor import Actor
from crm_core.access.permissions import Permission
from crm_core.infra.mongo import Db, translated
from crm_core.predictions.model import PredictionFit, fits_in

KEPT = 100
"""Fits of about three months."""


class PredictionFits:
    """Each call raises Unavailable while the database is away."""

    def __init__(self, db: Db) -> None:
        self._fits = fits_in(db)

    def latest(self, *, actor: Actor) -> PredictionFit | None:
        """The newest one that customers have, or of which none has any; None before the first."""
        actor.require(Permission.READ_FIGURES)
        with translated():
            return self._fits.find_one({"written_at": {"$exists": True}}, sort=[("written_at", -1), ("_id", -1)])

    def find(self, fit_id: str) -> PredictionFit | None:
        with translated():
            return self._fits.find_one({"_id": fit_id})

    def keep(self, fit: PredictionFit) -> None:
        with translated():
            self._fits.replace_one({"_id": fit["_id"]}, fit, upsert=True)

    def note_written(self, fit_id: str, written: int, now: datetime) -> None:
        """All customers have its predictions. The oldest fits are removed."""
        with translated():
            self._fits.update_one({"_id": fit_id}, {"$set": {"written": written, "written_at": now}})
            old = [row["_id"] for row in self._fits.find({}, {"_id": 1}).sort("fitted_at", -1).skip(KEPT)]
            self._fits.delete_many({"_id": {"$in": old}})
