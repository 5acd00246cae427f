"""Preview, single decision and sender agree on who is messaged, whatever happened to customers and their addresses.

Histories are drawn at random: addresses in many spellings, shared and changed, consent, suppressions, refusals.
"""

import os
import random
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import pytest

from crm_core.audience.eligibility import Reason, eligibility
from crm_core.audience.snapshot.keeper import Status
from crm_core.channels.registry import CHANNELS
from crm_core.infra.streams import Stream
from crm_core.rules.loading import load_rule
from crm_core.schema.message_states import MessageState
from crm_core.services import Services, build_services
from crm_core.settings import Settings
from tests.actors import ASHA
from tests.conftest import TestClock
from tests.integration.campaign_rig import HAS_VISITED, Rig
from tests.integration.feeding import make_entry
from tests.workspace import set_workspace

SEEDS = int(os.environ.get("CLIENTNEST_ADDRESS_HISTORIES", "4"))
PEOPLE = [f"c{number}" for number in range(7)]
EMAILS = {"a@x.io": "a@x.io", "A@x.io": "a@x.io", "a@X.IO": "a@x.io", "b@x.io": "b@x.io", "B@x.io": "b@x.io"}
PHONES = {
    "(415) 555-0154": "+14155550154",
    "+1 415 555 0154": "+14155550154",
    "415-555-0154 ext. 12": "+14155550154",
    "+44 20 7946 0018": "+442079460018",
    "0044 20 7946 0018": "00442079460018",
}
"""Spellings to the key that they have in a workspace of the United States, where 0044 is no calling code."""
REASONS = ("unsubscribed_at_carrier", "invalid_recipient", "blocked_by_recipient", "busy")
MEANT = set(REASONS[:3])
OVER = ("email", "sms")


