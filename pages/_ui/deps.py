"""What pages are handed: the services of the process, and who is acting."""

from crm_core.services import Services, current

ACTOR = "app user"
"""The actor of every change made on a page, as the audit log names it, until people sign in."""


def services() -> Services:
    """The one Services object that the lifespan built. Raises Unavailable while there is none."""
    return current()
