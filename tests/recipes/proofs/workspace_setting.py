"""The new setting is on the page, is stored, audited and locked by the environment, and the overview goes by it."""

import os

from crm_core.infra.streams import Stream
from crm_core.services import build_services, install
from crm_core.settings import Settings
from tests.insights import load_snapshot
from tests.integration.feeding import make_entry
from tests.ui.page import Page


def months() -> int:
    """How many the overview shows of a day that is not the first of a month."""
    return len(Page("overview", range="2026-05-20..2026-05-20").chart("revenue")[0]["x"])


def main() -> None:
    services = build_services(Settings.load())
    orders = [("o1", "2026-04-10T00:00:00Z"), ("o2", "2026-05-10T00:00:00Z")]
    for order_id, at in orders:
        record = {"id": order_id, "customer_id": "c1", "amount": 5, "ordered_at": at}
        services.persister.store([make_entry(Stream.ORDERS, record)])
    install(services)
    load_snapshot(services)
    assert months() == 60
    page = Page("settings")
    assert "Months of revenue that the overview shows." in page.words
    page.choose("Months on the overview (months)", 1)
    page.click("Save changes")
    stored = services.db.workspace.find_one({"_id": "settings"})
    assert stored
    assert stored["values"] == {"overview_months": 1}
    (entry,) = services.workspace_editor.history()
    assert entry["details"] == {"overview_months": {"from": 60, "to": 1}}
    assert months() == 1
    os.environ["CRM_OVERVIEW_MONTHS"] = "2"
    locked = build_services(Settings.load())
    install(locked)
    page = Page("settings")
    assert page.widget("Months on the overview (months)").disabled
    load_snapshot(locked)
    assert months() == 2
    services.close()
    locked.close()


if __name__ == "__main__":
    main()