class History:
    """What happened, told to the services and kept here in the plainest form."""

    def __init__(self, services: Services, clock: TestClock, seed: int) -> None:
        self.services, self.clock, self.chance = services, clock, random.Random(seed)
        self.rig = Rig(services)
        self.addresses: dict[tuple[str, str], str] = {}
        self.denied: set[tuple[str, str]] = set()
        self.stopped: set[tuple[str, str]] = set()
        self.stopped_keys: set[tuple[str, str]] = set()
        for name in PEOPLE:
            self._store({"id": name, "visits": 1})

    def step(self) -> None:
        pick = self.chance.choice
        name, channel = pick(PEOPLE), pick(OVER)
        match self.chance.randrange(9):
            case 0 | 1 | 2:
                self._move(name, channel)
            case 3 | 4:
                state = pick(("denied", "granted", "unknown"))
                self._store({"id": name, "consent": {channel: state}})
                (self.denied.add if state == "denied" else self.denied.discard)((name, channel))
            case 5:
                self.services.suppressions.add(name, channel, reason="manual", actor=ASHA)
                self.stopped.add((name, channel))
            case 6:
                self.services.suppressions.lift(name, channel, actor=ASHA)
                self.stopped.discard((name, channel))
            case 7:
                self._suppress_address(channel)
            case _:
                self.check(channel)

    def _move(self, name: str, channel: str) -> None:
        field, spellings = ("email", EMAILS) if channel == "email" else ("phone", PHONES)
        address = self.chance.choice([None, *spellings])
        self._store({"id": name, field: address})
        if address is None:
            self.addresses.pop((name, channel), None)
        else:
            self.addresses[name, channel] = address

    def _suppress_address(self, channel: str) -> None:
        address = self.chance.choice([*(EMAILS if channel == "email" else PHONES)])
        if self.chance.random() < 0.5:
            self.services.suppressions.add_address(channel, address, reason="complaint", actor=ASHA, source="test")
            self.stopped_keys.add((channel, self.key(channel, address)))
        else:
            self.services.suppressions.lift_address(channel, address, actor=ASHA)
            self.stopped_keys.discard((channel, self.key(channel, address)))

    @staticmethod
    def key(channel: str, address: str) -> str:
        return (EMAILS if channel == "email" else PHONES)[address]

    def check(self, channel: str) -> None:
        """A campaign over the channel: what the preview says of it, what is decided of each, and what is sent."""
        rig = self.rig
        expected = self._previewed(channel)
        decided = self._decided(channel)
        bad = self.chance.sample(sorted(set(self.addresses.values())), k=min(1, len(set(self.addresses.values()))))
        rig.vendor.refused_at = {address: self.chance.choice(REASONS) for address in bad}
        rig.vendor.accepted.clear()
        rig.vendor.asked.clear()
        campaign = rig.launch(rig.draft(HAS_VISITED, channel=channel, subject="s" if channel == "email" else None))
        rig.plan()
        rig.deliver()
        self.clock.advance(seconds=2)
        stats = self.services.message_log.stats(campaign)
        messaged = stats.by_state[MessageState.SENT] + stats.by_state[MessageState.FAILED]
        assert (messaged, stats.skipped_by_reason) == expected == decided
        keys = [self.key(channel, to) for to in rig.vendor.asked.elements()]
        assert len(keys) == len(set(keys)) == messaged, "an address got two messages"
        assert not set(keys) & self._said_no(channel), "somebody was messaged who had said no"
        self._note_refusals(channel)
        self._check_rows(campaign)

    def _previewed(self, channel: str) -> tuple[int, dict[str, int]]:
        everyone = load_rule({"kind": "field", "field": "visits", "op": "gt", "value": 0})
        found = self.services.previews.in_memory(everyone, actor=ASHA, is_fresh=True)
        assert found
        assert found.deliverable
        given = found.deliverable[channel]
        return given.count, {str(reason): number for reason, number in given.reasons.items() if number}

    def _decided(self, channel: str) -> tuple[int, dict[str, int]]:
        """One after the other, as the campaign comes to them."""
        policy, now = self.services.policy, self.clock()
        people = self.services.recipients.read(PEOPLE, channel, policy.cap, now)
        reasons: Counter[str] = Counter()
        taken: set[str | None] = set()
        for name in PEOPLE:
            person = people[name]
            reason = eligibility(person, channel, policy, now)
            if reason is None and person.address_key in taken:
                reason = Reason.SAME_ADDRESS
            if reason is None:
                taken.add(person.address_key)
            else:
                reasons[str(reason)] += 1
        return len(taken), dict(reasons)

    def _said_no(self, channel: str) -> set[str]:
        """Keys that nothing may be sent to."""
        mine = {name: self.key(channel, at) for (name, over), at in self.addresses.items() if over == channel}
        people = {name for name, over in self.denied | self.stopped if over == channel}
        return {mine[name] for name in people if name in mine} | {k for over, k in self.stopped_keys if over == channel}

    def _note_refusals(self, channel: str) -> None:
        for address, reason in self.rig.vendor.refused_at.items():
            if reason in MEANT and self.rig.vendor.asked[address] and reason in CHANNELS[channel].failures:
                self.stopped_keys.add((channel, self.key(channel, address)))

    def _check_rows(self, campaign: str) -> None:
        for row in self.services.db.messages.find({"campaign_id": campaign}):
            is_skipped = row.get("reason") in {str(each) for each in Reason}
            assert ("address_key" in row) is not is_skipped
            if row.get("reason") == Reason.SAME_ADDRESS:
                first = self.rig.row(campaign, row["same_address_as"])
                assert first["address_key"] == self._key_of(row["customer_id"], row["channel"])

    def _key_of(self, name: str, channel: str) -> str:
        return self.key(channel, self.addresses[name, channel])

    def _store(self, record: dict[str, object]) -> None:
        self.clock.advance(seconds=1)
        entry = make_entry(Stream.CUSTOMERS, record, at=self.clock() - timedelta(days=30))
        assert self.services.persister.store([entry]) == {}


@pytest.fixture
def town(servers: Settings, clock: TestClock) -> Iterator[Services]:
    settings = servers.with_servers(mongodb_database=f"test_addresses_{random.randrange(10**9)}")
    built = build_services(settings, clock=clock)
    built.snapshot.start()
    yield built
    built.db.client.drop_database(settings.mongodb_database)
    built.close()


@pytest.mark.parametrize("seed", range(SEEDS))
def test_nobody_who_said_no_is_messaged_and_no_address_twice(town: Services, clock: TestClock, seed: int) -> None:
    """Strict workspaces and those with a cap too."""
    set_workspace(
        town,
        default_country="US",
        message_unknown_consent=seed % 4 != 1,
        frequency_cap=(None, None, 1, 2)[seed % 4],
        frequency_cap_days=1,
    )
    town.snapshot.wait_until(lambda state: state.status is Status.READY, 20)
    history = History(town, clock, seed)
    for _ in range(60):
        history.step()
    for channel in OVER:
        history.check(channel)
