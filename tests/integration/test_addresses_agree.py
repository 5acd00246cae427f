"""Preview, decision, rehearsal and sender agree on who is messaged, whatever happened to customers and their addresses.

Histories are drawn at random: addresses in many spellings, shared, changed and erased; consent by records, files and
links; suppressions; what the vendor says. What must come of each is worked out from what was said alone.
"""

import os
import random
from collections import Counter
from collections.abc import Iterator

import pytest

from crm_core.audience.eligibility import Reason, eligibility
from crm_core.audience.snapshot.keeper import Status
from crm_core.infra.atomic import in_transaction
from crm_core.infra.streams import Entry, Stream
from crm_core.ingest.offers import as_offers
from crm_core.rules.loading import load_rule
from crm_core.schema.message_states import MessageState
from crm_core.services import Services, build_services
from crm_core.settings import Settings
from tests.actors import ASHA
from tests.conftest import TestClock
from tests.integration.campaign_rig import HAS_VISITED, Rig, receipt
from tests.integration.feeding import make_entry
from tests.integration.rehearsing import foreseen, rehearse
from tests.integration.said_of_addresses import Expected, Said, Sent, Told
from tests.workspace import set_workspace

SEEDS = int(os.environ.get("CLIENTNEST_ADDRESS_HISTORIES", "4"))
STEPS = 90
PEOPLE = [f"c{number}" for number in range(7)]
EMAILS = {
    "a@x.io": "a@x.io",
    "A@x.io": "a@x.io",
    "a@X.IO": "a@x.io",
    "b@x.io": "b@x.io",
    "B@x.io": "b@x.io",
    "c@x.io": "c@x.io",
    "C@x.io": "c@x.io",
    "d@x.io": "d@x.io",
}
PHONES = {
    "(415) 555-0154": "+14155550154",
    "+1 415 555 0154": "+14155550154",
    "415-555-0154 ext. 12": "+14155550154",
    "+44 20 7946 0018": "+442079460018",
    "0044 20 7946 0018": "00442079460018",
    "(212) 555-0101": "+12125550101",
    "+1 212 555 0101": "+12125550101",
    "312 555 0199": "+13125550199",
}
"""Spellings to the key that they have in a workspace of the United States, where 0044 is no calling code."""
SPELLINGS = {"email": ("email", EMAILS), "sms": ("phone", PHONES)}
MEANT: dict[str, dict[str, str | None]] = {
    "email": {
        "unsubscribed_at_carrier": "unsubscribed",
        "blocked_by_recipient": "unsubscribed",
        "marked_as_spam": "complaint",
        "mailbox_not_found": "hard_bounce",
        "invalid_recipient": "invalid_address",
        "busy": None,
    },
    "sms": {
        "unsubscribed_at_carrier": "unsubscribed",
        "blocked_by_recipient": "unsubscribed",
        "invalid_recipient": "invalid_address",
        "marked_as_spam": None,
        "busy": None,
    },
}
"""By channel: what the vendor says, and what that says of the address."""
STATES: tuple[Said, ...] = ("granted", "granted", "granted", "unknown", "denied")
EVERYONE = load_rule({"kind": "field", "field": "visits", "op": "gt", "value": 0})


