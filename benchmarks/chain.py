"""What a marketer waits for on the running app: previews, and a campaign to its last receipt."""

import time
from typing import Any

import httpx
from pymongo import UpdateOne

from benchmarks.report import Figure, median_of, time_of
from crm_core.infra.streams import INGESTED
from crm_core.rules.loading import load_rule
from crm_core.services import Services
from tests.running_app import RunningApp

CUSTOMERS = 20_000
SCOPES = ("campaigns:read", "campaigns:write")
FIELD_RULE = {"kind": "field", "field": "total_spend", "op": "gt", "value": 100}
ORDERS_RULE = {"kind": "orders", "op": "gte", "value": 2, "within_days": 180}


def run(app: RunningApp) -> None:
    with app.services() as services, app.api(*SCOPES) as api:
        load_shop(services)
        preview(services)
        campaign(api, services)


def load_shop(services: Services) -> None:
    """The demo shop, stored; ``benchmarks.ingestion`` measures how fast that goes."""
    services.demo_loader.load(customers=CUSTOMERS, seed=1, progress=lambda done, in_all: None)
    services.publisher.wait_until_empty(*INGESTED, timeout_s=300)


def preview(services: Services) -> None:
    """Exact counts, beside the bare count of the nearest query."""
    bare_s = median_of(lambda: services.db.customers.count_documents({"total_spend_minor": {"$gt": 10_000}}))
    for what, rule in (("one field rule", FIELD_RULE), ("orders in a period", ORDERS_RULE)):
        tree = load_rule({"kind": "all", "rules": [rule]})
        seconds = median_of(lambda tree=tree: services.audience.preview(tree, sample=10))  # type: ignore[misc]
        figure = Figure(f"previews with total and sample: {what}", 1 / seconds, "per s", 1 / bare_s, "one count")
        figure.print()


def campaign(api: httpx.Client, services: Services) -> None:
    """Launch to last receipt, through the simulated vendor, beside the bare writes that this needs."""
    body = {"name": "Benchmark", "message": "Hi {{ customer.first_name | default: 'there' }}", "rule": FIELD_RULE}
    campaign_id = api.post("/campaigns", json=body).raise_for_status().json()["id"]
    started = time.perf_counter()
    api.post(f"/campaigns/{campaign_id}/launch").raise_for_status()
    while not _is_done(stats := api.get(f"/campaigns/{campaign_id}/stats").json()):
        time.sleep(0.05)
    seconds = time.perf_counter() - started
    count = stats["audience"]
    what = f"campaign of {count:,}, launch to last receipt"
    bare_s = _book_bare(services, campaign_id)
    Figure(what, count / seconds, "messages/s", count / bare_s, "rows inserted and moved twice").print()


def _book_bare(services: Services, campaign_id: str) -> float:
    """Seconds to insert the ledger's rows elsewhere and to move each twice, in bulk."""
    ids = [row["_id"] for row in services.db.messages.find({"campaign_id": campaign_id}, {"_id": 1})]
    bare = services.db.bare_messages
    moves = [[UpdateOne({"_id": row}, {"$max": {"rank": rank}}) for row in ids] for rank in (1, 3)]

    def book() -> None:
        bare.insert_many([{"_id": row, "rank": 0} for row in ids], ordered=False)
        for requests in moves:
            bare.bulk_write(requests, ordered=False)

    seconds = time_of(book)
    bare.drop()
    return seconds


def _is_done(stats: dict[str, Any]) -> bool:
    return stats["state"] == "completed" and not stats["by_state"]["pending"] and not stats["by_state"]["sent"]
