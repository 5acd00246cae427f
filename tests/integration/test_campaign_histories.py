"""Whatever happens to a campaign, in whatever order: everybody is accounted for, nobody is messaged twice or against
their will. A history ends without further faults, and then everybody who should have a message has one."""

import os
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import hypothesis.strategies as st
from hypothesis import HealthCheck, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from crm_core.channels.sender import Answer
from crm_core.errors import Conflict, Unavailable
from crm_core.infra.streams import Stream
from crm_core.schema.message_states import STATES, MessageState
from crm_core.services import Services, build_services
from crm_core.settings import Settings
from tests.actors import ASHA
from tests.conftest import TestClock
from tests.engines.agreement import new_database
from tests.integration.campaign_rig import CountingVendor, Crash, Rig
from tests.integration.feeding import store_customers

EXAMPLES = int(os.environ.get("CLIENTNEST_HISTORIES", "12"))
PEOPLE = [f"c{n}" for n in range(7)]
NO = {"in_app": {"state": "denied"}}


class WatchfulVendor(CountingVendor):
    """Refuses to be given a new message for somebody who has said no."""

    def __init__(self) -> None:
        super().__init__()
        self.said_no: set[str] = set()

    def send(self, campaign_id: str, messages: Sequence[Mapping[str, str]]) -> dict[str, Answer]:
        for message in messages:
            assert message["key"] in self.accepted or message["to"] not in self.said_no
        return super().send(campaign_id, messages)


