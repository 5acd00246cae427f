"""What each process that the app starts is told: what it needs, and no secret of another."""

from collections.abc import Mapping

from crm_core.settings import Settings
from crm_core.workspace.model import WorkspaceSettings
from crm_core.workspace.rows import variable_of

VENDOR = (
    "receipts_url",
    "vendor_secret",
    "vendor_success_rate",
    "vendor_behaviour",
    "log_level",
    "log_format",
)
"""The simulated vendor is told what a vendor elsewhere would be: of the databases nothing."""
WORKERS = ("mongodb_uri", "mongodb_database", "redis_url", "log_level", "log_format")
LINKS = ("public_url", "receipts_url")
"""Where people reach the app: it stands in messages."""
MORE: Mapping[str, tuple[str, ...]] = {
    "delivery": ("vendor_url", "vendor_secret", *LINKS),
    "jobs": ("max_backlog", *LINKS),
}
"""By worker. Signing in, the front door and the API are the app's alone."""


def told_to_vendor(settings: Settings) -> dict[str, str]:
    return _only(settings, VENDOR)


def told_to_worker(name: str, settings: Settings, environment: Mapping[str, str]) -> dict[str, str]:
    """environment: of this process, which may fix settings of the workspace."""
    fixed = {variable_of(field) for field in WorkspaceSettings.model_fields}
    workspace = {variable: value for variable, value in environment.items() if variable.upper() in fixed}
    return workspace | _only(settings, (*WORKERS, *MORE.get(name, ())))


def _only(settings: Settings, names: tuple[str, ...]) -> dict[str, str]:
    wanted = {variable_of(name) for name in names}
    return {variable: value for variable, value in settings.to_env().items() if variable in wanted}
