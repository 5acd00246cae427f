"""The services of the workspace: its settings, their changes, and the currency of its amounts."""

import os
from functools import cached_property

from crm_core.access.services import AccessServices
from crm_core.infra.streams import INGESTED
from crm_core.workspace.changing import WorkspaceEditor
from crm_core.workspace.currency import AmountsCurrency
from crm_core.workspace.model import WorkspaceSettings
from crm_core.workspace.reading import Workspace, read_environment


class WorkspaceServices(AccessServices):
    @cached_property
    def workspace(self) -> Workspace[WorkspaceSettings]:
        """Raises InvalidInput when the environment has a value that is wrong."""
        return Workspace(self.db, WorkspaceSettings, read_environment(WorkspaceSettings, os.environ))

    @cached_property
    def workspace_editor(self) -> WorkspaceEditor:
        return WorkspaceEditor(self.db, self.workspace, self.audit, lambda: self.publisher.backlog(*INGESTED))

    @cached_property
    def amounts_currency(self) -> AmountsCurrency:
        return AmountsCurrency(self.db, self.workspace, self.schema)
