"""The new question is in Explore with its chart, choices and rows, and over the API with its documentation."""

from fastapi.testclient import TestClient

from crm_core.access.scopes import Scope
from crm_core.api.app import create_api
from crm_core.services import build_services, install
from crm_core.settings import Settings
from tests.actors import OPERATOR
from tests.insights import load_snapshot
from tests.integration.feeding import store_orders
from tests.ui.page import Page


def main() -> None:
    services = build_services(Settings.load())
    days = ("2026-05-11", "2026-05-12", "2026-05-18")  # two Mondays
    store_orders(services, *({"id": day, "customer_id": "c", "amount": 1, "ordered_at": day} for day in days))
    load_snapshot(services)
    install(services)
    page = Page("explore", section="weekdays", range="2026-05-01..2026-05-31")
    assert "Most: Monday with 2." in page.words
    assert page.chart("weekdays")[0]["x"] == [2, 1, 0, 0, 0, 0, 0]
    api = TestClient(create_api())
    secret = services.keys.create("reader", [Scope.INSIGHTS_READ], actor=OPERATOR)
    asked = {"from": "2026-05-01", "to": "2026-05-31"}
    found = api.get("/v1/insights/weekdays", params=asked, headers={"Authorization": f"Bearer {secret}"}).json()
    assert found["rows"][0] == {"weekday": 0, "orders": 2}
    assert found["columns"][0] == {"id": "weekday", "title": "Weekday", "unit": "weekday"}
    operation = api.get("/openapi.json").json()["paths"]["/v1/insights/weekdays"]["get"]
    assert {each["name"] for each in operation["parameters"]} == {"from", "to", "segment"}
    services.close()


if __name__ == "__main__":
    main()
