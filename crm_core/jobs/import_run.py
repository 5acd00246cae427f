"""One import in the jobs worker: from where it was left to the last record stored."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict
from itertools import islice

from crm_core.customers.attributes import Attributes
from crm_core.imports.formats.formats import plan_import
from crm_core.imports.reading.items import Item
from crm_core.imports.recognising.kinds import Kinds
from crm_core.imports.recognising.plan import ImportOptions, ImportPlan
from crm_core.imports.running.checking import Rejected, check_items, stream_named
from crm_core.infra.monitor import Monitor
from crm_core.infra.streams import Publisher, Stream, split_id
from crm_core.ingest.offers import as_offers
from crm_core.ingest.parsing import MAX_RECORDS
from crm_core.ingest.scalars import MakeContext
from crm_core.jobs.import_files import ImportFiles
from crm_core.jobs.model import Job, JobChange
from crm_core.jobs.run import JobRun

MAX_ERRORS = 100


class ImportRunner:
    """kinds: of records. max_backlog: records that may wait on one stream."""

    def __init__(
        self,
        files: ImportFiles,
        publisher: Publisher,
        monitor: Monitor,
        attributes: Attributes,
        context: MakeContext,
        kinds: Kinds,
        count_denials: Callable[[Mapping[str, Collection[str]]], int],
        *,
        max_backlog: int,
    ) -> None:
        self._files = files
        self._publisher = publisher
        self._monitor = monitor
        self._attributes = attributes
        self._context = context
        self._kinds = kinds
        self._count_denials = count_denials
        self._max_backlog = max_backlog

    def work(self, run: JobRun) -> JobChange:
        """Go on after what is noted as done. What was published and not noted is published again, which is harmless."""
        stream = self._publish(run)
        self._wait_until_stored(stream, run)
        return {}

    def clear(self, job: Job) -> None:
        """The file is of no use any more."""
        self._files.remove(job["_id"])

    def _publish(self, run: JobRun) -> Stream:
        job = run.job
        mapping = {row["column"]: row["target"] for row in job["mapping"]}
        source = self._files.open(job["_id"], job["name"])
        plan = plan_import(source, ImportOptions(job["format"], job["records"], mapping, self._kinds))
        stream, items = stream_named(plan.kind.name), islice(plan.items(), job["done"], None)
        while chunk := list(islice(items, MAX_RECORDS)):
            run.wait(
                lambda: self._publisher.backlog(stream) < self._max_backlog,
                f"no more {stream.label} are taken",
            )
            self._publish_chunk(run, chunk, plan, stream)
        return stream

    def _publish_chunk(self, run: JobRun, chunk: Sequence[Item], plan: ImportPlan, stream: Stream) -> None:
        checked = check_items(chunk, plan, self._context(self._attributes.declared()))
        payloads, kept = self._offered(run.job, checked.payloads, stream)
        ids = self._publisher.publish(stream, payloads, origin=f"import:{run.job['_id']}")
        _note(run, len(chunk), len(ids), checked.rejected, ids[-1] if ids else run.job.get("position"), kept)

    def _offered(self, job: Job, payloads: Sequence[bytes], stream: Stream) -> tuple[Sequence[bytes], int]:
        """What is to be published, and how many denials on record that would have lifted."""
        if stream is not Stream.CUSTOMERS or job.get("lifts_denials"):
            return payloads, 0
        offered = as_offers(payloads)
        return offered.payloads, self._count_denials(offered.grants)

    def _wait_until_stored(self, stream: Stream, run: JobRun) -> None:
        """Until the oldest entry that waits is a later one."""
        position = run.job.get("position")
        if position is None:
            return

        def is_stored() -> bool:
            (state,) = self._monitor.streams([stream])
            return state.oldest is None or split_id(state.oldest) > split_id(position)

        run.wait(is_stored, "records wait to be stored")


def _note(
    run: JobRun, size: int, accepted: int, rejected: Sequence[Rejected], position: str | None, denials_kept: int
) -> None:
    job = run.job
    run.note(
        {
            "done": job["done"] + size,
            "accepted": job["accepted"] + accepted,
            "rejected": job["rejected"] + len(rejected),
            "errors": [*job["errors"], *map(asdict, rejected)][:MAX_ERRORS],
            "position": position,
            "denials_kept": job.get("denials_kept", 0) + denials_kept,
        }
    )
