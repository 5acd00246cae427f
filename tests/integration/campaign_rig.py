"""A campaign with its workers, run by the test one step at a time, and a vendor that counts."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from crm_core.audience.eligibility import Policy
from crm_core.campaigns.delivery import SendingRules
from crm_core.campaigns.quiet import QuietHours
from crm_core.campaigns.receipts import parse_receipts
from crm_core.campaigns.vendor import Answer
from crm_core.infra.consumer import Consumer, ConsumerPolicy
from crm_core.infra.streams import Stream
from crm_core.rules.loading import load_rule
from crm_core.services import Services
from tests.integration.population import field

HAS_VISITED = load_rule(field("visits", "gt", 0))
HELLO = "Hi {{ customer.first_name | default: 'there' }}"


class CountingVendor:
    """Idempotent by key, as the port asks; counts what it was given, and refuses or fails when told."""

    def __init__(self) -> None:
        self.accepted: dict[str, Mapping[str, str]] = {}
        self.asked: Counter[str] = Counter()
        self.failure: Exception | None = None
        self.refused: str | None = None
        """The reason for which every message is refused."""

    def send(self, campaign_id: str, messages: Sequence[Mapping[str, str]]) -> dict[str, Answer]:
        if self.failure:
            raise self.failure
        if self.refused:
            return {message["key"]: Answer(None, self.refused) for message in messages}
        for message in messages:
            self.asked[message["to"]] += 1
            self.accepted.setdefault(message["key"], message)
        return {message["key"]: Answer(f"v-{message['key']}") for message in messages}


class Rig:
    """The services with the workers of a campaign, run by the test."""

    def __init__(self, services: Services, policy: Policy | None = None, quiet: QuietHours | None = None) -> None:
        """policy: instead of the one of the settings."""
        self.services = services
        self.vendor = CountingVendor()
        self.ledger = services.ledger
        self.engine = services.engine
        self.deliverer = services.deliverer_to(self.vendor, SendingRules(policy or services.policy, quiet))
        self.delivery = self._worker(Stream.DELIVERIES, self.deliverer.handle)
        self._receipts = self._worker(Stream.RECEIPTS, services.receipt_booker.handle)

    def _worker(self, stream: Stream, handler: Any) -> Consumer:
        policy = ConsumerPolicy(batch=4, block_ms=1)
        return Consumer(self.services.redis, streams=[stream], group="test", name="a", handler=handler, policy=policy)

    def draft(self, rule: Any = HAS_VISITED, message: str = HELLO, **more: Any) -> str:
        fields: dict[str, Any] = {"name": "June", "channel": "in_app", "message": message, "rule": rule, **more}
        return str(self.services.campaigns.create(actor="asha", **fields)["_id"])

    def launch(self, campaign_id: str) -> str:
        self.services.campaigns.launch(campaign_id, actor="asha")
        return campaign_id

    def plan(self) -> None:
        """What the campaign worker does, until it finds nothing more to do."""
        while self.engine.run_once():
            pass

    def deliver(self) -> None:
        """Until nothing is left on the stream."""
        while self.services.publisher.backlog(Stream.DELIVERIES):
            self.delivery.run_once()

    def receive(self, *receipts: dict[str, Any]) -> None:
        payload = parse_receipts(json.dumps({"receipts": receipts}).encode())
        self.services.publisher.publish(Stream.RECEIPTS, [payload])
        while self.services.publisher.backlog(Stream.RECEIPTS):
            self._receipts.run_once()

    def state(self, campaign_id: str) -> str:
        return str(self.services.campaigns.get(campaign_id)["state"])

    def row(self, campaign_id: str, customer_id: str) -> dict[str, Any]:
        found = self.services.db.messages.find_one({"_id": f"{campaign_id}:{customer_id}"})
        assert found
        return found

    def counts(self, campaign_id: str) -> dict[str, int]:
        """The states that rows are in, checked against the audience."""
        stats = self.ledger.stats(campaign_id)
        rows = self.services.db.messages.count_documents({"campaign_id": campaign_id})
        assert stats.audience == sum(stats.by_state.values()) == rows
        return {str(state): count for state, count in stats.by_state.items() if count}


def receipt(campaign_id: str, customer_id: str, status: str, second: int = 0, **more: Any) -> dict[str, Any]:
    at = f"2026-06-15T12:00:{second:02}Z"
    return {"key": f"{campaign_id}:{customer_id}#0", "status": status, "at": at, **more}
