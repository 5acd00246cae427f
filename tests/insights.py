"""Insights as tests ask them: over a snapshot that has everything stored so far."""

from typing import Any

from crm_core.access.actor import Actor
from crm_core.audience.snapshot.keeper import Status
from crm_core.audience.snapshot.needs import Extra
from crm_core.insights.frame import Answer
from crm_core.services import Services
from tests.actors import TEST

READY_S = 30.0


def load_snapshot(services: Services) -> None:
    """In memory, once for these services, and up to date."""
    if services.snapshot.state.status is Status.OFF:
        services.snapshot.want({Extra.MESSAGES})
        services.snapshot.start()
    services.snapshot.wait_until(lambda state: state.status is Status.READY, READY_S)
    services.snapshot.caught_up(READY_S)


def ask(services: Services, name: str, *, actor: Actor = TEST, **wanted: Any) -> Answer:
    """A trailing underscore of a parameter's name is for Python."""
    load_snapshot(services)
    given = {key.rstrip("_"): str(value) for key, value in wanted.items()}
    return services.insights.ask(name, given, actor=actor, is_fresh=True)


def rows(services: Services, name: str, **wanted: Any) -> list[dict[str, Any]]:
    return [dict(row) for row in ask(services, name, **wanted).rows]