class History(RuleBasedStateMachine):
    services: Services
    clock: TestClock

    @initialize()
    def launch(self) -> None:
        db = self.services.db
        for name in ("messages", "campaigns", "audit"):
            db[name].delete_many({})
        db.customers.update_many({}, {"$unset": {"consent": 1}})
        self.services.redis.flushdb()
        self.rig = Rig(self.services, chunk=3, batch_size=2, claim_idle_ms=0)
        self.vendor = WatchfulVendor()
        self.rig.vendor = self.vendor
        self.rig.deliverer = self.services.deliverer_to(self.vendor, self.rig.rules)
        self.rig.delivery = self.rig.another_delivery("a")
        planner, releaser = self.rig.another_planner(chunk=3), self.rig.another_releaser(batch_size=2)
        self.engines = [self.rig.engine, self.rig.another_engine(planner=planner, releaser=releaser)]
        self.told: defaultdict[str, set[str]] = defaultdict(set)
        self.retries = 0
        self.is_cancelled = False
        self.is_lossy = False
        self.campaign = self.rig.launch(self.rig.draft())

    @rule(who=st.integers(0, 1))
    def manage(self, who: int) -> None:
        self.engines[who].run_once()

    @rule(fault=st.sampled_from(["none", "none", "before", "after", "outage"]), name=st.sampled_from("ab"))
    def deliver(self, fault: str, name: str) -> None:
        self.vendor.crash_before, self.vendor.crash_after = fault == "before", fault == "after"
        self.vendor.failure = Unavailable("away") if fault == "outage" else None
        with suppress(Crash, Unavailable):
            self.rig.another_delivery(name).run_once()
        self.vendor.crash_before = self.vendor.crash_after = False
        self.vendor.failure = None

    @rule(data=st.data(), status=st.sampled_from(["delivered", "failed"]), second=st.integers(0, 59))
    def receive(self, data: st.DataObject, status: str, second: int) -> None:
        if self.vendor.accepted:
            self.tell(data.draw(st.sampled_from(sorted(self.vendor.accepted))), status, second)

    def tell(self, key: str, status: str, second: int) -> None:
        self.told[key].add(status)
        self.rig.receive({"key": key, "status": status, "at": f"2026-06-15T12:00:{second:02}Z"})

    @rule(status=st.sampled_from(["delivered", "failed"]))
    def overtake(self, status: str) -> None:
        """A worker dies before it books what the vendor took, and a receipt is faster than the next one."""
        before = set(self.vendor.accepted)
        self.deliver("after", "a")
        for key in sorted(self.vendor.accepted.keys() - before)[:1]:
            self.tell(key, status, 30)

    @rule()
    def regret(self) -> None:
        """A worker dies before it books what the vendor took, and somebody who was messaged says no."""
        before = set(self.vendor.accepted)
        self.deliver("after", "a")
        for key in sorted(self.vendor.accepted.keys() - before)[:1]:
            self.say_no(self.vendor.accepted[key]["to"])

    @rule(data=st.data(), late=st.sampled_from(["delivered", "failed"]))
    def fail_and_retry(self, data: st.DataObject, late: str) -> None:
        """And then one more receipt comes for some try, whichever it is."""
        self.receive(data, "failed", 40)
        self.decide("retry_failed")
        self.wait(1)
        self.manage(0)
        self.receive(data, late, 50)

    @rule(who=st.sampled_from(PEOPLE))
    def say_no(self, who: str) -> None:
        self.services.db.customers.update_one({"_id": who}, {"$set": {"consent": NO}})
        self.vendor.said_no.add(who)

    @rule(verb=st.sampled_from(["pause", "resume", "resume", "retry_failed"]))
    def decide(self, verb: str) -> None:
        with suppress(Conflict):
            getattr(self.services.campaigns, verb)(self.campaign, actor=ASHA)
            self.retries += verb == "retry_failed"

    @precondition(lambda self: len(self.vendor.accepted) > 2)
    @rule()
    def cancel(self) -> None:
        with suppress(Conflict):
            self.services.campaigns.cancel(self.campaign, actor=ASHA)
            self.is_cancelled = self.is_lossy = True

    @rule()
    def lose_the_stream(self) -> None:
        """What was in hand then is known from its receipts alone, if these were faster than the next round."""
        self.services.redis.delete(Stream.DELIVERIES)
        self.is_lossy = True

    @rule(seconds=st.sampled_from([1, 20]))
    def wait(self, seconds: int) -> None:
        self.clock.advance(seconds=seconds)

    @invariant()
    def adds_up(self) -> None:
        """And nobody has more messages than tries that people asked for."""
        if not hasattr(self, "rig"):
            return
        self.rig.counts(self.campaign)
        for who in PEOPLE:
            keys = [key for key in self.vendor.accepted if key.partition("#")[0] == f"{self.campaign}:{who}"]
            assert len(keys) <= 1 + self.retries

    def teardown(self) -> None:
        if not hasattr(self, "rig"):
            return
        with suppress(Conflict):
            self.services.campaigns.resume(self.campaign, actor=ASHA)
        self.clock.advance(seconds=20)
        for _ in range(3):
            self.rig.finish(self.clock)
        assert self.rig.state(self.campaign) == ("cancelled" if self.is_cancelled else "completed")
        self.is_lossy |= self.services.redis.xlen(Stream.DEAD) > 0  # an entry that ended five workers is buried
        self.tell_of_the_skipped()
        rows = {row["customer_id"]: row for row in self.services.db.messages.find({"campaign_id": self.campaign})}
        assert "pending" not in self.rig.counts(self.campaign)
        assert self.services.campaigns.get(self.campaign)["audience"] == len(rows)
        for who, row in rows.items():
            self.check(who, row)
        if not self.is_cancelled:
            assert rows.keys() == set(PEOPLE)

    def tell_of_the_skipped(self) -> None:
        """Who said no after the vendor had taken the message, while nobody had booked that, is known from receipts."""
        query = {"campaign_id": self.campaign, "rank": MessageState.SKIPPED.rank}
        for row in list(self.services.db.messages.find(query)):
            if (key := key_of(row)) in self.vendor.accepted:
                self.tell(key, "delivered", 30)

    def check(self, who: str, row: dict[str, Any]) -> None:
        state, key = STATES[row["rank"]], key_of(row)
        if state is MessageState.SKIPPED:
            assert key not in self.vendor.accepted
            assert row["reason"] == "cancelled" or who in self.vendor.said_no
        elif row.get("reason") != "outcome_unknown":
            assert key in self.vendor.accepted
            assert state == next((each for each in ("delivered", "failed") if each in self.told[key]), "sent")
            assert row["created_at"] <= row["sent_at"]
            assert row.get("text") == "Hi there" or self.is_lossy or who in self.vendor.said_no


def key_of(row: dict[str, Any]) -> str:
    return f"{row['_id']}#{row.get('n', 0)}"


def test_every_history_of_a_campaign_adds_up_and_messages_nobody_twice(servers: Settings) -> None:
    clock = TestClock(datetime(2026, 6, 15, 12, tzinfo=UTC))
    services = build_services(servers.with_servers(mongodb_database=new_database()), clock=clock)
    store_customers(services, *({"id": who, "visits": 1} for who in PEOPLE))
    machine: type[History] = type("OneHistory", (History,), {"services": services, "clock": clock})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=EXAMPLES, stateful_step_count=20, derandomize=True, suppress_health_check=list(HealthCheck)
        ),
    )
    services.db.client.drop_database(services.db.name)
    services.close()
