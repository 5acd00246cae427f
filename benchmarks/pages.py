"""The page of a campaign with a million messages: what its parts ask for, its counts, and until Chromium shows it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import Any

import numpy as np
from playwright.sync_api import sync_playwright

from benchmarks.report import Figure, median_of, time_of
from benchmarks.shop import NOW, customer_id, fill_customers, insert
from crm_core.campaigns.counting import read_details
from crm_core.campaigns.listing import CampaignFilter, CampaignSort
from crm_core.campaigns.messages.model import Message
from crm_core.campaigns.messages.rows import BY_RANK, new_row
from crm_core.campaigns.model import Campaign
from crm_core.campaigns.states import CampaignState
from crm_core.infra.mongo import Doc
from crm_core.rules.loading import load_rule
from crm_core.schema.message_states import MessageState
from crm_core.services import Services
from tests.actors import BENCHMARK
from tests.browser.conftest import ARGUMENTS, CHROMIUM, DESK
from tests.browser.screen import Screen
from tests.running_app import RunningApp
from tests.waiting import eventually

ROWS, FEW = 1_000_000, 1_000
GOAL_S = 1.5
RUNS = 7
"""Of which the first does not count."""
LAUNCHED = NOW - timedelta(days=3)
SENDING_S = 600
WORDS = "Hi {{ customer.first_name | default: 'there' }}, the autumn range is in, picked by what you liked before."
VISITED = load_rule({"kind": "field", "field": "visits", "op": "gte", "value": 0})
SECTIONS = {
    "results": ".st-key-opens",
    "failures": "table",
    "recipients": "table",
    "message": "[class*=st-key-campaign_sent_]",
    "history": "[class*=st-key-campaign_history]",
}
"""What is drawn last in each."""


def run(app: RunningApp) -> None:
    with app.administrator() as services:
        fill_customers(services.db, ROWS)
        large, filled_s = _fill_campaign(services, ROWS)
        small, _ = _fill_campaign(services, FEW)
        print(f"  {ROWS:,} rows of one campaign written in {filled_s:.0f} s", flush=True)
        _report_counts(services, large)
        _wait_until_counted(services, large, small)
        _report_parts(services, large["_id"])
    _report_screens(app, large["_id"], small["_id"])


def _fill_campaign(services: Services, rows: int) -> tuple[Campaign, float]:
    """As it is after its last receipt, and the seconds that writing its rows took."""
    variants: Any = [{"name": name, "message": WORDS, "subject": f"Autumn, {name}"} for name in "AB"]
    draft = services.campaigns.create(
        name=f"To {rows:,}", channel="email", variants=variants, rule=VISITED, holdout_percent=5, actor=BENCHMARK
    )
    course: Doc = {
        "state": CampaignState.COMPLETED,
        "seed": draft["_id"],
        "launched_at": LAUNCHED,
        "launched_by": BENCHMARK.label,
        "planned_at": LAUNCHED + timedelta(seconds=20),
        "finished_at": LAUNCHED + timedelta(seconds=SENDING_S),
        "audience": rows,
        "counts_due": LAUNCHED,
        "details_due": NOW,
    }
    spent = time_of(lambda: insert(services.db, "messages", map(dict, _rows(draft["_id"], rows))))
    services.db.campaigns.update_one({"_id": draft["_id"]}, {"$set": course})
    return services.campaigns.get(draft["_id"]), spent


def _rows(campaign_id: str, count: int) -> Iterator[Message]:
    """One in twenty is held out, as many are skipped, three in a hundred fail, a third is opened."""
    random = np.random.default_rng(1)
    luck, delays = random.random(count), random.exponential(40_000, count).astype(int)
    for place, (chance, delay) in enumerate(zip(luck.tolist(), delays.tolist(), strict=True)):
        who, row = customer_id(place), partial(new_row, campaign_id, channel="email", at=LAUNCHED)
        if chance < 0.05:
            yield row(who, state=MessageState.HELD_OUT, address_key=f"person{place}@example.com")
        elif chance < 0.1:
            yield row(who, state=MessageState.SKIPPED, reason="no_consent" if chance < 0.07 else "no_address")
        else:
            yield _sent(row(who, address_key=f"person{place}@example.com"), place, chance, delay)


def _sent(row: Message, place: int, chance: float, delay_s: int) -> Message:
    at = LAUNCHED + timedelta(seconds=SENDING_S * place / ROWS)
    row |= {"sent_at": at, "variant": "AB"[place % 2], "vendor_id": f"v-{place}", "subject": "Autumn, A"}
    row["text"] = f"Hi Name{place % 5000}, the autumn range is in, picked by what you liked before."
    state = next(state for least, state in _SHARES if chance < least)
    if state is MessageState.FAILED:
        return row | {"rank": state.rank, "failed_at": at, "reason": "mailbox_full" if chance < 0.12 else "busy"}
    row |= {"rank": state.rank, "delivered_at": at + timedelta(seconds=2)}
    if state is not MessageState.DELIVERED:
        row["opened_at"] = min(at + timedelta(seconds=delay_s + 3), NOW)
    if state is MessageState.CLICKED:
        row["clicked_at"] = min(at + timedelta(seconds=delay_s + 63), NOW)
    return row


_SHARES = (
    (0.13, MessageState.FAILED),
    (0.19, MessageState.CLICKED),
    (0.45, MessageState.OPENED),
    (1.0, MessageState.DELIVERED),
)


def _report_counts(services: Services, campaign: Campaign) -> None:
    """What the campaign worker does once rows have moved, and the page where it is down."""
    log, campaign_id = services.message_log, campaign["_id"]
    bare_s = median_of(lambda: services.db.messages.count_documents({"campaign_id": campaign_id}, hint=BY_RANK), runs=3)
    for what, count in (
        ("by state and reason", lambda: log.stats(campaign_id)),
        ("by variant and over time", lambda: read_details(log, campaign, NOW)),
    ):
        rate = ROWS / median_of(count, runs=3)
        Figure(f"counts {what}", rate, "rows per s", ROWS / bare_s, "one plain count").print()


def _wait_until_counted(services: Services, *campaigns: Campaign) -> None:
    for campaign in campaigns:
        eventually(
            lambda campaign_id=campaign["_id"]: services.campaigns.watch(campaign_id),  # type: ignore[misc]
            lambda found: "counts" in found and "details" in found and "details_due" not in found,
            "the figures of a campaign",
        )


def _report_parts(services: Services, campaign_id: str) -> None:
    """Each beside reading one page of rows by an index."""
    page = {"campaign_id": campaign_id, "rank": MessageState.DELIVERED.rank}
    bare_s = median_of(lambda: list(services.db.messages.find(page).limit(25)))
    recipients = services.campaign_recipients
    asked: dict[str, Callable[[], object]] = {
        "head and results": lambda: _ask_head(services, campaign_id),
        "the list of campaigns": lambda: _ask_list(services),
        "recipients, a page": lambda: recipients.page(campaign_id, actor=BENCHMARK, limit=25),
        "recipients who failed, a page": lambda: recipients.page(
            campaign_id, actor=BENCHMARK, state=MessageState.FAILED, reason="busy", limit=25
        ),
        "recipients, found by name": lambda: recipients.find(
            campaign_id, "name77 family", actor=BENCHMARK, state=MessageState.OPENED, limit=25
        ),
        "a message as it was sent": lambda: recipients.sample(campaign_id, "B", actor=BENCHMARK, skip=20),
        "history": lambda: services.campaign_history.of(campaign_id, actor=BENCHMARK),
    }
    for what, work in asked.items():
        Figure(f"services: {what}", 1 / median_of(work), "per s", 1 / bare_s, "25 rows of the index").print()


def _ask_head(services: Services, campaign_id: str) -> None:
    campaign = services.campaigns.watch(campaign_id)
    services.figures.stats(campaign, actor=BENCHMARK)
    services.figures.details(campaign, actor=BENCHMARK)


def _ask_list(services: Services) -> None:
    wanted = CampaignFilter()
    services.campaign_list.counts(wanted, actor=BENCHMARK)
    found = services.campaign_list.page(wanted, CampaignSort(), skip=0, limit=20, actor=BENCHMARK)
    for campaign in found:
        services.figures.stats(campaign, actor=BENCHMARK)


def _report_screens(app: RunningApp, large: str, small: str) -> None:
    """Opened by link in a browser that has been there before, by turns."""
    with _screen(app) as screen:
        for section, last in SECTIONS.items():
            times = [
                _time_to_open(screen, f"{app.url}/campaign?campaign={each}&section={section}", last)
                for _ in range(RUNS)
                for each in (large, small)
            ]
            large_s, small_s = (float(np.median(times[place + 2 :: 2])) for place in (0, 1))
            print(
                f"  Chromium: {section:<11} {large_s:.2f} s   {FEW:,} rows {small_s:.2f} s, ratio "
                f"{large_s / small_s:.2f}   goal ≤ {GOAL_S} s",
                flush=True,
            )


@contextmanager
def _screen(app: RunningApp) -> Iterator[Screen]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        width, height = DESK
        screen = Screen(browser.new_page(viewport={"width": width, "height": height}))
        screen.open(f"{app.url}/campaigns")
        yield screen
        browser.close()


def _time_to_open(screen: Screen, url: str, last: str) -> float:
    def open_it() -> None:
        screen.page.goto(url)
        screen.page.locator(".identity-words").wait_for()
        screen.page.locator(last).first.wait_for()

    return time_of(open_it)
