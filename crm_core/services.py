"""All services of a process: the features' bundles, composed. Nothing else builds clients or services."""

from functools import partial

from crm_core.errors import Unavailable
from crm_core.infra.clock import Clock, utc_now
from crm_core.insights.services import InsightServices
from crm_core.jobs.services import JobServices
from crm_core.schema.schema import SCHEMA, Schema
from crm_core.settings import Settings
from crm_core.upgrades.steps import STEPS
from crm_core.upgrades.version import bring_forward


class Services(InsightServices, JobServices):
    """Everything that pages, API, workers and commands call."""


def build_services(settings: Settings, *, clock: Clock = utc_now, schema: Schema = SCHEMA) -> Services:
    """Services on servers that are up, on data in the form of this program, with the indexes in place.

    Raises Unavailable, and InvalidInput when a newer program has written the data, when a setting of the workspace is
    wrong in the environment, or when its currency is not that of the stored amounts.
    """
    prepare = partial(bring_forward, steps=STEPS, clock=utc_now)
    services = Services.connect(settings, clock=clock, prepare=prepare, schema=schema)
    services.amounts_currency.check()
    return services


_current: Services | None = None


def install(services: Services | None) -> None:
    """Make ``services`` the ones of this process; the app's lifespan does it once."""
    global _current
    _current = services


def current() -> Services:
    """What the lifespan installed, for API and pages. Raises Unavailable before and after it."""
    if _current is None:
        raise Unavailable("ClientNest is starting or stopping. Try again in a moment.")
    return _current
