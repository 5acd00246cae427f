"""A campaign with its workers, run by the test one step at a time, and a vendor that counts."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from crm_core.audience.eligibility import Policy
from crm_core.campaigns.engine import Engine
from crm_core.campaigns.messages.message_log import MessageLog
from crm_core.campaigns.messages.receipts import parse_receipts
from crm_core.campaigns.planning.plan import Plan
from crm_core.campaigns.planning.planner import Planner
from crm_core.campaigns.sending.delivery import SendingRules
from crm_core.campaigns.sending.quiet import QuietHours
from crm_core.campaigns.sending.release import Releaser
from crm_core.channels.sender import Answer
from crm_core.infra.consumer import Consumer, ConsumerPolicy
from crm_core.infra.streams import Stream
from crm_core.rules.loading import load_rule
from crm_core.services import Services
from tests.actors import ASHA
from tests.conftest import TestClock
from tests.integration.population import field

HAS_VISITED = load_rule(field("visits", "gt", 0))
HELLO = "Hi {{ customer.first_name | default: 'there' }}"


class Crash(BaseException):
    """The end of a process, which nothing in it catches."""


class CountingVendor:
    """Idempotent by key, as the port asks; counts what it was given, and refuses or fails when told."""

    is_idempotent = True

    def __init__(self) -> None:
        self.accepted: dict[str, Mapping[str, str]] = {}
        self.asked: Counter[str] = Counter()
        self.failure: Exception | None = None
        self.refused: str | None = None
        """The reason for which every message is refused."""
        self.refused_at: dict[str, str] = {}
        """The same by address."""
        self.crash_before = self.crash_after = False
        """Whether the worker dies before the vendor takes anything, or between that and its booking."""

    def send(self, campaign_id: str, messages: Sequence[Mapping[str, str]]) -> dict[str, Answer]:
        if self.crash_before:
            self.crash_before = False
            raise Crash
        if self.failure:
            raise self.failure
        if self.refused:
            return {message["key"]: Answer(None, self.refused) for message in messages}
        refused = {message["key"]: self.refused_at.get(message["to"]) for message in messages}
        for message in messages:
            self.asked[message["to"]] += 1
            if not refused[message["key"]]:
                self.accepted.setdefault(message["key"], message)
        if self.crash_after:
            self.crash_after = False
            raise Crash
        return {key: Answer(None, reason) if reason else Answer(f"v-{key}") for key, reason in refused.items()}


class Rig:
    """The services with the workers of a campaign, run by the test."""

    def __init__(
        self,
        services: Services,
        policy: Policy | None = None,
        quiet: QuietHours | None = None,
        *,
        chunk: int = 1000,
        batch_size: int = 250,
        claim_idle_ms: int = 15_000,
        plan: Plan | None = None,
    ) -> None:
        """policy, quiet, plan: instead of those of the services. chunk, batch_size: rows planned, released at once."""
        self.claim_idle_ms = claim_idle_ms
        self.services = services
        self.vendor = CountingVendor()
        self.message_log = services.message_log
        self._policy, self._quiet = policy, quiet
        self.planner = self.another_planner(chunk=chunk, plan=plan)
        self.releaser = self.another_releaser(batch_size=batch_size)
        self.engine = self.another_engine(planner=self.planner, releaser=self.releaser)
        self.deliverer = services.deliverer_to(self.vendor, self.rules)
        self.delivery = self.another_delivery("a")
        self._receipts = self._worker(Stream.RECEIPTS, services.receipt_booker.handle, "a")

    def rules(self) -> SendingRules:
        """As they are now."""
        found = self.services.sending_rules
        return replace(found, policy=self._policy or found.policy, quiet=self._quiet or found.quiet)

    def quiet_hours(self) -> QuietHours | None:
        return self.rules().quiet

    def another_planner(self, *, chunk: int = 1000, plan: Plan | None = None) -> Planner:
        made = self.services
        return Planner(made.campaigns, made.progress, plan or made.plan, made.message_log, made.clock, chunk=chunk)

    def another_releaser(self, *, batch_size: int = 250) -> Releaser:
        made = self.services
        rows, rates = made.pending_rows, made.channel_rates
        return Releaser(
            made.campaigns, made.progress, rows, rates, made.redis, made.clock, self.quiet_hours, batch_size=batch_size
        )

    def another_engine(
        self, *, planner: Planner | None = None, releaser: Releaser | None = None, message_log: MessageLog | None = None
    ) -> Engine:
        """What a second campaign worker has. message_log: instead of that of the services."""
        made = self.services
        planner, releaser = planner or self.another_planner(), releaser or self.another_releaser()
        rows, message_log = made.pending_rows, message_log or made.message_log
        return Engine(made.campaigns, made.progress, rows, message_log, planner, releaser, made.clock)

    def another_delivery(self, name: str) -> Consumer:
        """A delivery worker of that name; one that ended goes on under its name."""
        return self._worker(Stream.DELIVERIES, self.deliverer.handle, name)

    def _worker(self, stream: Stream, handler: Any, name: str) -> Consumer:
        policy = ConsumerPolicy(batch=1, block_ms=1, claim_idle_ms=self.claim_idle_ms)
        return Consumer(self.services.redis, streams=[stream], group="test", name=name, handler=handler, policy=policy)

    def draft(self, rule: Any = HAS_VISITED, message: str | None = HELLO, **more: Any) -> str:
        fields: dict[str, Any] = {"name": "June", "channel": "in_app", "message": message, "rule": rule, **more}
        return str(self.services.campaigns.create(actor=ASHA, **fields)["_id"])

    def launch(self, campaign_id: str) -> str:
        self.services.campaigns.launch(campaign_id, actor=ASHA)
        return campaign_id

    def plan(self) -> None:
        """What the campaign worker does, until it finds nothing more to do."""
        while self.engine.run_once():
            pass

    def deliver(self) -> None:
        """Until nothing is left on the stream."""
        while self.services.publisher.backlog(Stream.DELIVERIES):
            self.delivery.run_once()

    def finish(self, clock: TestClock) -> None:
        """All the workers' turns, until nothing is to be done; a round may end once a second has passed."""
        for _ in range(4):
            self.plan()
            self.deliver()
            clock.advance(seconds=1)
        self.plan()

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
        stats = self.message_log.stats(campaign_id)
        rows = self.services.db.messages.count_documents({"campaign_id": campaign_id})
        assert stats.audience == sum(stats.by_state.values()) == rows
        return {str(state): count for state, count in stats.by_state.items() if count}


def receipt(campaign_id: str, customer_id: str, status: str, second: int = 0, **more: Any) -> dict[str, Any]:
    at = f"2026-06-15T12:00:{second:02}Z"
    return {"key": f"{campaign_id}:{customer_id}#0", "status": status, "at": at, **more}
