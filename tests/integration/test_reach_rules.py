"""Who can be messaged, as a rule: whom the sender's eligibility lets through, in every engine, as soon as it is so."""

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from crm_core.audience.eligibility import Reason, eligibility
from crm_core.audience.preview import Source
from crm_core.audience.snapshot.keeper import Status
from crm_core.channels.registry import CHANNELS
from crm_core.infra.streams import Stream
from crm_core.rules.loading import load_rule
from crm_core.rules.text.parsing import parse_text
from crm_core.rules.tree import AnyRule
from crm_core.schema.suppressions import REASONS
from crm_core.services import Services
from tests.actors import TEST
from tests.engines.agreement import open_town
from tests.engines.people import People
from tests.engines.trees import CATALOGUE
from tests.integration.feeding import make_entry, store_customers
from tests.integration.test_erased_addresses import erase
from tests.workspace import set_workspace

SIZE = 40
PHASES = [Phase.explicit, Phase.reuse, Phase.generate]


def reach(channel: str) -> AnyRule:
    return load_rule({"kind": "reach", "channel": channel})


def suppressed(channel: str, reason: str | None = None) -> AnyRule:
    return load_rule({"kind": "suppressed", "channel": channel} | ({"reason": reason} if reason else {}))


def verdicts(services: Services, names: list[str], channel: str) -> dict[str, Reason | None]:
    """What the sender would say of each now; no cap is set."""
    people = services.recipients.read(names, channel, None, services.clock())
    return {name: eligibility(people[name], channel, services.policy, services.clock()) for name in names}


def found(services: Services, rule: AnyRule) -> list[str]:
    """By MongoDB, by the engine for single customers, and for some of them alone: they must agree."""
    now = services.clock()
    ids = list(services.audience.ids(rule, now=now))
    names = [row["_id"] for row in services.db.customers.find({}, {"_id": 1}).sort("_id", 1)]
    explained = services.memberships.explain_many(rule, names, actor=TEST)
    assert [name for name in names if explained[name].matches] == ids
    assert services.audience.among(names[::2], rule, now=now) == set(ids) & set(names[::2])
    assert services.audience.count(rule, now=now) == len(ids)
    return ids


@settings(max_examples=8, suppress_health_check=list(HealthCheck), phases=PHASES)
@given(seed=st.integers(0, 2**32 - 1), unknown=st.booleans())
def test_a_rule_reaches_whom_the_sender_would_message(village: Services, seed: int, unknown: bool) -> None:
    set_workspace(village, message_unknown_consent=unknown)
    with open_town(village, People(seed, SIZE), CATALOGUE) as town:
        names = [subject.customer["_id"] for subject in town.subjects]
        for channel in CHANNELS:
            said = verdicts(village, names, channel)
            assert found(village, reach(channel)) == [name for name in names if said[name] is None]
            held = found(village, suppressed(channel))
            assert {name for name in names if said[name] is Reason.SUPPRESSED} <= set(held)
            by_reason = [set(found(village, suppressed(channel, reason))) for reason in REASONS]
            assert set().union(*by_reason) == set(held)


def test_random_people_are_reached_and_not_for_each_reason(village: Services) -> None:
    """Else the law above would hold of nothing."""
    seen: set[Reason | None] = set()
    for seed in range(3):
        with open_town(village, People(seed, SIZE), CATALOGUE) as town:
            names = [subject.customer["_id"] for subject in town.subjects]
            seen |= {verdict for channel in CHANNELS for verdict in verdicts(village, names, channel).values()}
    assert seen == {None, Reason.NO_CONSENT, Reason.NO_ADDRESS, Reason.SUPPRESSED}


@pytest.fixture
def live(services: Services) -> Services:
    """Ann and Ben share a mailbox, Cleo has her own; the snapshot is kept."""
    ann = {"id": "ann", "email": "a@x.io", "consent": {"email": "granted"}}
    store_customers(services, ann, {"id": "ben", "email": "A@x.io"}, {"id": "cleo", "email": "c@x.io"})
    services.snapshot.start()
    services.snapshot.wait_until(lambda state: state.status is Status.READY, 20)
    return services


