"""The services of predictions: the fits that are kept, and what makes and writes one."""

from functools import cached_property
from typing import TYPE_CHECKING

from crm_core.customers.services import CustomerServices
from crm_core.predictions.store import PredictionFits

if TYPE_CHECKING:
    from crm_core.predictions.model import PredictionFit
    from crm_core.predictions.refitting import Refitter
    from crm_core.predictions.writing import PredictionWriter


class PredictionServices(CustomerServices):
    @cached_property
    def prediction_fits(self) -> PredictionFits:
        return PredictionFits(self.db)

    @cached_property
    def refitter(self) -> "Refitter":
        from crm_core.predictions.refitting import Refitter  # imports SciPy, which only this needs

        return Refitter(self.db, lambda: self.workspace.current().zone, self.clock)

    def prediction_writer(self, fit: "PredictionFit") -> "PredictionWriter":
        """Of the predictions of that fit."""
        from crm_core.predictions.writing import PredictionWriter

        return PredictionWriter(self.db, fit)
