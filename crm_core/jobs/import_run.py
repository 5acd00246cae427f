"""One import in the jobs worker: from where it was left to the last record stored."""

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from itertools import islice

import structlog

from crm_core.customers.attributes import Attributes
from crm_core.errors import CrmError, Unavailable
from crm_core.imports.formats.formats import plan_import
from crm_core.imports.reading.items import Item
from crm_core.imports.recognising.plan import ImportOptions, ImportPlan
from crm_core.imports.running.checking import Rejected, check_items, stream_named
from crm_core.infra.clock import Clock
from crm_core.infra.mongo import Db, Doc, translated
from crm_core.infra.monitor import Monitor
from crm_core.infra.streams import Publisher, Stream, split_id
from crm_core.ingest.parsing import MAX_RECORDS
from crm_core.ingest.scalars import Border
from crm_core.jobs.import_files import ImportFiles
from crm_core.jobs.states import JobCancelled, begin, end, raise_if_cancelled

log = structlog.stdlib.get_logger(__name__)

MAX_ERRORS = 100
POLL_S = 0.1
PATIENCE_S = 60.0
"""After so long without room or progress the worker's loop is asked again: it may have been told to stop."""


class ImportRunner:
    """digits: minor digits of the workspace's currency. max_backlog: records that may wait on one stream."""

    def __init__(
        self,
        db: Db,
        files: ImportFiles,
        publisher: Publisher,
        monitor: Monitor,
        attributes: Attributes,
        clock: Clock,
        *,
        digits: int,
        max_backlog: int,
    ) -> None:
        self._imports = db.imports
        self._files = files
        self._publisher = publisher
        self._monitor = monitor
        self._attributes = attributes
        self._clock = clock
        self._digits = digits
        self._max_backlog = max_backlog

    def run(self, job: Doc) -> None:
        """Go on after what is noted as done. What was published and not noted is published again, which is harmless.

        An import that cannot go on ends as failed, with the reason. Raises Unavailable while a server is away.
        """
        if begin(self._imports, job, self._clock()):
            try:
                stream = self._publish(job)
                self._wait_until_stored(stream, job)
            except Unavailable:
                raise
            except CrmError as exc:
                self.fail(job, str(exc))
                return
            except JobCancelled:
                log.info("cancelled", job=job["_id"], done=job["done"], total=job["total"])
            else:
                end(self._imports, job["_id"], "done", self._clock())
        self._files.remove(job["_id"])

    def fail(self, job: Doc, reason: str) -> None:
        """reason: a sentence for people."""
        end(self._imports, job["_id"], "failed", self._clock(), failure=reason)
        self._files.remove(job["_id"])

    def _publish(self, job: Doc) -> Stream:
        mapping = {row["column"]: row["target"] for row in job["mapping"]}
        source = self._files.open(job["_id"], job["name"])
        plan = plan_import(source, ImportOptions(job["format"], job["kind"], mapping))
        stream, items = stream_named(plan.kind.name), islice(plan.items(), job["done"], None)
        while chunk := list(islice(items, MAX_RECORDS)):
            self._wait(
                job,
                lambda: self._publisher.backlog(stream) < self._max_backlog,
                f"no more {stream.label} are taken",
            )
            self._publish_chunk(job, chunk, plan, stream)
        return stream

    def _publish_chunk(self, job: Doc, chunk: Sequence[Item], plan: ImportPlan, stream: Stream) -> None:
        checked = check_items(chunk, plan, Border(self._clock(), self._digits, self._attributes.declared()))
        ids = self._publisher.publish(stream, checked.payloads, origin=f"import:{job['_id']}")
        self._note(job, len(chunk), len(ids), checked.rejected, ids[-1] if ids else job.get("position"))

    def _note(self, job: Doc, size: int, accepted: int, rejected: Sequence[Rejected], position: str | None) -> None:
        """Also of one that was cancelled meanwhile: it says how much was accepted.

        Only if nobody has noted it: of two workers that do one import, after one was frozen, one stands back.
        """
        progress = {
            "done": job["done"] + size,
            "accepted": job["accepted"] + accepted,
            "rejected": job["rejected"] + len(rejected),
            "errors": [*job["errors"], *map(asdict, rejected)][:MAX_ERRORS],
            "position": position,
        }
        with translated():
            noted = self._imports.update_one({"_id": job["_id"], "done": job["done"]}, {"$set": progress})
        if not noted.matched_count:
            raise Unavailable("Another worker goes on with this import.")
        job |= progress

    def _wait_until_stored(self, stream: Stream, job: Doc) -> None:
        """Until the oldest entry that waits is a later one."""
        position = job.get("position")
        if position is None:
            return

        def is_stored() -> bool:
            (state,) = self._monitor.streams([stream])
            return state.oldest is None or split_id(state.oldest) > split_id(position)

        self._wait(job, is_stored, "records wait to be stored")

    def _wait(self, job: Doc, until: Callable[[], bool], otherwise: str) -> None:
        """Raises JobCancelled, and Unavailable when it takes too long: the entry is then taken up again."""
        deadline = time.monotonic() + PATIENCE_S
        raise_if_cancelled(self._imports, job["_id"])
        while not until():
            if time.monotonic() > deadline:
                raise Unavailable(f"For {PATIENCE_S:.0f} s {otherwise}; none is lost. Is the ingest worker running?")
            time.sleep(POLL_S)
            raise_if_cancelled(self._imports, job["_id"])