def store_later(services: Services, customer: dict[str, Any]) -> None:
    assert not services.persister.store([make_entry(Stream.CUSTOMERS, customer, at=services.clock())])


def look(services: Services, text: str) -> list[str]:
    """By the snapshot, as of all that was stored, and by the database: they must agree."""
    rule = parse_text(text, services.rule_contexts.context())
    held = services.previews.preview(rule, sample=10, is_fresh=True, actor=TEST)
    ids = found(services, rule)
    assert (held.source, [each["id"] for each in held.sample]) == (Source.MEMORY, ids)
    return ids


def test_a_suppression_of_an_address_is_followed_until_it_is_lifted(live: Services) -> None:
    assert look(live, "can be messaged over email") == ["ann", "ben", "cleo"]
    live.suppressions.add_address("email", "A@x.io", reason="hard_bounce", actor=TEST)
    assert look(live, "can be messaged over email") == ["cleo"]
    assert look(live, "is suppressed on email for hard_bounce") == ["ann", "ben"]
    live.suppressions.add_address("email", "A@x.io", reason="complaint", actor=TEST)
    assert look(live, "is suppressed on email for hard_bounce") == []
    assert look(live, "is suppressed on email for complaint") == ["ann", "ben"]
    live.suppressions.lift_address("email", "A@x.io", actor=TEST)
    assert look(live, "is suppressed on email") == []
    assert look(live, "can be messaged over email") == ["ann", "ben", "cleo"]


def test_what_is_said_of_one_with_the_address_is_followed_for_the_other(live: Services) -> None:
    live.suppressions.add("ben", "email", reason="manual", actor=TEST)
    assert look(live, "is suppressed on email for manual") == ["ann", "ben"]
    store_later(live, {"id": "ben", "email": "b@x.io", "consent": {"email": "denied"}})
    assert look(live, "can be messaged over email") == ["ann", "cleo"]
    assert look(live, "is suppressed on email") == ["ben"]
    store_later(live, {"id": "ann", "email": "B@x.io"})
    assert look(live, "can be messaged over email") == ["cleo"]


def test_an_address_that_was_erased_is_suppressed_for_who_has_it_next(live: Services) -> None:
    live.suppressions.add("cleo", "email", reason="complaint", actor=TEST)
    erase(live, "cleo")
    store_customers(live, {"id": "dan", "email": "C@x.io"}, {"id": "eve", "email": "e@x.io"})
    assert look(live, "can be messaged over email") == ["ann", "ben", "eve"]
    assert look(live, "is suppressed on email for complaint") == ["dan"]
    assert look(live, "NOT is suppressed on email") == ["ann", "ben", "eve"]


def test_a_change_of_the_policy_changes_the_answer_at_once(live: Services) -> None:
    assert look(live, "can be messaged over email") == ["ann", "ben", "cleo"]
    set_workspace(live, message_unknown_consent=False)
    assert look(live, "can be messaged over email") == ["ann"]
    set_workspace(live, message_unknown_consent=True)
    assert look(live, "can be messaged over email") == ["ann", "ben", "cleo"]


def test_a_customer_is_told_why_nothing_reaches_them(live: Services) -> None:
    def actual(name: str, rule: AnyRule) -> Any:
        told = live.memberships.explain(name, rule, actor=TEST)
        return told.matches, told.actual, told.distance

    live.suppressions.add_address("email", "a@x.io", reason="manual", actor=TEST)
    live.suppressions.add("ann", "email", reason="complaint", actor=TEST)
    assert actual("ben", reach("email")) == (False, Reason.SUPPRESSED, None)
    assert actual("ben", suppressed("email", "manual")) == (True, ("complaint", "manual"), None)
    assert actual("cleo", suppressed("email")) == (False, None, None)
    assert actual("cleo", reach("email")) == (True, None, None)
    assert actual("cleo", reach("sms")) == (False, Reason.NO_ADDRESS, None)
