"""What pages are handed: the services of the process, and who is acting."""

from crm_core.access.actor import Actor, ActorKind
from crm_core.access.permissions import Role
from crm_core.services import Services, current

_LOCAL_ADMIN = Actor(ActorKind.USER, "local", "app user", Role.ADMIN)


def services() -> Services:
    """The one Services object that the lifespan built. Raises Unavailable while there is none."""
    return current()


def actor() -> Actor:
    """Who is at the browser: until people sign in, the local admin."""
    return _LOCAL_ADMIN
