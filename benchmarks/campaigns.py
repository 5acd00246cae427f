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
from crm_core.infra.mongo import Doc
from crm_core.services import Services
from tests.running_app import RunningApp, start_worker

CUSTOMERS, OLDER = 200_000, 1_000_000
GOAL_RATE = 3_000
REFERENCE = {"an empty log": 367, "an old log": 57}
"""Messages per second of the system that this project re-imagines, with 0 and with 100,000 older messages."""
TENTH, EVERYONE = ({"kind": "field", "field": "visits", "op": "gte", "value": least} for least in (16, 0))
"""About 21,000 of the customers, and all of them."""
WORKERS = ("campaigns", "delivery", "receipts", "vendor")
MESSAGE = "Hi {{ customer.first_name | default: 'there' }}, your next order ships for free."
BATCH = 10_000


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
    with app.services() as services, app.api("campaigns:read", "campaigns:write") as api:
        fill_customers(services.db, CUSTOMERS)
        _send(app, api, TENTH)  # what is imported and connected at first use is not to count
        course = _report(app, api, "an empty log", _bare_rate(services))
        print(f"  first message sent {course.first_s:.2f} s after the launch")
        with _second_delivery_worker(app):
            both = _send(app, api, TENTH)
        print(f"  two delivery workers {both.rate:,.0f} messages/s, {both.rate / course.rate:.2f} times one")
        _fill_log(services)
        old = _report(app, api, "an old log", _bare_rate(services))
        print(f"  {OLDER:,} older messages: {old.rate / course.rate:.2f} times the rate without")
        _report_memory(_send(app, api, EVERYONE, look_s=1.0))


def _report(app: RunningApp, api: httpx.Client, log: str, bare_rate: float) -> Course:
    course = _send(app, api, TENTH)
    what = f"{course.audience:,} messages, {log}, launch to last receipt"
    Figure(what, course.rate, "per s", bare_rate, "rows inserted and moved twice", GOAL_RATE).print()
    print(f"  {course.rate / REFERENCE[log]:.0f} times the reference system, on another machine")
    return course


def _send(app: RunningApp, api: httpx.Client, rule: Doc, *, look_s: float = 0.1) -> Course:
    body = {"name": "Benchmark", "message": MESSAGE, "rule": rule}
    path = f"/campaigns/{api.post('/campaigns', json=body).raise_for_status().json()['id']}"
    course, started = Course(), time.perf_counter()
    api.post(f"{path}/launch").raise_for_status()
    while True:
        stats = api.get(f"{path}/stats").raise_for_status().json()
        course.last_s = time.perf_counter() - started
        course.first_s = course.first_s or (course.last_s if _sent(stats) else 0.0)
        for name in WORKERS:
            course.memory.setdefault(name, []).append(_resident_mb(app.child(name)))
        if _is_over(stats):
            course.audience = stats["audience"]
            return course
        time.sleep(look_s)


def _sent(stats: Doc) -> int:
    return int(stats["audience"] - stats["by_state"]["pending"])


def _is_over(stats: Doc) -> bool:
    return stats["state"] == "completed" and not stats["by_state"]["pending"] and not stats["by_state"]["sent"]


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
def _second_delivery_worker(app: RunningApp) -> Iterator[None]:
    worker = start_worker(app, "delivery", "--instance", "2")
    try:
        time.sleep(3)  # to start
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
