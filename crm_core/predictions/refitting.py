"""A fit of today's orders, offered or not."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from crm_core.infra.clock import Clock
from crm_core.infra.mongo import Db, translated
from crm_core.predictions.fitting import NotOfferedError, fit, to_period
from crm_core.predictions.model import PredictionFit
from crm_core.predictions.observed import Period, day_words
from crm_core.predictions.reading import PurchaseReader


class Refitter:
    """zone: asked where a day begins."""

    def __init__(self, db: Db, zone: Callable[[], ZoneInfo], clock: Clock) -> None:
        self._db = db
        self._zone = zone
        self._clock = clock

    def make(self, fit_id: str, progress: Callable[[], None]) -> PredictionFit:
        """progress: called between the steps, and may raise. Raises Unavailable."""
        zone = self._zone()
        reader, made = PurchaseReader(self._db, zone), self._blank(fit_id, zone)
        span = reader.span()
        if span:
            made["first_day"], made["last_day"] = map(day_words, span)
        try:
            self._fit(made, reader, to_period(span), progress)
        except NotOfferedError as exc:
            made["reason"], made["check"] = str(exc), exc.check
        return made

    def _fit(self, made: PredictionFit, reader: PurchaseReader, period: Period, progress: Callable[[], None]) -> None:
        purchases = reader.read(period, progress)
        made["customers"], made["repeaters"] = purchases.days.size, purchases.repeaters
        found = fit(purchases, period, progress)
        made["purchases"], made["check"] = found.purchases, found.check
        made["spending"], made["spending_reason"] = found.spending, found.spending_reason
        made["outlook"] = found.outlook

    def _blank(self, fit_id: str, zone: ZoneInfo) -> PredictionFit:
        with translated():
            orders = self._db.orders.estimated_document_count()
        return {
            "_id": fit_id,
            "fitted_at": self._clock(),
            "zone": str(zone),
            "orders": orders,
            "customers": 0,
            "repeaters": 0,
            "first_day": None,
            "last_day": None,
            "reason": None,
            "purchases": None,
            "spending": None,
            "spending_reason": None,
            "check": None,
            "outlook": None,
        }
