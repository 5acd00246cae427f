"""Campaigns from launch to the last receipt: rate, also with an old log and a second worker, and memory."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import psutil
from pymongo import UpdateOne

from benchmarks.report import Figure, time_of
from benchmarks.shop import fill_customers
from crm_core.campaigns.messages.rows import BY_RANK
from crm_core.campaigns.states import CampaignState
from crm_core.infra.mongo import Doc
from crm_core.schema.message_states import MessageState
from crm_core.services import Services
from tests.running_app import RunningApp, start_worker
from tests.waiting import eventually

CUSTOMERS, OLDER = 200_000, 1_000_000
GOAL_RATE = 3_000
REFERENCE = {"an empty log": 367, "an old log": 57}
"""Messages per second of the system that this project re-imagines, with 0 and with 100,000 older messages."""
TENTH, EVERYONE = ({"kind": "field", "field": "visits", "op": "gte", "value": least} for least in (16, 0))
"""About 21,000 of the customers, and all of them."""
WORKERS = ("campaigns", "delivery", "receipts", "vendor")
MESSAGE = "Hi {{ customer.first_name | default: 'there' }}, your next order ships for free."
BATCH = 10_000
LOOK_S = 0.1
HANDLED = (MessageState.SENT, MessageState.DELIVERED, MessageState.FAILED)


@dataclass
class Course:
    """One campaign. Seconds from launch. memory: worker to MB of resident memory, at each look."""

    audience: int = 0
    first_s: float = 0.0
    last_s: float = 0.0
    memory: dict[str, list[float]] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        return self.audience / self.last_s


def run(app: RunningApp) -> None:
    with app.administrator() as services, app.api("campaigns:read", "campaigns:write") as api:
        fill_customers(services.db, CUSTOMERS)
        _send(app, services, api, TENTH)  # what is imported and connected at first use is not to count
        course = _report(app, services, api, "an empty log")
        print(f"  first message sent {course.first_s:.2f} s after the launch")
        with _second_delivery_worker(app, services):
            both = _send(app, services, api, TENTH)
        print(f"  two delivery workers {both.rate:,.0f} messages/s, {both.rate / course.rate:.2f} times one")
        _fill_log(services)
        old = _report(app, services, api, "an old log")
        print(f"  {OLDER:,} older messages: {old.rate / course.rate:.2f} times the rate without")
        _report_memory(_send(app, services, api, EVERYONE))


def _report(app: RunningApp, services: Services, api: httpx.Client, log: str) -> Course:
    bare_rate = _bare_rate(services)
    course = _send(app, services, api, TENTH)
    what = f"{course.audience:,} messages, {log}, launch to last receipt"
    Figure(what, course.rate, "per s", bare_rate, "rows inserted and moved twice", GOAL_RATE).print()
    print(f"  {course.rate / REFERENCE[log]:.0f} times the reference system, on another machine")
    return course


def _send(app: RunningApp, services: Services, api: httpx.Client, rule: Doc) -> Course:
    """Looked at by what an index answers at once: counting the rows again and again would be measured too."""
    body = {"name": "Benchmark", "message": MESSAGE, "rule": rule}
    campaign_id = api.post("/campaigns", json=body).raise_for_status().json()["id"]
    course, started = Course(), time.perf_counter()
    api.post(f"/campaigns/{campaign_id}/launch").raise_for_status()
    while True:
        campaign = services.campaigns.get(campaign_id)
        is_over = campaign["state"] == CampaignState.COMPLETED and not _has(services, campaign_id, MessageState.SENT)
        course.last_s = time.perf_counter() - started
        if not course.first_s and any(_has(services, campaign_id, state) for state in HANDLED):
            course.first_s = course.last_s
        for name in WORKERS:
            course.memory.setdefault(name, []).append(_resident_mb(app.child(name)))
        if is_over:
            course.audience = campaign["audience"]
            return course
        time.sleep(LOOK_S)


def _has(services: Services, campaign_id: str, state: MessageState) -> bool:
    query = {"campaign_id": campaign_id, "rank": state.rank}
    return services.db.messages.find_one(query, {"_id": 1}, hint=BY_RANK) is not None


def _bare_rate(services: Services) -> float:
    """Rows of the newest campaign inserted elsewhere and each moved twice, in bulk."""
    newest = services.db.messages.find_one({}, sort=[("created_at", -1)])
    assert newest
    ids = [row["_id"] for row in services.db.messages.find({"campaign_id": newest["campaign_id"]}, {"_id": 1})]
    bare = services.db.bare_messages
    moves = [[UpdateOne({"_id": row}, {"$max": {"rank": rank}}) for row in ids] for rank in (1, 3)]

    def book() -> None:
        bare.insert_many([{"_id": row, "rank": 0} for row in ids], ordered=False)
        for requests in moves:
            bare.bulk_write(requests, ordered=False)

    seconds = time_of(book)
    bare.drop()
    return len(ids) / seconds


def _fill_log(services: Services) -> None:
    """Messages of campaigns that ended long ago, like those of today."""
    kept = services.db.messages.find_one({"rank": 3}, {"_id": 0})
    assert kept
    long_ago = datetime.now(UTC) - timedelta(days=200)
    for first in range(0, OLDER, BATCH):
        campaign = f"older-{first // CUSTOMERS}"
        rows = [
            _older(kept, campaign, f"customer-{number % CUSTOMERS:07d}", long_ago)
            for number in range(first, first + BATCH)
        ]
        services.db.messages.insert_many(rows, ordered=False)


def _older(kept: Doc, campaign: str, customer: str, at: datetime) -> Doc:
    row: dict[str, Any] = {name: at if isinstance(value, datetime) else value for name, value in kept.items()}
    return {**row, "_id": f"{campaign}:{customer}", "campaign_id": campaign, "customer_id": customer}


@contextmanager
def _second_delivery_worker(app: RunningApp, services: Services) -> Iterator[None]:
    worker = start_worker(app, "delivery", "--instance", "2")
    try:
        eventually(lambda: any(each.pid == worker.pid for each in services.monitor.workers()), what="second worker")
        yield
    finally:
        worker.terminate()
        worker.wait()


def _report_memory(course: Course) -> None:
    print(f"  {course.audience:,} messages at {course.rate:,.0f}/s; resident memory at the start, middle and end:")
    for name, looks in course.memory.items():
        start, middle, end = looks[0], looks[len(looks) // 2], looks[-1]
        print(f"    {name:<10} {start:>6.0f} {middle:>6.0f} {end:>6.0f} MB")


def _resident_mb(process: psutil.Process) -> float:
    return float(process.memory_info().rss) / 1e6
