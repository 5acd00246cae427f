"""Chromium as the reader's browser; what it shows when a test fails is kept as a picture."""

import logging
import shutil
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from crm_core.infra.streams import Stream
from crm_core.upgrades.version import VERSION_ID
from tests.browser.screen import Screen
from tests.running_app import RunningApp, start_app

CHROMIUM = shutil.which("chromium-headless-shell") or shutil.which("chromium")
"""Without windows it takes a third less of the processor."""
ARGUMENTS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    # Most scripts of Streamlit run once a page. Tabs in one process share what is compiled, and nothing is compiled
    # twice to run faster: together that saves a quarter of what the browser takes.
    *("--renderer-process-limit=1", "--js-flags=--no-opt --no-maglev --no-lazy-feedback-allocation"),
)
log = logging.getLogger(__name__)

PICTURES = Path(__file__).resolve().parents[2] / "test-artifacts"
STOCK = 200
DESK, PHONE = (1280, 900), (390, 844)
KEPT = [VERSION_ID, "audit_key", "unsubscribe_key"]
"""What the processes of the app hold on to."""
FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
    report = yield
    if report.failed:
        item.stash[FAILED] = True
    return report


@pytest.fixture(scope="package")
def shared_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApp]:
    with start_app(tmp_path_factory.mktemp("browser")) as running:
        yield running


@pytest.fixture(scope="module")
def app(shared_app: RunningApp) -> Iterator[RunningApp]:
    """The app with nothing in it. It must have shown and logged no traceback when the module ends."""
    log = shared_app.data_dir / "app.log"
    before = len(log.read_text())
    with shared_app.administrator() as services:
        for name in services.db.list_collection_names():
            services.db[name].delete_many({"_id": {"$nin": KEPT}})
    yield shared_app
    _, found, after = log.read_text()[before:].partition("Traceback (most recent call last)")
    assert not found, after[:6000]


@pytest.fixture(scope="module")
def stocked_app(app: RunningApp) -> RunningApp:
    """With customers and orders."""
    with app.services() as services:
        services.demo_loader.load(customers=STOCK, seed=1, progress=lambda _, __: None)
        services.publisher.wait_until_empty(Stream.CUSTOMERS, Stream.ORDERS, timeout_s=60)
    return app


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """Only as long as the tests of this folder: Playwright keeps an event loop running, which bars every other."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def at_desk(chromium: Browser) -> BrowserContext:
    return _new_context(chromium, DESK, "light")


@pytest.fixture(scope="package")
def on_a_phone(chromium: Browser) -> BrowserContext:
    return _new_context(chromium, PHONE, "dark")


@pytest.fixture
def desk(at_desk: BrowserContext, request: pytest.FixtureRequest) -> Iterator[Screen]:
    yield from _screen(at_desk, request)


@pytest.fixture
def phone(on_a_phone: BrowserContext, request: pytest.FixtureRequest) -> Iterator[Screen]:
    """A phone in dark mode."""
    yield from _screen(on_a_phone, request)


def _new_context(chromium: Browser, size: tuple[int, int], scheme: Literal["light", "dark"]) -> BrowserContext:
    """Without movements: what moves is painted 60 times a second, by the processor."""
    width, height = size
    context = chromium.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, reduced_motion="reduce"
    )
    context.new_page()  # which stays, and the window with it
    return context


def _screen(context: BrowserContext, request: pytest.FixtureRequest) -> Iterator[Screen]:
    """A reader who was never here, in a browser that keeps Streamlit's scripts: loading and compiling takes seconds."""
    context.set_storage_state({})
    screen = Screen(context.new_page())
    yield screen
    if request.node.stash.get(FAILED, False):
        PICTURES.mkdir(exist_ok=True)
        screen.page.screenshot(path=PICTURES / f"{request.node.name}.png", full_page=True)
        log.error("At %s the browser complained of %s", screen.page.url, screen.complaints or "nothing")
    for page in context.pages[1:]:
        page.close()
