"""A campaign that is disturbed while it runs, and its two witnesses: our message log and the vendor's own count."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import httpx

from crm_core.campaigns.messages.message_log import Stats
from crm_core.campaigns.states import CampaignState
from crm_core.infra.mongo import consistent
from crm_core.infra.streams import Stream
from crm_core.schema.message_states import MessageState
from crm_core.services import Services
from tests.running_app import RunningApp
from tests.told_vendor import vendor
from tests.waiting import eventually

RECEIPTED = (MessageState.DELIVERED, MessageState.OPENED, MessageState.CLICKED, MessageState.FAILED)


@dataclass(frozen=True)
class Audience:
    """Customers of one tag. opted_out: how many of them have denied their consent; all others can be reached."""

    tag: str
    size: int
    opted_out: int = 0

    @property
    def reachable(self) -> int:
        return self.size - self.opted_out

    @property
    def rule(self) -> dict[str, Any]:
        return {"kind": "field", "field": "tags", "op": "has_any", "value": [self.tag]}


def _post(client: httpx.Client, records: list[dict[str, Any]]) -> int:
    """Servers may be coming back from the test before: whoever calls tries again."""
    return client.post("/customers", json=records).status_code


def store_audience(app: RunningApp, client: httpx.Client, audience: Audience) -> None:
    records: list[dict[str, Any]] = [
        {"id": f"{audience.tag}-{number:05}", "tags": [audience.tag]} for number in range(audience.size)
    ]
    for record in records[:: max(1, audience.size // max(1, audience.opted_out))][: audience.opted_out]:
        record["consent"] = {"in_app": "denied"}
    for start in range(0, len(records), 1000):
        eventually(partial(_post, client, records[start : start + 1000]), lambda code: code == 202, "accepted records")
    with app.services() as services:
        services.publisher.wait_until_empty(Stream.CUSTOMERS, timeout_s=120)


def launch(client: httpx.Client, rule: dict[str, Any], *, confirm_everyone: bool = False) -> str:
    body = {"name": "Disturbed", "message": "Hi {{ customer.id }}", "rule": rule}
    made = eventually(lambda: client.post("/campaigns", json=body), lambda answer: answer.status_code != 503)
    assert made.status_code == 201, made.text
    campaign_id: str = made.json()["id"]
    launched = client.post(f"/campaigns/{campaign_id}/launch", json={"confirm_everyone": confirm_everyone})
    assert launched.status_code == 202, launched.text
    return campaign_id


def check_each_messaged_once(app: RunningApp, services: Services, campaign_id: str, audience: Audience) -> None:
    """Wait for the end of the campaign, then compare the message log with what the vendor counted for itself.

    Whoever blocked an earlier campaign is suppressed, and gets nothing.
    """
    eventually(lambda: services.campaigns.get(campaign_id)["state"], lambda state: state == CampaignState.COMPLETED)
    rows = {"campaign_id": campaign_id, "reason": "suppressed"}
    suppressed = {row["customer_id"] for row in services.db.messages.find(rows, {"customer_id": 1})}
    assert suppressed <= set(services.db.suppressions.distinct("customer_id"))
    reachable = audience.reachable - len(suppressed)
    stats = eventually(
        lambda: services.message_log.stats(campaign_id), lambda found: receipted(found) >= reachable, "receipts"
    )
    log = consistent(services.db).messages  # receipts of openings still move them
    assert log.count_documents({"campaign_id": campaign_id}) == stats.audience == audience.size
    assert receipted(stats) == reachable
    skipped = {"no_consent": audience.opted_out, "suppressed": len(suppressed)}
    assert stats.skipped_by_reason == {reason: count for reason, count in skipped.items() if count}
    counted = eventually(lambda: vendor_counters(app, campaign_id), what="vendor")
    assert counted["distinct"] == reachable
    assert (counted["accepted_twice"], counted["delivered_twice"]) == (0, 0)
    assert counted["failed"] == stats.by_state[MessageState.FAILED]
    assert counted["delivered"] == reachable - counted["failed"]


def vendor_counters(app: RunningApp, campaign_id: str) -> dict[str, Any]:
    answer = vendor(app).get("/v1/counters", params={"campaign": campaign_id})
    found: dict[str, Any] = answer.raise_for_status().json()
    return found


def handled(stats: Stats) -> int:
    """Messages that were given to the vendor."""
    return stats.audience - stats.by_state[MessageState.PENDING]


def receipted(stats: Stats) -> int:
    """Messages whose receipt is booked."""
    return sum(stats.by_state[state] for state in RECEIPTED)


def progress(stats: Stats) -> int:
    """Steps done: rows written, rows handled, receipts booked."""
    return stats.audience + handled(stats) + receipted(stats)
