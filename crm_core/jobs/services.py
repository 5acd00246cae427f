"""The services of long work: what pages and the API ask for, and what the jobs worker does."""

from functools import cached_property
from typing import TYPE_CHECKING

from crm_core.campaigns.services import CampaignServices
from crm_core.ingest.services import IngestServices
from crm_core.jobs.store import JobStore
from crm_core.predictions.services import PredictionServices

if TYPE_CHECKING:
    from crm_core.demo.loading import DemoLoader
    from crm_core.demo.past import PastLoader
    from crm_core.imports.recognising.kinds import Kinds
    from crm_core.jobs.demo import DemoJobs
    from crm_core.jobs.export_parts import ExportParts
    from crm_core.jobs.exports import Exports
    from crm_core.jobs.import_files import ImportFiles
    from crm_core.jobs.imports import Imports
    from crm_core.jobs.refits import Refits
    from crm_core.jobs.rehearsals import Rehearsals
    from crm_core.jobs.runner import JobRunner


class JobServices(CampaignServices, IngestServices, PredictionServices):
    @cached_property
    def job_store(self) -> JobStore:
        return JobStore(self.db, self.redis, self.publisher, self.audit, self.clock)

    @cached_property
    def demo_loader(self) -> "DemoLoader":
        from crm_core.demo.loading import DemoLoader  # imports NumPy, which only this needs

        return DemoLoader(self.publisher, self.validation_context)

    @cached_property
    def past_loader(self) -> "PastLoader":
        from crm_core.demo.past import PastLoader

        return PastLoader(
            self.db,
            self.segments,
            self.definitions,
            self.message_log,
            self.suppressions,
            lambda: self.message_format,
        )

    @cached_property
    def demo_jobs(self) -> "DemoJobs":
        from crm_core.jobs.demo import DemoJobs

        return DemoJobs(self.job_store, self.demo_loader, self.past_loader, self.monitor, self.clock)

    @cached_property
    def import_files(self) -> "ImportFiles":
        from crm_core.jobs.import_files import ImportFiles

        return ImportFiles(self.db)

    @cached_property
    def import_kinds(self) -> "Kinds":
        """Those of records, by name."""
        from crm_core.imports.recognising.kinds import build_kinds

        return build_kinds(self.schema)

    @cached_property
    def imports(self) -> "Imports":
        from crm_core.jobs.imports import Imports

        return Imports(self.job_store, self.import_files, self.personal_reads)

    @cached_property
    def export_parts(self) -> "ExportParts":
        from crm_core.jobs.export_parts import ExportParts

        return ExportParts(self.db, self.clock)

    @cached_property
    def exports(self) -> "Exports":
        from crm_core.jobs.exports import Exports

        return Exports(self.job_store, self.export_parts, self.segments, self.rule_contexts, self.audit, self.clock)

    @cached_property
    def rehearsals(self) -> "Rehearsals":
        from crm_core.jobs.rehearsals import Rehearsals

        rehearsal = self.rehearsal_under(lambda: self.sending_rules)
        return Rehearsals(self.job_store, self.campaigns, rehearsal, self.clock, self.personal_reads)

    @cached_property
    def refits(self) -> "Refits":
        from crm_core.jobs.refits import Refits

        return Refits(
            self.db,
            self.job_store,
            self.publisher,
            self.prediction_fits,
            lambda: self.refitter,
            self.prediction_writer,
            self.clock,
        )

    @cached_property
    def job_runner(self) -> "JobRunner":
        """What the jobs worker asks: a new kind of job is a handler here."""
        from crm_core.jobs.demo import DEMO
        from crm_core.jobs.export_run import ExportRunner
        from crm_core.jobs.exports import EXPORT
        from crm_core.jobs.import_run import ImportRunner
        from crm_core.jobs.imports import IMPORT
        from crm_core.jobs.refits import REFIT
        from crm_core.jobs.rehearsals import REHEARSAL
        from crm_core.jobs.runner import JobHandler, JobRunner

        importer = ImportRunner(
            self.import_files,
            self.publisher,
            self.monitor,
            self.attributes,
            self.validation_context,
            self.import_kinds,
            self.customers.count_denials,
            max_backlog=self.settings.max_backlog,
        )
        exporter = ExportRunner(self.audience, self.customers, self.attributes, self.export_parts)
        handlers = (
            JobHandler(DEMO, self.demo_jobs.work),
            JobHandler(IMPORT, importer.work, importer.clear),
            JobHandler(EXPORT, exporter.work, exporter.clear),
            JobHandler(REHEARSAL, self.rehearsals.work),
            JobHandler(REFIT, self.refits.work),
        )
        return JobRunner(self.db, self.redis, self.job_store, handlers, self.clock)
