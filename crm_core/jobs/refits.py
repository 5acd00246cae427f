"""Fits of the predictions: asked for by somebody or once a day, done by the jobs worker."""

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from crm_core.access.actor import SYSTEM, Actor
from crm_core.access.permissions import Permission
from crm_core.errors import Conflict
from crm_core.infra.clock import Clock
from crm_core.infra.mongo import Db, translated
from crm_core.infra.streams import Publisher, Stream
from crm_core.jobs.model import UNFINISHED, Job, JobChange
from crm_core.jobs.run import JobRun
from crm_core.jobs.store import JobKind, JobStore
from crm_core.predictions.model import PredictionFit
from crm_core.predictions.store import PredictionFits

if TYPE_CHECKING:
    from crm_core.predictions.refitting import Refitter
    from crm_core.predictions.writing import PredictionWriter

EVERY = timedelta(days=1)
GROWN_AFTER = timedelta(minutes=10)
"""Of a workspace with twice the orders of the last fit: it is being filled."""
FLOOD = 1_000
"""Orders that wait to be stored: somebody brings in many, and a fit of a part of them tells little."""
LEAST_ORDERS = 400
"""Below, there cannot be enough customers with two orders."""
REFIT = JobKind(
    "refit",
    "fit of the predictions",
    Stream.JOBS,
    "The jobs worker gave it up, or never got it. Some customers may have new predictions already, the others those of "
    "before; ask for it again.",
    is_sole=True,
)


class Refits:
    """Each call raises Unavailable while a server is away. refitter, writer: asked for by the work alone."""

    def __init__(
        self,
        db: Db,
        store: JobStore,
        publisher: Publisher,
        fits: PredictionFits,
        refitter: Callable[[], "Refitter"],
        writer: Callable[[PredictionFit], "PredictionWriter"],
        clock: Clock,
    ) -> None:
        self._db = db
        self._store = store
        self._publisher = publisher
        self._fits = fits
        self._refitter = refitter
        self._writer = writer
        self._clock = clock

    def start(self, *, actor: Actor) -> Job:
        """Ask the jobs worker for one. Raises Conflict while another one runs."""
        actor.require(Permission.REFIT_PREDICTIONS)
        self._store.fail_lost(REFIT)
        orders = self._count_orders()
        fields: JobChange = {"orders": orders}
        return self._store.ask(REFIT, fields, actor=actor, action="refit.start", details={"orders": orders})

    def cancel(self, job_id: str, *, actor: Actor) -> Job:
        """Write no more; harmless to repeat. Raises NotFound, and Conflict when it has ended otherwise."""
        actor.require(Permission.REFIT_PREDICTIONS)
        return self._store.cancel(REFIT, job_id, actor=actor)

    def get(self, job_id: str, *, actor: Actor) -> Job:
        """Raises NotFound."""
        actor.require(Permission.READ_FIGURES)
        return self._store.get(REFIT, job_id)

    def latest(self, *, actor: Actor) -> Job | None:
        """The last one asked for; done and total in customers, once there is a fit."""
        actor.require(Permission.READ_FIGURES)
        return self._latest()

    def start_due(self) -> int:
        """Ask for one if it is time, and no flood of orders is being stored. Return how many were asked for."""
        if not self._is_due() or self._publisher.backlog(Stream.ORDERS) >= FLOOD:
            return 0
        try:
            self.start(actor=SYSTEM)
        except Conflict:  # another worker was faster
            return 0
        return 1

    def work(self, run: JobRun) -> JobChange:
        """Go on after the customers that are noted as done, with the fit that was made for them."""
        run.check()
        fit = self._fits.find(run.job["_id"])
        if fit is None:
            fit = self._refitter().make(run.job["_id"], run.check)
            self._fits.keep(fit)
        written = self._write(run, fit)
        self._fits.note_written(fit["_id"], written, self._clock())
        return {"result": {"reason": fit["reason"], "written": written}}

    def _write(self, run: JobRun, fit: PredictionFit) -> int:
        """Returns how many customers have predictions."""
        writer = self._writer(fit)
        run.note({"total": max(self._count_customers(), run.job["done"])})
        while part := writer.write_slice(run.job.get("after")):
            written = run.job.get("written", 0) + part.predicted
            run.note({"done": run.job["done"] + part.customers, "written": written, "after": part.last})
        return run.job.get("written", 0)

    def _latest(self) -> Job | None:
        found, _ = self._store.page(REFIT, limit=1)
        return found[0] if found else None

    def _is_due(self) -> bool:
        last = self._latest()
        if last is None:
            return self._count_orders() >= LEAST_ORDERS
        if last["state"] in UNFINISHED:
            return False
        age = self._clock() - last["created_at"]
        if age >= EVERY:
            return True
        return age >= GROWN_AFTER and self._count_orders() >= max(2 * last["orders"], LEAST_ORDERS)

    def _count_orders(self) -> int:
        with translated():
            return self._db.orders.estimated_document_count()

    def _count_customers(self) -> int:
        with translated():
            return self._db.customers.estimated_document_count()
