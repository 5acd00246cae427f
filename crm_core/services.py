"""All services of a process: the features' bundles, composed. Nothing else builds clients or services."""

from functools import partial

from crm_core.errors import Unavailable
from crm_core.infra.clock import Clock, utc_now
from crm_core.insights.services import InsightServices
from crm_core.jobs.services import JobServices
from crm_core.schema.schema import SCHEMA, Schema
from crm_core.settings import Settings
from crm_core.upgrades.progress import UpgradeProgress, Upgrading
from crm_core.upgrades.runner import Watch, bring_forward
from crm_core.upgrades.steps import STEPS


class Services(InsightServices, JobServices):
    """Everything that pages, API, workers and commands call."""


def build_services(
    settings: Settings, *, clock: Clock = utc_now, schema: Schema = SCHEMA, watch: Watch = lambda progress: None
) -> Services:
    """Services on servers that are up, on data in the form of this program, with the indexes in place.

    Older data are brought forward first, which may take long; watch is told how far it is. Raises Unavailable, and
    InvalidInput when a newer program has written the data, when a setting of the workspace is wrong in the environment,
    or when its currency is not that of the stored amounts.
    """
    prepare = partial(bring_forward, steps=STEPS, clock=utc_now, watch=watch)
    services = Services.connect(settings, clock=clock, prepare=prepare, schema=schema)
    services.amounts_currency.check()
    return services


_current: Services | None = None
_upgrade: UpgradeProgress | None = None


def install(services: Services | None) -> None:
    """Make ``services`` the ones of this process; the app does it once."""
    global _current
    _current = services


def note_upgrade(progress: UpgradeProgress | None) -> None:
    """Say why there are no services yet."""
    global _upgrade
    _upgrade = progress


def current() -> Services:
    """What the app installed, for API and pages. Raises Unavailable before and after it: Upgrading while the data are
    brought forward."""
    if _current is not None:
        return _current
    if _upgrade is not None:
        raise Upgrading(_upgrade)
    raise Unavailable("ClientNest is starting or stopping. Try again in a moment.")
