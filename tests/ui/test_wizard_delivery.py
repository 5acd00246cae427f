"""The delivery of a new campaign: when, how fast, and who is held back, as the review says it."""

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from crm_core.rules.loading import load_rule
from crm_core.services import Services
from tests.actors import TEST
from tests.conftest import TestClock
from tests.insights import load_snapshot as snapshot_with_messages
from tests.ui.page import Page
from tests.ui.shop import Shop, counted, ordered_at
from tests.ui.wizard import launch, launch_label, load_snapshot, review, to_step
from tests.workspace import set_workspace


@pytest.fixture
def page(workspace: Services, shop: Shop) -> Page:
    rule = load_rule({"kind": "field", "field": "visits", "op": "gte", "value": 0})
    segment = workspace.segments.save("All", rule, actor=TEST)
    return Page("new_campaign", segment=segment["_id"], step="delivery")


def stored(services: Services) -> dict[str, Any]:
    (draft,) = services.db.campaigns.find()
    return dict(draft)


def at(page: Page, day: date, clock: time, zone: str) -> None:
    for label, value in (("Time zone", zone), ("Day", day), ("Time", clock)):
        page.choose(label, value)


def test_a_start_in_a_named_zone_is_stored_and_scheduled(workspace: Services, page: Page, clock: TestClock) -> None:
    page.choose("Start", "later")
    day = clock.now.date() + timedelta(days=30)
    at(page, day, time(18, 0), "Asia/Kolkata")
    start = datetime.combine(day, time(12, 30), tzinfo=UTC)
    assert stored(workspace)["start_at"] == start
    assert f"That is {start:%Y-%m-%d %H:%M:%S} UTC." in page.words
    review(page, workspace)
    assert launch_label(page).startswith("Schedule to ")
    launch(page)
    assert (stored(workspace)["state"], stored(workspace)["scheduled_at"]) == ("scheduled", start)


def test_a_time_that_has_passed_or_that_the_clock_skips_is_refused(
    workspace: Services, page: Page, clock: TestClock
) -> None:
    page.choose("Start", "later")
    at(page, clock.now.date().replace(year=clock.now.year - 1), time(9, 0), "Europe/Berlin")
    assert "has passed" in page.errors
    spring = max(day for day in range(25, 32) if date(clock.now.year + 1, 3, day).weekday() == 6)
    at(page, date(clock.now.year + 1, 3, spring), time(2, 30), "Europe/Berlin")
    assert "there is no 02:30 in Europe/Berlin: clocks go forward, to 03:00." in page.errors
    page.choose("Start", "now")
    assert stored(workspace)["start_at"] is None


def test_holdout_tags_and_intent_are_kept_and_the_holdout_is_reviewed(workspace: Services, page: Page) -> None:
    page.choose("Hold back, in percent of the audience", 50.0)
    page.choose("What it is for", "Win back")
    draft = stored(workspace)
    assert (draft["holdout_percent"], draft["intent"]) == (50, "Win back")
    review(page, workspace)
    (job,) = workspace.db.jobs.find({"kind": "rehearsal"})
    states = job["result"]["by_state"]
    assert states["held_out"] + states["sent"] == job["result"]["audience"]
    assert f"{states['sent']} messaged + {states['held_out']} held out" in page.words.replace("*", "")
    assert "50 % get nothing, to compare with" in page.words


def test_limits_of_the_workspace_are_said_with_what_they_do(workspace: Services, page: Page) -> None:
    assert "None: messages go out at any hour." in page.words
    set_workspace(workspace, quiet_hours="21:00-08:00", channel_rates={"in_app": 0.5}, frequency_cap=2)
    load_snapshot(workspace)
    page.run()
    assert "21:00-08:00" in page.words
    assert "At most 0.5 a second over In-app: 40 messages take 1 min 20 s." in page.words
    assert "At most 2 over one channel in 7 days." in page.words
    page.choose("In their quiet hours", "skip")
    assert stored(workspace)["quiet_hours"] == "skip"
    review(page, workspace)
    assert "Quiet hours 21:00-08:00 are skipped" in page.words
    assert "At most 1,800 an hour" in page.words


def test_a_rehearsal_is_done_once_for_a_draft_and_anew_when_it_changes(workspace: Services, page: Page) -> None:
    review(page, workspace)
    review(page, workspace)
    assert workspace.db.jobs.count_documents({"kind": "rehearsal"}) == 1
    to_step(page, "message")
    page.choose("Message", "Another")
    review(page, workspace)
    assert workspace.db.jobs.count_documents({"kind": "rehearsal"}) == 2
    assert sorted(job["revision"] for job in workspace.db.jobs.find({"kind": "rehearsal"})) == [0, 1]


def test_the_best_hour_is_suggested_and_taken(
    workspace: Services, page: Page, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    page.choose("Start", "later")
    assert "The best time is told once the figures are in memory." in page.words
    snapshot_with_messages(workspace)
    page.run()
    assert "Too little was opened or ordered in the last 90 days to tell the best time." in page.words
    monkeypatch.setattr("pages.wizard.best_time.FEWEST", 1)
    page.run()
    assert "orders placed in the last 90 days fell into that hour" in page.words
    (label,) = [label for label in page.buttons() if label.startswith("Start on ")]
    page.click(label)
    start = stored(workspace)["start_at"]
    assert label == f"Start on {start.day} {start:%b %Y} at {start:%H:%M}"
    first = workspace.clock().date() - timedelta(days=89)
    times = [at for at in map(ordered_at, counted(shop.orders)) if at.date() >= first]
    hours = Counter((at.weekday(), at.hour) for at in times)
    assert (start.weekday(), start.hour) == min(hours, key=lambda hour: (-hours[hour], hour))
