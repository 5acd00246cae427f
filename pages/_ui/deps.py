"""What pages are handed: the services of the process, and who is acting."""

from crm_core.access.actor import Actor, ActorKind
from crm_core.access.permissions import Role
from crm_core.errors import CrmError
from crm_core.services import Services, current
from crm_core.upgrades.progress import UpgradeProgress, Upgrading
from crm_core.workspace.model import WorkspaceSettings

_LOCAL_ADMIN = Actor(ActorKind.USER, "local", "app user", Role.ADMIN)


def services() -> Services:
    """The one Services object that the lifespan built. Raises Unavailable while there is none."""
    return current()


def upgrade() -> UpgradeProgress | None:
    """How far the data are brought forward, if that is why there are no services yet."""
    try:
        current()
    except Upgrading as exc:
        return exc.progress
    except CrmError:
        return None
    return None


def actor() -> Actor:
    """Who is at the browser: until people sign in, the local admin."""
    return _LOCAL_ADMIN


def brand() -> tuple[str, str]:
    """Name and accent colour of the workspace; the defaults while nobody can be asked."""
    try:
        settings = services().workspace.current()
    except CrmError:
        settings = WorkspaceSettings()
    return settings.workspace_name, settings.accent_colour
