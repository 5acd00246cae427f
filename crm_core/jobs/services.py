"""The services of long work: what pages and the API ask for, and what the jobs worker does."""

from functools import cached_property
from typing import TYPE_CHECKING

from crm_core.campaigns.services import CampaignServices
from crm_core.ingest.services import IngestServices

if TYPE_CHECKING:
    from crm_core.demo.loading import DemoLoader
    from crm_core.infra.consumer import Handler
    from crm_core.jobs.demo import DemoJobs
    from crm_core.jobs.imports import Imports
    from crm_core.jobs.rehearsals import Rehearsals


class JobServices(CampaignServices, IngestServices):
    @cached_property
    def demo_loader(self) -> "DemoLoader":
        from crm_core.demo.loading import DemoLoader  # imports NumPy, which only this needs

        return DemoLoader(self.publisher, self.clock, digits=self.settings.currency_digits)

    @cached_property
    def demo_jobs(self) -> "DemoJobs":
        from crm_core.jobs.demo import DemoJobs

        return DemoJobs(self.db, self.demo_loader, self.publisher, self.monitor, self.audit, self.clock)

    @cached_property
    def imports(self) -> "Imports":
        from crm_core.jobs.import_files import ImportFiles
        from crm_core.jobs.import_run import ImportRunner
        from crm_core.jobs.imports import Imports

        files = ImportFiles(self.db)
        runner = ImportRunner(
            self.db,
            files,
            self.publisher,
            self.monitor,
            self.attributes,
            self.clock,
            digits=self.settings.currency_digits,
            max_backlog=self.settings.max_backlog,
        )
        return Imports(self.db, runner, files, self.publisher, self.audit, self.clock)

    @cached_property
    def rehearsals(self) -> "Rehearsals":
        from crm_core.jobs.rehearsals import Rehearsals

        rehearsal = self.rehearsal_under(self.sending_rules)
        return Rehearsals(self.db, self.campaigns, rehearsal, self.publisher, self.audit, self.clock)

    @property
    def jobs_handler(self) -> "Handler":
        from crm_core.jobs.dispatch import JobDispatcher
        from crm_core.jobs.entries import DEMO, IMPORT, REHEARSAL

        handlers = {DEMO: self.demo_jobs.handle, IMPORT: self.imports.handle, REHEARSAL: self.rehearsals.handle}
        return JobDispatcher(handlers).handle
