"""What the processes that the app starts are told: the databases' addresses go to those that need them."""

import pytest

from crm_core.infra.heartbeat import WORKER_GROUPS
from tests.running_app import RunningApp

VENDOR_MAY_KNOW = {
    "CRM_LOG_FORMAT",
    "CRM_LOG_LEVEL",
    "CRM_RECEIPTS_URL",
    "CRM_VENDOR_BEHAVIOUR",
    "CRM_VENDOR_SECRET",
    "CRM_VENDOR_SUCCESS_RATE",
}


def told(app: RunningApp, child: str) -> dict[str, str]:
    return {name: value for name, value in app.child(child).environ().items() if name.startswith("CRM_")}


def test_the_vendor_is_told_nothing_of_the_databases(app: RunningApp) -> None:
    found = told(app, "vendor")
    assert found.keys() <= VENDOR_MAY_KNOW
    assert {"CRM_RECEIPTS_URL", "CRM_VENDOR_SECRET", "CRM_VENDOR_BEHAVIOUR"} <= found.keys()


@pytest.mark.parametrize("name", ["mongod", "valkey"])
def test_the_servers_are_told_no_setting(app: RunningApp, name: str) -> None:
    assert told(app, name) == {}


@pytest.mark.parametrize("name", sorted(WORKER_GROUPS))
def test_workers_are_told_where_the_servers_are(app: RunningApp, name: str) -> None:
    found = told(app, name)
    assert (found["CRM_MONGODB_URI"], found["CRM_REDIS_URL"]) == (app.runtime.mongodb_uri, app.runtime.redis_url)


def test_all_files_of_a_running_app_are_for_its_owner_alone(app: RunningApp) -> None:
    modes = {
        str(path.relative_to(app.data_dir)): path.stat().st_mode & 0o777
        for path in app.data_dir.rglob("*")
        if path.name != "app.log"  # which is the test's
    }
    assert modes["vendor.sqlite"] == 0o600
    assert {name: mode for name, mode in modes.items() if mode not in (0o600, 0o700)} == {}
