"""The new page is in the navigation and shows its chart, with a summary for those who cannot see it."""

from crm_core.audience.snapshot.keeper import Status
from crm_core.services import build_services, install
from crm_core.settings import Settings
from tests.integration.feeding import store_customers
from tests.ui.page import Page

WAIT_S = 60


def main() -> None:
    services = build_services(Settings.load())
    store_customers(services, {"id": "c1", "city": "Pune"}, {"id": "c2", "city": "Pune"}, {"id": "c3", "city": "Oslo"})
    services.snapshot.start()
    services.snapshot.wait_until(lambda state: state.status is Status.READY, WAIT_S)
    install(services)
    page = Page("cities")  # type: ignore[arg-type]  # a page of the recipe
    assert page.title == "Cities"
    assert "Most customers live in pune: 2." in page.words
    (bars,) = page.chart("cities")
    assert bars["customdata"] == ["pune", "oslo", "no city"]
    services.close()


if __name__ == "__main__":
    main()
