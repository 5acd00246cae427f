"""The unsubscribe page as the reader of a message has it, who is nobody's user."""

import pytest
from playwright.sync_api import expect

from tests.browser.screen import Screen
from tests.running_app import RunningApp


def link_of(app: RunningApp, customer_id: str) -> str:
    """Of an e-mail that a new customer got."""
    with app.services() as services:
        phone = f"+49 151 234567{len(customer_id)}"  # of its own: a no holds for whoever has the address
        row = {"_id": customer_id, "email": f"nina.{customer_id}@example.com", "phone": phone}
        services.db.customers.insert_one(row)
        return services.unsubscribe_links.url("6745a1b2c3d4e5f6a7b8c9d0", customer_id, "email")


@pytest.mark.parametrize("device", ["desk", "phone"])
def test_a_reader_unsubscribes_looks_at_the_rest_and_comes_back(
    app: RunningApp, device: str, request: pytest.FixtureRequest
) -> None:
    screen: Screen = request.getfixturevalue(device)
    screen.page.goto(link_of(app, device))
    expect(screen.heading("Unsubscribe from e\u2011mail messages?")).to_be_visible()
    screen.button("Unsubscribe").click()
    expect(screen.heading("You are unsubscribed")).to_be_visible()
    screen.button("Stop SMS").click()
    expect(screen.button("Allow SMS")).to_be_visible()
    width = screen.page.evaluate("document.documentElement.scrollWidth")
    assert width <= screen.page.viewport_size["width"]  # type: ignore[index]
    styled = screen.page.locator("main").evaluate("each => getComputedStyle(each).maxWidth")
    assert styled == "480px", "its style sheet is not refused"
    screen.button("I clicked by mistake: subscribe again").click()
    expect(screen.heading("Unsubscribe from e\u2011mail messages?")).to_be_visible()
    assert screen.complaints == []
