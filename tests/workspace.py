"""Settings of the workspace in tests: changed as an admin does, or locked as by the environment."""

from typing import Any

from crm_core.errors import Unavailable
from crm_core.infra.mongo import Db
from crm_core.services import Services
from crm_core.workspace.model import WorkspaceSettings
from crm_core.workspace.reading import Workspace
from tests.actors import ASHA


def set_workspace(services: Services, **values: Any) -> None:
    services.workspace_editor.change(values, actor=ASHA)


def lock_workspace(services: Services, **values: Any) -> None:
    """Before anything has asked for a setting."""
    vars(services)["workspace"] = Workspace(services.db, WorkspaceSettings, values)


class _DatabaseAway:
    """A database that answers until it is away."""

    def __init__(self, db: Db) -> None:
        self._db = db
        self.is_away = False

    @property
    def workspace(self) -> "_DatabaseAway":
        return self

    def find_one(self, query: dict[str, Any]) -> Any:
        if self.is_away:
            raise Unavailable("The database does not answer. Nothing was lost.")
        return self._db.workspace.find_one(query)


def known_last(db: Db) -> Workspace[WorkspaceSettings]:
    """Of a process whose database went away after it had started."""
    away: Any = _DatabaseAway(db)
    workspace = Workspace(away, WorkspaceSettings, {})
    workspace.current()
    away.is_away = True
    return workspace
