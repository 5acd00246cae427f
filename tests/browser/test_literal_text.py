"""What people typed is shown as they typed it: no link, no icon, no formatting comes of it, on pages and in figures."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect

from crm_core.access.permissions import Role
from crm_core.hosting.ports import free_port
from crm_core.rules.loading import load_rule
from tests.actors import TEST
from tests.browser.hostile import HOSTILE
from tests.browser.screen import Screen, give_session
from tests.integration.feeding import store_customers
from tests.running_app import ROOT, RunningApp
from tests.waiting import eventually

SHOWN = "[data-testid=stMarkdownContainer], [data-testid=stHeading]"
BAIT = "www.evil.example :material/skull: http://evil.example a@evil.example <a href='//evil.example'>x</a>"


@pytest.fixture(scope="module")
def literal_page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a page that shows the hostile texts in every kind of element."""
    url = f"http://127.0.0.1:{free_port()}"
    argv = (sys.executable, "-m", "streamlit", "run", str(Path(__file__).with_name("literal_page.py")))
    options = ("--server.port", url.rpartition(":")[2], "--server.address", "127.0.0.1", "--server.headless", "true")
    log = tmp_path_factory.mktemp("literal") / "page.log"
    with log.open("wb") as output:
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        process = subprocess.Popen([*argv, *options], cwd=ROOT, env=environment, stdout=output, stderr=output)
        try:
            eventually(lambda: _is_up(url), what="a page")
            yield url
        finally:
            process.kill()
            process.wait()


def _is_up(url: str) -> bool:
    try:
        return httpx.get(f"{url}/_stcore/health", trust_env=False).is_success
    except httpx.TransportError:
        return False


def test_every_element_shows_hostile_texts_as_typed(literal_page: str, desk: Screen) -> None:
    desk.page.goto(literal_page)
    desk.settle()
    page = desk.page
    expect(page.locator(".st-key-chart .ytick text")).to_have_count(len(HOSTILE))
    for place, text in enumerate(HOSTILE):
        shown = page.locator(f".st-key-text_{place}").locator(SHOWN).all_inner_texts()
        assert len(shown) >= 9
        assert [words for words in shown if text not in words.replace("\n", " ")] == []
    assert page.locator(".st-key-pills button").all_inner_texts() == list(HOSTILE)
    assert set(HOSTILE) <= set(page.get_by_test_id("stTable").locator("td").all_inner_texts())
    assert page.locator(".st-key-chart .ytick text").all_text_contents() == list(HOSTILE)
    expect_no_bait(desk)


def expect_no_bait(screen: Screen) -> None:
    page = screen.page
    expect(page.locator("a[href*='evil'], svg a, img[src*='evil']")).to_have_count(0)
    expect(page.get_by_role("img", name="skull icon")).to_have_count(0)
    expect(page.get_by_text("skull", exact=True)).to_have_count(0)


@dataclass(frozen=True)
class Bait:
    """session: the secret of an admin's."""

    segment: str
    session: str


@pytest.fixture(scope="module")
def bait(app: RunningApp) -> Bait:
    """In all that people name: a customer with every text, a segment, a campaign, its variant and tags."""
    with app.services() as services:
        texts = {"name": BAIT, "city": BAIT, "category": BAIT, "tags": [BAIT], "attributes": {"bait": BAIT}}
        store_customers(services, {"id": "c1", "visits": 1, **texts})
        rule = load_rule({"kind": "field", "field": "city", "op": "eq", "value": BAIT})
        segment = services.segments.save(BAIT[:90], rule, actor=TEST)["_id"]
        campaign = services.campaigns.create(
            actor=TEST,
            name=BAIT[:90],
            channel="in_app",
            message=BAIT,
            segment_id=segment,
            tags=[BAIT[:40]],
            intent=BAIT,
        )
        services.campaigns.launch(campaign["_id"], actor=TEST)
        admin = services.users.invite("ada@example.com", Role.ADMIN, actor=TEST)
        return Bait(segment, services.sessions.open(admin.id))


PAGES = (
    *("", "segments", "campaigns", "customers", "customers?search=www.evil.example"),
    *("customer?customer=c1", "data", "audience-builder?segment={segment}", "new-campaign?segment={segment}"),
)
SHOW_NONE = ("data", "audience-builder?segment={segment}")
"""Without the texts, or with them on the board only."""


@pytest.mark.parametrize("path", PAGES)
def test_names_of_people_lead_nowhere(app: RunningApp, bait: Bait, desk: Screen, path: str) -> None:
    give_session(desk.page.context, app, bait.session)
    screen = Screen(desk.page.context.new_page(), has_signed_in=True)
    screen.open(f"{app.url}/{path.format(segment=bait.segment)}")
    if path not in SHOW_NONE:
        expect(screen.page.get_by_text("www.evil.example").first).to_be_visible()
    expect_no_bait(screen)
    screen.check_health()
