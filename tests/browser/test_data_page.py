"""An operator's story: a file with a column of another name is mapped, tried, imported and watched to its end."""

import re

import httpx
from playwright.sync_api import Locator, expect

from crm_core.access.scopes import Scope
from tests.browser.screen import Screen
from tests.running_app import RunningApp

GOOD, BAD_LINE = 2400, 1203
FILE = "orders of spring.csv"


def make_file() -> bytes:
    """2,400 good orders, and one within the first 1,000 and one after them whose total is no number."""
    rows = [f"o{number},c{number % 40:02},{number % 90}.50,delivered" for number in range(GOOD)]
    rows.insert(4, "bad-1,c01,many,delivered")
    rows.insert(BAD_LINE - 2, "bad-2,c01,few,delivered")
    return "\n".join(["id,customer_id,total,status", *rows]).encode()


def test_a_file_is_mapped_tried_imported_and_watched(app: RunningApp, desk: Screen) -> None:
    with app.api(*Scope) as api:
        desk.open_emptied(app.url)
        desk.button("Import a file").click()
        expect(desk.heading("Data")).to_be_visible()
        expect(desk.page.get_by_text("No import yet")).to_be_visible()
        choose_file(desk)
        map_total(desk)
        see_dry_run(desk, api)
        import_and_watch(desk)
        check_counts(desk, api)
    see_streams(desk)


def choose_file(desk: Screen) -> None:
    upload = desk.page.get_by_test_id("stFileUploaderDropzoneInput")
    upload.set_input_files({"name": FILE, "mimeType": "text/csv", "buffer": make_file()})
    expect(desk.page.get_by_text(f"{FILE} · CSV · 2,402 records")).to_be_visible()
    expect(desk.page.get_by_text("Choose where total goes, or leave it out.")).to_be_visible()
    expect(desk.button("Import 2,402 orders")).to_be_disabled()


def map_total(desk: Screen) -> None:
    """By the keyboard."""
    field = desk.page.get_by_role("combobox", name=re.compile("total"))
    field.focus()
    field.press_sequentially("amount", delay=20)
    field.press("Enter")
    expect(desk.page.get_by_text("Choose where")).to_have_count(0)


def see_dry_run(desk: Screen, api: httpx.Client) -> None:
    expect(desk.page.get_by_text("999 would be taken")).to_be_visible()
    expect(desk.page.get_by_text("1 would be rejected")).to_be_visible()
    expect(desk.page.get_by_text("the first 1,000 of 2,402")).to_be_visible()
    expect(rejected_row(desk, "6")).to_contain_text("'many' is not a number such as 29.33.")
    assert api.get("/customers").json()["items"] == []
    desk.check_health()


def rejected_row(desk: Screen, line: str) -> Locator:
    rows = desk.page.get_by_test_id("stTable").locator("tr")
    return rows.filter(has=desk.page.get_by_text(line, exact=True))


def import_and_watch(desk: Screen) -> None:
    desk.button("Import 2,402 orders").click()
    expect(desk.page.get_by_text("2,400 accepted")).to_be_visible(timeout=60_000)
    expect(desk.button("Import 2,402 orders")).to_have_count(0)
    desk.settle()
    desk.page.get_by_text("2 rejected lines").click()
    expect(rejected_row(desk, "6")).to_contain_text("'many'")
    expect(rejected_row(desk, f"{BAD_LINE:,}")).to_contain_text("'few'")
    desk.check_health()


def check_counts(desk: Screen, api: httpx.Client) -> None:
    """On the page as in the API."""
    customers = api.get("/customers", params={"limit": 100}).json()["items"]
    assert len(customers) == 40
    assert sum(customer["order_count"] for customer in customers) == GOOD
    desk.go_to("Overview")
    expect(desk.metric("Orders")).to_have_text(f"{GOOD:,}")
    buyers = sum(customer["order_count"] > 0 for customer in customers)
    expect(desk.metric("Active customers")).to_have_text(f"{buyers}")


def see_streams(desk: Screen) -> None:
    desk.go_to("Data")
    desk.page.get_by_text("Streams", exact=True).click()
    expect(desk.page.get_by_text("The last 15 minutes")).to_be_visible()
    chart = desk.page.locator(".st-key-chart_streams .js-plotly-plot")
    expect(chart.locator(".legendtext").filter(has_text="Stored per second")).to_be_visible()
    expect(chart.locator(".scatterlayer .trace path.js-line").first).to_be_attached(timeout=60_000)
    for worker in ("Ingest", "Campaigns", "Delivery", "Receipts", "Jobs"):
        expect(desk.page.get_by_test_id("stMarkdown").filter(has_text=re.compile(f"^{worker}$")).first).to_be_visible()
    assert "section=streams" in desk.page.url
    desk.check_health()
