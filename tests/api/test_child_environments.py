"""What the processes that the app starts are told: the databases' addresses go to those that need them."""

import pytest
from pydantic import SecretStr

from crm_core.hosting.child_settings import told_to_worker
from crm_core.infra.heartbeat import WORKER_GROUPS
from crm_core.settings import Settings
from tests.running_app import RunningApp
from tests.waiting import eventually

VENDOR_MAY_KNOW = {
    "CRM_LOG_FORMAT",
    "CRM_LOG_LEVEL",
    "CRM_RECEIPTS_URL",
    "CRM_VENDOR_BEHAVIOUR",
    "CRM_VENDOR_SECRET",
    "CRM_VENDOR_SUCCESS_RATE",
}
WORKERS_MAY_KNOW = {
    "CRM_LOG_FORMAT",
    "CRM_LOG_LEVEL",
    "CRM_MONGODB_DATABASE",
    "CRM_MONGODB_URI",
    "CRM_REDIS_URL",
}
LINKS = {"CRM_PUBLIC_URL", "CRM_RECEIPTS_URL"}
MORE_OF_ONE = {"delivery": {"CRM_VENDOR_SECRET", "CRM_VENDOR_URL", *LINKS}, "jobs": {"CRM_MAX_BACKLOG", *LINKS}}


def told(app: RunningApp, child: str) -> dict[str, str]:
    return {name: value for name, value in app.child(child).environ().items() if name.startswith("CRM_")}


def test_the_vendor_is_told_nothing_of_the_databases(app: RunningApp) -> None:
    found = told(app, "vendor")
    assert found.keys() <= VENDOR_MAY_KNOW
    assert {"CRM_RECEIPTS_URL", "CRM_VENDOR_SECRET", "CRM_VENDOR_BEHAVIOUR"} <= found.keys()


@pytest.mark.parametrize("name", ["mongod", "valkey", "workers"])
def test_the_servers_and_what_workers_fork_from_are_told_no_setting(app: RunningApp, name: str) -> None:
    assert told(app, name) == {}


@pytest.mark.parametrize("name", sorted(WORKER_GROUPS))
def test_workers_are_told_where_the_servers_are_and_no_secret_of_the_app(app: RunningApp, name: str) -> None:
    """As they are given it; to others of this machine they show nothing of it."""
    assert told(app, name) == {}
    found = told_to_worker(name, app.settings, {})
    assert (found["CRM_MONGODB_URI"], found["CRM_REDIS_URL"]) == (app.runtime.mongodb_uri, app.runtime.redis_url)
    assert found.keys() <= WORKERS_MAY_KNOW | MORE_OF_ONE.get(name, set())


def test_a_worker_is_told_fixed_settings_of_the_workspace_and_no_secret_of_the_app() -> None:
    secret = "a secret of the app"
    environment = {f"CRM_{name.upper()}": secret for name in Settings.model_fields} | {
        "CRM_API_KEY": secret,
        "CRM_TIME_ZONE": "Europe/Berlin",
        "CRM_METRICS_TOKEN": secret,
    }
    secrets_of_the_app = {
        name: SecretStr(secret) for name, field in Settings.model_fields.items() if "Secret" in str(field.annotation)
    }
    settings = Settings().with_servers(**secrets_of_the_app)
    for name in WORKER_GROUPS:
        found = told_to_worker(name, settings, environment)
        assert found["CRM_TIME_ZONE"] == "Europe/Berlin"
        secrets = {variable for variable, value in found.items() if value == secret}
        assert secrets == ({"CRM_VENDOR_SECRET"} if name == "delivery" else set())


def test_all_files_of_a_running_app_are_for_its_owner_alone(app: RunningApp) -> None:
    eventually(lambda: (app.data_dir / "vendor.sqlite").exists(), what="the vendor's file")
    modes = {
        str(path.relative_to(app.data_dir)): path.stat().st_mode & 0o777
        for path in app.data_dir.rglob("*")
        if path.name != "app.log"  # which is the test's
    }
    assert modes["vendor.sqlite"] == 0o600
    assert {name: mode for name, mode in modes.items() if mode not in (0o600, 0o700)} == {}
