"""A page from which an error of the browser's scripts has taken everything."""

from playwright.sync_api import expect

from tests.browser.screen import Screen
from tests.running_app import RunningApp


def test_an_emptied_page_comes_back_by_itself(stocked_app: RunningApp, desk: Screen) -> None:
    desk.open(f"{stocked_app.url}/explore?section=cohorts")
    desk.page.evaluate("() => document.getElementById('root').replaceChildren()")
    expect(desk.heading("Explore")).to_have_count(0)
    expect(desk.heading("Explore")).to_be_visible()
    expect(desk.page.get_by_text("Customers who come back", exact=True).first).to_be_visible()
