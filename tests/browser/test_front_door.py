"""The front door as a browser keeps it: who may frame the app, and that nothing of ours is missing behind it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import FilePayload, expect

from crm_core.access.scopes import Scope
from pages._ui.links import PAGES
from tests.browser.screen import Screen
from tests.running_app import RunningApp

FRAMED = ("/", "/component/streamlit_sortables.sortable_items/index.html", "/api/docs", "/api/healthz")


@contextmanager
def foreign_site(page: str) -> Iterator[str]:
    """The address of a site on another port of this machine, which shows ``page``."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(page.encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://localhost:{server.server_address[1]}/"
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("path", FRAMED)
def test_no_other_site_frames_the_app_not_even_one_of_another_port(app: RunningApp, desk: Screen, path: str) -> None:
    with foreign_site(f'<iframe src="{_local(app)}{path}"></iframe>') as address:
        desk.page.goto(address, wait_until="load")
        (frame,) = desk.page.main_frame.child_frames
        assert frame.url.startswith("chrome-error:")
        assert any("frame-ancestors" in said for said in desk.complaints)


def test_another_site_opens_no_stream_to_the_pages(app: RunningApp, desk: Screen) -> None:
    stream = f"{_local(app)}/_stcore/stream".replace("http:", "ws:")
    script = f"""
        const socket = new WebSocket("{stream}", "streamlit");
        socket.onopen = () => document.title = "open"; socket.onerror = () => document.title = "refused";
    """
    with foreign_site(f"<title>waiting</title><script>{script}</script>") as address:
        desk.page.goto(address)
        expect(desk.page).to_have_title("refused")


def test_every_page_works_behind_the_policy(stocked_app: RunningApp, desk: Screen) -> None:
    desk.open(_local(stocked_app))
    titles = [info.title for info in PAGES.values() if info.is_listed]
    for title in titles[1:]:
        desk.go_to(title)
        desk.settle()
        desk.check_health()


def test_a_file_is_uploaded_and_looked_at(stocked_app: RunningApp, desk: Screen) -> None:
    desk.open(f"{_local(stocked_app)}/data")
    file: FilePayload = {"name": "people.csv", "mimeType": "text/csv", "buffer": b"id,name\np1,Ada\n"}
    desk.page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(file)
    expect(desk.page.get_by_text("1 record", exact=False).first).to_be_visible()
    desk.check_health()


def test_swagger_comes_from_the_app_and_sends_a_request(stocked_app: RunningApp, desk: Screen) -> None:
    asked: list[str] = []
    desk.open(_local(stocked_app))
    desk.page.on("request", lambda request: asked.append(request.url))
    page, key = desk.page, stocked_app.create_key(Scope.CUSTOMERS_READ)
    page.goto(f"{_local(stocked_app)}/api/docs")
    page.get_by_role("button", name="Authorize", exact=True).click()
    form = page.locator("form").filter(has_text="HTTPBearer")
    form.get_by_role("textbox", name="auth-bearer-value").fill(key)
    form.get_by_role("button", name="Apply credentials").click()
    page.get_by_role("button", name="Close").first.click()
    page.locator("#operations-Customers-get_customers").click()
    page.get_by_role("button", name="Try it out").click()
    page.get_by_role("button", name="Execute").click()
    expect(page.locator(".live-responses-table tbody .response-col_status").first).to_have_text("200")
    assert all(url.startswith((_local(stocked_app), "data:")) for url in asked), asked
    assert not desk.complaints, desk.complaints


def _local(app: RunningApp) -> str:
    """Under the name that another port of this machine shares, which makes it the same site."""
    return app.url.replace("127.0.0.1", "localhost")
