"""Overview: the way in for an empty workspace, and figures that are those of the data."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from pydantic_core import from_json

from crm_core.audience.snapshot.keeper import State, Status
from crm_core.infra.streams import Stream
from crm_core.rules.loading import load_rule
from crm_core.schema.message_states import MessageState
from crm_core.services import Services
from tests.actors import TEST
from tests.conftest import TestClock
from tests.insights import load_snapshot
from tests.ui.deliveries import launched
from tests.ui.page import Page, plain
from tests.ui.shop import Record, Shop, counted, ordered_at, spend
from tests.ui.tables import links_of, rows_of

VISITED = load_rule({"kind": "field", "field": "visits", "op": "gt", "value": 0})
MESSAGE = "Hi {{ customer.name }}"


def set_job(services: Services, **values: object) -> None:
    services.db.jobs.update_one({}, {"$set": values})


def test_an_empty_workspace_offers_demo_data_and_says_how_to_import(workspace: Services) -> None:
    page = Page("overview")
    assert page.title == "Welcome to ClientNest"
    assert page.buttons()[0] == "Load demo data"
    assert page.buttons()[-1] == "Import a file"
    assert "python -m crm_core key create" in page.words
    assert "python -m crm_core import orders.csv" in page.words
    assert not page.test.metric
    page.click("Import a file")
    assert page.title == "Data"


def test_the_button_asks_the_jobs_worker_for_demo_data_once(workspace: Services) -> None:
    page, colleague = Page("overview"), Page("overview")
    page.click("Load demo data")
    (job,) = workspace.db.jobs.find()
    assert (job["kind"], job["state"], job["params"]["customers"]) == ("demo", "queued", 20_000)
    entries: Any = workspace.redis.xrange(Stream.JOBS)
    assert [from_json(fields[b"d"]) for _, fields in entries] == [{"job_id": job["_id"]}]
    assert "Loading demo data" in page.words
    assert "Load demo data" not in page.buttons()
    colleague.click("Load demo data")
    assert "Loading demo data" in colleague.words
    assert workspace.db.jobs.count_documents({}) == workspace.redis.xlen(Stream.JOBS) == 1


def test_progress_says_how_much_is_made_and_how_much_waits(workspace: Services) -> None:
    workspace.demo_jobs.start(customers=200, seed=1, actor=TEST)
    set_job(workspace, state="running")
    assert "Starting" in Page("overview").words
    set_job(workspace, state="running", done=1500, total=6000)
    workspace.publisher.publish(Stream.ORDERS, [b"{}"] * 3)
    page = Page("overview")
    assert "1,500 of 6,000 records made · 3 still to be stored" in page.words
    assert page.progress == [25]


def test_loading_demo_data_can_be_cancelled(workspace: Services) -> None:
    workspace.demo_jobs.start(customers=200, seed=1, actor=TEST)
    set_job(workspace, state="running", done=1500, total=6000)
    page = Page("overview")
    assert "Those that were made stay." in page.words
    page.click("Cancel loading")
    job = workspace.demo_jobs.latest()
    assert job
    assert (job["state"], job["cancelled_by"]) == ("cancelled", "local admin")
    assert "Load demo data" in page.buttons()


def test_a_load_in_hand_shows_its_last_sign_of_life(workspace: Services) -> None:
    workspace.demo_jobs.start(customers=200, seed=1, actor=TEST)
    set_job(workspace, state="running", done=1500, total=6000, heartbeat_at=workspace.clock() - timedelta(seconds=12))
    page = Page("overview")
    assert "Last sign of life 12 s ago." in page.words
    assert not page.errors
    set_job(workspace, heartbeat_at=workspace.clock() - timedelta(minutes=2))
    page.run()
    assert "No sign of life for 2 min: the worker may be gone. The job is taken up again by itself" in page.errors


def test_a_load_that_waits_for_long_says_why_that_may_be(workspace: Services, clock: TestClock) -> None:
    workspace.demo_jobs.start(customers=200, seed=1, actor=TEST)
    page = Page("overview")
    assert "Waits for the jobs worker" in page.words
    assert "Another job may be in hand" not in page.words
    clock.advance(minutes=1, seconds=5)
    page.run()
    assert "Waiting for 1 min 5 s. Another job may be in hand, or no jobs worker runs." in page.words


def test_figures_follow_when_the_demo_data_is_there(workspace: Services, shop: Shop) -> None:
    workspace.demo_jobs.start(customers=200, seed=1, actor=TEST)
    load_snapshot(workspace)
    assert not Page("overview").test.metric
    set_job(workspace, state="done")
    assert Page("overview").metric("Revenue")


def within(orders: Sequence[Record], first: date, last: date) -> list[Record]:
    return [order for order in orders if first <= ordered_at(order).date() <= last]


def test_key_figures_are_those_of_the_range_and_of_the_days_before(shop: Shop, workspace: Services) -> None:
    load_snapshot(workspace)
    page = Page("overview", range="2026-05-26..2026-06-08")
    now = within(counted(shop.orders), date(2026, 5, 26), date(2026, 6, 8))
    before = within(counted(shop.orders), date(2026, 5, 12), date(2026, 5, 25))
    assert page.metric("Revenue") == f"${spend(now):,.2f}"
    assert page.metric("Orders") == f"{len(now):,}"
    assert page.metric("Active customers") == f"{len({order['customer_id'] for order in now}):,}"
    share = 100 * (len(now) - len(before)) / len(before)
    shown = next(metric for metric in page.test.metric if metric.label == "Orders")
    assert (shown.delta, shown.proto.delta_description) == (f"{share:+.1f} %", f"was {len(before)}")
    assert "26 May to 8 Jun 2026, against the 14 days before." in page.words


def test_rates_of_nothing_are_no_percentages(shop: Shop, workspace: Services) -> None:
    load_snapshot(workspace)
    page = Page("overview")
    assert page.metric("Delivery rate") == page.metric("Click rate") == "–"
    assert "Nothing was sent in this range." in page.words


def test_the_range_is_chosen_and_stands_in_the_link(shop: Shop, workspace: Services) -> None:
    load_snapshot(workspace)
    page = Page("overview")
    assert page.query["range"] == "30d"
    assert "17 May to 15 Jun 2026, against the 30 days before." in page.words
    page.choose("Range of days", "7d")
    page.go_to("overview", **page.query)
    assert "9 Jun to 15 Jun 2026, against the 7 days before." in page.words
    page.go_to("overview", range="2026-01-02..2026-01-03")
    assert "2 Jan to 3 Jan 2026, against the 2 days before." in page.words
    page.go_to("overview", range="nonsense")
    assert "17 May to 15 Jun 2026" in page.words


def test_revenue_by_month_is_that_of_the_orders(shop: Shop, workspace: Services) -> None:
    load_snapshot(workspace)
    by_month: defaultdict[date, list[float]] = defaultdict(list)
    for order in counted(shop.orders):
        at = ordered_at(order)
        by_month[date(at.year, at.month, 1)].append(order["amount"])
    page = Page("overview")
    (bars,) = page.chart("revenue")
    shown = dict(zip(map(date.fromisoformat, bars["x"]), bars["y"], strict=True))
    assert len(shown) == 12
    assert {month: revenue for month, revenue in shown.items() if revenue} == {
        month: round(sum(amounts), 2) for month, amounts in by_month.items()
    }
    best = max(by_month, key=lambda month: sum(by_month[month]))
    assert (
        f"Best: {best:%B %Y} with ${sum(by_month[best]):,.2f}. June is hatched: 14 of 30 days are past." in page.words
    )


def test_orders_have_their_hours_once_they_are_asked_for(shop: Shop, workspace: Services) -> None:
    load_snapshot(workspace)
    page = Page("overview")
    assert "Nothing in this range." in page.words
    page.choose("What", "ordered")
    within_range = within(counted(shop.orders), date(2026, 5, 17), date(2026, 6, 15))
    heat, _ = page.chart("hours")
    assert sum(map(sum, heat["z"])) == len(within_range)


def test_without_room_in_memory_the_rest_of_the_page_is_there(
    shop: Shop, workspace: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(workspace.snapshot), "state", property(lambda _: State(Status.TOO_LARGE)))
    page = Page("overview")
    shown = "\n".join(info.value for info in page.test.info)
    assert "The data are too large for the memory that CRM" in plain(shown)
    assert rows_of(page, "Orders")
    assert "No campaign yet" in page.words


def test_figures_that_are_older_than_a_moment_say_so(
    shop: Shop, workspace: Services, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_snapshot(workspace)
    words = "Figures of 12 s ago; what has changed since is being read."
    assert words not in Page("overview").words
    state = workspace.snapshot.state
    assert state.as_of
    old = replace(state, as_of=clock() - timedelta(seconds=12))
    monkeypatch.setattr(type(workspace.snapshot), "state", property(lambda _: old))
    assert words in Page("overview").words


def test_while_figures_are_loaded_the_rest_of_the_page_is_there(shop: Shop, workspace: Services) -> None:
    page = Page("overview")
    assert "Loading the figures into memory" in page.words
    assert rows_of(page, "Orders")
    assert "No campaign yet" in page.words
    load_snapshot(workspace)
    page.run()
    assert page.metric("Revenue")


def test_the_latest_orders_are_shown_newest_first(shop: Shop) -> None:
    latest = sorted(shop.orders, key=lambda order: (ordered_at(order), order["id"]), reverse=True)
    names = {customer["id"]: customer["name"] for customer in shop.customers}
    page = Page("overview")
    rows = rows_of(page, "Orders")
    assert [row["Customer"] for row in rows] == [names[order["customer_id"]] for order in latest[: len(rows)]]
    assert [row["Amount"] for row in rows] == [f"${order['amount']:,.2f}" for order in latest[: len(rows)]]
    assert links_of(page, "Orders") == [f"customer?customer={order['customer_id']}" for order in latest[: len(rows)]]


def test_without_a_campaign_the_next_step_is_an_audience(shop: Shop) -> None:
    page = Page("overview")
    page.click("Build an audience")
    assert page.title == "Audience builder"


def test_recent_campaigns_are_linked(shop: Shop, workspace: Services, clock: TestClock) -> None:
    made = [
        workspace.campaigns.create(name=f"Wave {n}", channel="in_app", message=MESSAGE, rule=VISITED, actor=TEST)
        for n in range(6)
    ]
    clock.advance(hours=3)
    page = Page("overview")
    newest = [f"campaign?campaign={made[n]['_id']}" for n in (5, 4, 3, 2, 1)]
    assert links_of(page, "Recent campaigns") == newest


def test_a_campaign_has_the_same_figures_and_words_here_as_on_its_page(shop: Shop, workspace: Services) -> None:
    delivered, opened = (MessageState.DELIVERED, None), (MessageState.OPENED, None)
    launched(workspace, {delivered: 3, opened: 1, (MessageState.SKIPPED, "no_consent"): 9}, name="Done", is_done=True)
    launched(workspace, {delivered: 3, (MessageState.PENDING, None): 1}, name="Going")
    page = Page("overview")
    assert rows_of(page, "Recent campaigns") == [{"Campaign": "Done", "Open %": "25.0", "Click %": "–"}]
    assert "9 of 13 customers got no message; 4 did or still may. Why: 9 no consent." in page.words.replace("*", "")
    assert "3 of 4 handled" in page.words
    assert "Going" in page.links
