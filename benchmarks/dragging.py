"""From letting go of a chip in Chromium to the new number on screen, on an app with many customers."""

import numpy as np
from playwright.sync_api import sync_playwright

from crm_core.rules.text.parsing import parse_text
from tests.actors import BENCHMARK
from tests.browser.conftest import ARGUMENTS, CHROMIUM
from tests.browser.screen import RULES, Screen
from tests.running_app import RunningApp

DRAGS = 12
INNER = RULES + 1
RULE = (
    'spend > 300 AND visits < 3 AND orders(category = "Books", last 180 days) >= 1 '
    'AND (city = "City 1" OR tags has any ("tag 1", "tag 2") OR inactive for 90 days)'
)
WATCH = """() => {
  const shown = () => document.querySelector('[data-testid="stMetricValue"]').innerText;
  const before = shown();
  window.dropped = performance.now();
  window.renewed = new Promise((done) => {
    const observer = new MutationObserver(() => {
      if (shown() !== before) { observer.disconnect(); done(performance.now() - window.dropped); }
    });
    observer.observe(document.body, { childList: true, subtree: true, characterData: true });
  });
}"""


def measure_drags(app: RunningApp, size: int) -> None:
    """A condition goes from the outer group to the inner one, and back."""
    with app.administrator() as services:
        shared = services.shared_rules.share(parse_text(RULE, services.rule_contexts.context()), actor=BENCHMARK)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        screen = Screen(browser.new_page(viewport={"width": 1440, "height": 1100}))
        screen.open(f"{app.url}/audience-builder?board={shared}")
        screen.page.get_by_text("data", exact=False).filter(has_text="s old").wait_for(timeout=600_000)
        times = [_drag(screen, number) for number in range(DRAGS)]
        browser.close()
    p50, p95 = np.percentile(times, [50, 95])
    print(
        f"    from drop to new number in Chromium at {size:,} customers: p50 {p50:.0f}, p95 {p95:.0f} ms (goal ≤ 300)"
    )


def _drag(screen: Screen, number: int) -> float:
    """Milliseconds. The first drag goes in, the next one out, and so on."""
    here, there = (RULES, INNER) if number % 2 == 0 else (INNER, RULES)
    screen.hold(screen.chip(here, "Visits"), there)
    screen.page.evaluate(WATCH)
    screen.page.mouse.up()
    taken: float = screen.page.evaluate("() => window.renewed")
    return taken