class History:
    """What happens, told to the services and to ``Told``."""

    def __init__(self, services: Services, clock: TestClock, seed: int, *, strict: bool, cap: int | None) -> None:
        self.services, self.clock, self.chance = services, clock, random.Random(seed)
        self.rig = Rig(services)
        self.told = Told(PEOPLE, not strict, cap)
        self.acts = [
            *[self.move] * 5,
            *[self.check] * 4,
            *[self.come_back] * 4,
            *[self.lift, self.lift_address] * 3,
            *[self.consent, self.bring_file] * 2,
            *(self.suppress, self.suppress_address, self.unsubscribe, self.erase, self.wait),
        ]
        """What lets messages through comes more often than what stops them."""
        self.meanwhile = [self.move, self.consent, self.unsubscribe, self.suppress, self.suppress_address]
        for name in PEOPLE:
            self._store({"id": name, "visits": 1})
            for channel in SPELLINGS:
                self.move(name, channel)

    def step(self) -> None:
        self.chance.choice(self.acts)(self.chance.choice(PEOPLE), self.chance.choice([*SPELLINGS]))

    def move(self, name: str, channel: str) -> None:
        field, spellings = SPELLINGS[channel]
        address = None if self.chance.random() < 0.1 else self.chance.choice([*spellings])
        self._store({"id": name, field: address})
        if address is None:
            self.told.keys.pop((name, channel), None)
        else:
            self.told.keys[name, channel] = spellings[address]

    def consent(self, name: str, channel: str) -> None:
        state = self.chance.choice(STATES)
        self._store({"id": name, "consent": {channel: state}})
        self.told.say(name, channel, state)

    def bring_file(self, name: str, channel: str) -> None:
        """A file that lifts no denials, mostly of somebody who has said no."""
        denied = [place for place, state in self.told.consent.items() if state == "denied"]
        if denied and self.chance.random() < 0.8:
            name, channel = self.chance.choice(denied)
        state = self.chance.choice(STATES[:-1])
        self._store({"id": name, "consent": {channel: state}}, is_file=True)
        self.told.offer(name, channel, state)

    def suppress(self, name: str, channel: str) -> None:
        self.services.suppressions.add(name, channel, reason="manual", actor=ASHA)
        self.told.suppress(self.told.by_customer, (name, channel), "manual")

    def lift(self, name: str, channel: str) -> None:
        self.services.suppressions.lift(name, channel, actor=ASHA)
        self.told.by_customer.pop((name, channel), None)

    def suppress_address(self, name: str, channel: str) -> None:
        address, key = self.chance.choice([*SPELLINGS[channel][1].items()])
        self.services.suppressions.add_address(channel, address, reason="complaint", actor=ASHA, source="test")
        self.told.suppress(self.told.by_key, (channel, key), "complaint")

    def lift_address(self, name: str, channel: str) -> None:
        address, key = self.chance.choice([*SPELLINGS[channel][1].items()])
        self.services.suppressions.lift_address(channel, address, actor=ASHA)
        self.told.by_key.pop((channel, key), None)

    def unsubscribe(self, name: str, channel: str) -> None:
        self.clock.advance(seconds=1)
        self.services.unsubscriptions.stop(self._token(name, channel))
        self.told.unsubscribe(name, channel)

    def come_back(self, name: str, channel: str) -> None:
        if self.told.may_come_back(name, channel):
            self.clock.advance(seconds=1)
            self.services.unsubscriptions.allow(self._token(name, channel))
            self.told.come_back(name, channel)

    def _token(self, name: str, channel: str) -> str:
        return self.services.unsubscribe_links.url("6745a1b2c3d4e5f6a7b8c9d0", name, channel).rpartition("/")[2]

    def erase(self, name: str, channel: str) -> None:
        """Somebody else has the id afterwards."""
        addresses = self.services.address_erasure
        in_transaction(self.services.db, lambda session: addresses.drop_addresses(name, session, actor=ASHA))
        self.services.db.customers.delete_one({"_id": name})
        self.told.erase(name)
        self._store({"id": name, "visits": 1})
        self.move(name, channel)

    def wait(self, name: str, channel: str) -> None:
        self.clock.advance(hours=self.chance.choice((1, 13, 25)))

    def check(self, name: str, channel: str) -> None:
        """A campaign over the channel: what the preview says of it, what is decided of each, what a rehearsal finds,
        and what is sent. Before it is sent, but after it was planned, something else is said."""
        rig = self.rig
        campaign = rig.launch(rig.draft(HAS_VISITED, channel=channel, subject="s" if channel == "email" else None))
        rig.plan()
        self.chance.choice(self.meanwhile)(self.chance.choice(PEOPLE), channel)
        expected = self.told.expect(channel, self.clock())
        reasons = dict(expected.reasons)
        assert self._previewed(channel) == (len(expected.messaged), reasons)
        assert self._decided(channel) == (len(expected.messaged), reasons)
        assert self._rehearsed(campaign) == (len(expected.messaged), reasons)
        self._refuse_some(channel)
        rig.vendor.accepted.clear()
        rig.vendor.asked.clear()
        rig.deliver()
        self._check_rows(campaign, channel, expected)
        has_heard = self._note_answers(campaign, channel, expected)
        self.clock.advance(seconds=2)
        if has_heard and self.chance.random() < 0.5:
            self.check(name, channel)

    def _previewed(self, channel: str) -> tuple[int, dict[str, int]]:
        found = self.services.previews.in_memory(EVERYONE, actor=ASHA, is_fresh=True)
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

    def _refuse_some(self, channel: str) -> None:
        """One spelling, for some reason."""
        spelling = self.chance.choice([*SPELLINGS[channel][1]])
        self.rig.vendor.refused_at = {spelling: self._draw_reason(channel)} if self.chance.random() < 0.5 else {}

    def _rehearsed(self, campaign: str) -> tuple[int, dict[str, int]]:
        found = foreseen(rehearse(self.rig, campaign, self.clock()))
        return found["by_state"].get(MessageState.SENT, 0), found["skipped"]

    def _draw_reason(self, channel: str) -> str:
        return self.chance.choice([*MEANT[channel]])

    def _check_rows(self, campaign: str, channel: str, expected: Expected) -> None:
        rows = {row["customer_id"]: row for row in self.services.db.messages.find({"campaign_id": campaign})}
        skipped = {name: row for name, row in rows.items() if row["rank"] == MessageState.SKIPPED.rank}
        assert rows.keys() - skipped.keys() == expected.messaged.keys()
        assert Counter(row["reason"] for row in skipped.values()) == expected.reasons
        assert {name: row["address_key"] for name, row in rows.items() if name not in skipped} == expected.messaged
        assert not any("address_key" in row for row in skipped.values())
        assert {n: row["same_address_as"] for n, row in skipped.items() if "same_address_as" in row} == expected.same_as
        asked = Counter(SPELLINGS[channel][1][to] for to in self.rig.vendor.asked.elements())
        assert asked == Counter(expected.messaged.values()), "to each address that may be written to, once"

    def _note_answers(self, campaign: str, channel: str, expected: Expected) -> bool:
        """What the vendor refused at once, and what it says later of one that it took. Whether any of it suppresses."""
        taken = {key.partition(":")[2].partition("#")[0] for key in self.rig.vendor.accepted}
        (refused,) = {*self.rig.vendor.refused_at.values()} or {""}
        heard = [self._hear(channel, expected.messaged[name], refused) for name in expected.messaged.keys() - taken]
        now = self.clock()
        self.told.sent += [Sent(name, channel, expected.messaged[name], now) for name in taken]
        if taken and self.chance.random() < 0.8:
            name, reason = self.chance.choice(sorted(taken)), self._draw_reason(channel)
            self.rig.receive(receipt(campaign, name, "failed", reason=reason))
            heard.append(self._hear(channel, expected.messaged[name], reason))
        return any(heard)

    def _hear(self, channel: str, key: str, reason: str) -> bool:
        meaning = MEANT[channel].get(reason)
        if meaning:
            self.told.suppress(self.told.by_key, (channel, key), meaning)
        return meaning is not None

    def _store(self, record: dict[str, object], *, is_file: bool = False) -> None:
        self.clock.advance(seconds=1)
        entry = make_entry(Stream.CUSTOMERS, record, at=self.clock())
        if is_file:
            entry = Entry(entry.stream, entry.id, as_offers([entry.data]).payloads[0])
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
    strict, cap = seed % 4 == 1, (None, None, 1, 2)[seed % 4]
    set_workspace(
        town,
        default_country="US",
        message_unknown_consent=not strict,
        frequency_cap=cap,
        frequency_cap_days=1,
    )
    town.snapshot.wait_until(lambda state: state.status is Status.READY, 20)
    history = History(town, clock, seed, strict=strict, cap=cap)
    for _ in range(STEPS):
        history.step()
    for channel in SPELLINGS:
        history.check("", channel)
