"""The snapshot follows the database: what is stored, changed, moved or erased is in it, whatever came between."""

import random
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from crm_core.audience.eligibility import Reason
from crm_core.audience.preview import Preview, Source
from crm_core.audience.snapshot.keeper import Keeper, Status
from crm_core.audience.snapshot.needs import Extra
from crm_core.audience.snapshot.population import Population
from crm_core.campaigns.messages.rows import new_row
from crm_core.customers.document import arrange
from crm_core.errors import BadRule, UnknownField
from crm_core.infra.streams import Stream
from crm_core.infra.text import fold
from crm_core.rules.binding import bind
from crm_core.rules.context import RuleContext
from crm_core.rules.text.parsing import parse_text
from crm_core.rules.tree import EVERYONE
from crm_core.schema.message_states import MessageState
from crm_core.services import Services, build_services
from crm_core.settings import Settings
from tests.actors import TEST
from tests.conftest import TestClock
from tests.integration.feeding import START, make_entry, store_customers, store_orders
from tests.waiting import eventually
from tests.workspace import set_workspace

READY_S = 20.0
VISITORS = "visits >= 2"
OPENED = "messages(opened) >= 1"
CONTEXT = RuleContext(START, 2, fold)


@pytest.fixture
def live(services: Services) -> Services:
    """Services whose snapshot is kept; ``services`` ends it."""
    services.snapshot.start()
    ready(services)
    return services


@pytest.fixture
def capped(servers: Settings, clock: TestClock) -> Iterator[Services]:
    """With a cap of one message a week."""
    settings = servers.with_servers(mongodb_database=f"test_capped_{random.randrange(10**9)}")
    built = build_services(settings, clock=clock)
    set_workspace(built, frequency_cap=1)
    built.snapshot.start()
    yield built
    built.close()
    build_services(settings).db.client.drop_database(settings.mongodb_database)


def ready(services: Services) -> None:
    services.snapshot.wait_until(lambda state: state.status is Status.READY, READY_S)


def look(services: Services, text: str, *, sample: int = 0) -> Preview:
    """As of all that was stored; the snapshot and the database must agree."""
    rule = parse_text(text, services.rule_contexts.context())
    found = services.previews.preview(rule, sample=sample, is_fresh=True, actor=TEST)
    stored = services.audience.preview(rule, sample=sample)
    assert (found.count, found.total, found.sample) == (stored.count, stored.total, stored.sample)
    return found


def test_what_was_there_before_is_loaded(services: Services) -> None:
    store_customers(services, *({"id": f"c{n}", "visits": n} for n in range(5)))
    store_orders(services, {"id": "o1", "customer_id": "c1", "amount": 5, "category": "Books"})
    services.snapshot.start()
    ready(services)
    found = look(services, "visits >= 1 AND orders() = 0", sample=2)
    assert (found.source, found.count, found.total) == (Source.MEMORY, 3, 5)
    assert [record["id"] for record in found.sample] == ["c2", "c3"]


def test_new_changed_and_erased_customers_are_followed(live: Services) -> None:
    assert look(live, VISITORS).count == 0
    store_customers(live, {"id": "a", "visits": 2}, {"id": "b", "visits": 1}, {"id": "c", "visits": 9})
    assert look(live, VISITORS).count == 2
    live.persister.store([make_entry(Stream.CUSTOMERS, {"id": "b", "visits": 3}, at=live.clock())])
    assert look(live, VISITORS).count == 3
    live.db.customers.delete_one({"_id": "a"})
    found = look(live, VISITORS)
    assert (found.count, found.total, found.source) == (2, 2, Source.MEMORY)


def test_orders_and_events_are_followed_also_when_one_moves_to_another_customer(live: Services) -> None:
    store_customers(live, {"id": "a"}, {"id": "b"})
    store_orders(live, {"id": "o1", "customer_id": "a", "amount": 5, "category": "Books"})
    assert look(live, 'orders(category = "Books") = 1', sample=1).sample[0]["id"] == "a"
    moved = {"id": "o1", "customer_id": "b", "amount": 5}
    live.persister.store([make_entry(Stream.ORDERS, moved, at=live.clock())])
    assert look(live, 'orders(category = "Books") = 1', sample=1).sample[0]["id"] == "b"
    event = {"id": "e1", "customer_id": "a", "type": "cart_abandoned", "at": "2026-06-14T00:00:00Z"}
    live.persister.store([make_entry(Stream.EVENTS, event)])
    assert look(live, 'events(type = "cart_abandoned") = 1').count == 1  # which changes no total


def test_a_custom_attribute_that_is_new_becomes_a_column(live: Services) -> None:
    store_customers(live, {"id": "a", "attributes": {"size": 3}}, {"id": "b", "attributes": {"size": 5}})
    rule = parse_text("size > 4", live.rule_contexts.context())
    ask = partial(live.previews.preview, rule, is_fresh=True, actor=TEST)
    eventually(lambda: ask().source, lambda source: source is Source.MEMORY)
    assert look(live, "size > 4").count == 1


def test_names_and_addresses_are_asked_of_the_database(live: Services) -> None:
    store_customers(live, {"id": "a", "email": "a@shop.example"}, {"id": "b"})
    found = look(live, 'email contains "shop"', sample=5)
    assert (found.source, found.count, found.steps, found.deliverable) == (Source.DATABASE, 1, None, None)


def test_consent_addresses_and_suppressions_are_followed(live: Services) -> None:
    denied = {"consent": {"email": "denied"}, "email": "b@shop.example"}
    store_customers(live, {"id": "a", "email": "a@shop.example"}, {"id": "b", **denied}, {"id": "c"}, {"id": "d"})
    live.suppressions.add("a", "sms", reason="manual", actor=TEST)
    email, in_app, sms = (deliverable(live, channel) for channel in ("email", "in_app", "sms"))
    assert email == (1, {Reason.NO_CONSENT: 1, Reason.NO_ADDRESS: 2})
    assert in_app == (4, {})
    assert sms == (0, {Reason.NO_ADDRESS: 4})
    live.suppressions.add("a", "email", reason="complaint", actor=TEST)
    assert deliverable(live, "email") == (0, {Reason.NO_CONSENT: 1, Reason.NO_ADDRESS: 2, Reason.SUPPRESSED: 1})
    live.suppressions.lift("a", "email", actor=TEST)
    assert deliverable(live, "email")[0] == 1


def deliverable(services: Services, channel: str) -> tuple[int, dict[Reason, int]]:
    found = look(services, "everyone").deliverable
    assert found is not None
    return found[channel].count, {reason: number for reason, number in found[channel].reasons.items() if number}


def test_messages_that_were_sent_count_towards_the_cap(capped: Services, clock: TestClock) -> None:
    ready(capped)
    store_customers(capped, {"id": "a"}, {"id": "b"})
    capped.db.messages.insert_one({"_id": "m:a", "campaign_id": "m", "customer_id": "a", "channel": "in_app"})
    assert deliverable(capped, "in_app") == (2, {})
    capped.db.messages.update_one({"_id": "m:a"}, {"$set": {"sent_at": clock()}})
    assert deliverable(capped, "in_app") == (1, {Reason.FREQUENCY_CAP: 1})
    clock.advance(days=7, seconds=1)
    assert deliverable(capped, "in_app") == (2, {})


def test_a_cap_set_later_counts_earlier_messages_and_says_nothing_until_it_is_read(
    live: Services, clock: TestClock
) -> None:
    store_customers(live, {"id": "a"}, {"id": "b"})
    sent = {"_id": "m:a", "campaign_id": "m", "customer_id": "a", "channel": "in_app", "sent_at": clock()}
    live.db.messages.insert_one(sent)
    assert deliverable(live, "in_app") == (2, {})
    set_workspace(live, frequency_cap=1)
    told = eventually(lambda: live.previews.preview(EVERYONE, is_fresh=True, actor=TEST).deliverable)
    assert told
    assert (told["in_app"].count, told["in_app"].reasons[Reason.FREQUENCY_CAP]) == (1, 1)
    set_workspace(live, frequency_cap=None)
    assert deliverable(live, "in_app") == (2, {})


def test_a_reader_keeps_the_version_that_it_began_with(live: Services) -> None:
    store_customers(live, {"id": "a", "visits": 2})
    look(live, VISITORS)
    before = live.snapshot.state.version
    assert before is not None
    live.db.customers.delete_many({})
    assert look(live, "everyone").total == 0
    assert before.total == 1


def erase(services: Services, names: list[str]) -> None:
    services.db.customers.delete_many({"_id": {"$in": names}})
    services.db.orders.delete_many({"customer_id": {"$in": names}})


def test_random_changes_end_in_what_the_database_holds(live: Services) -> None:
    dice = random.Random(5)
    rules = ("visits >= 2 AND orders() >= 1", 'city = "Pune" OR spend > 20', "NOT orders(last 30 days) = 0")
    names = [f"c{n:02d}" for n in range(30)]
    for step in range(25):
        records = [
            {"id": name, "visits": dice.randrange(4), "city": dice.choice(("Pune", "Oslo"))}
            for name in dice.sample(names, dice.randrange(1, 12))
        ]
        moment = live.clock().replace(minute=step)
        live.persister.store([make_entry(Stream.CUSTOMERS, record, at=moment) for record in records])
        orders = [
            {"id": f"o{dice.randrange(60)}", "customer_id": dice.choice(names), "amount": dice.randrange(1, 30)}
            for _ in range(dice.randrange(8))
        ]
        if orders:
            live.persister.store([make_entry(Stream.ORDERS, order, at=moment) for order in orders])
        if step % 6 == 5:
            erase(live, dice.sample(names, 5))
        assert look(live, rules[step % 3]).source is Source.MEMORY
    assert len(live.snapshot.state.version.parts) < 8  # type: ignore[union-attr]


def test_a_dropped_collection_leaves_nobody(live: Services) -> None:
    store_customers(live, {"id": "a", "visits": 2})
    look(live, VISITORS)
    live.db.customers.drop()
    eventually(lambda: look(live, "everyone").total, lambda total: total == 0)


def test_what_does_not_fit_into_memory_is_counted_by_the_database(services: Services) -> None:
    store_customers(services, {"id": "a", "visits": 2})
    small = Keeper(services.db, services.rule_contexts, lambda: services.policy, services.clock, limit_mb=0)
    small.start()
    try:
        state = small.wait_until(lambda found: found.status is Status.TOO_LARGE, READY_S)
        assert (state.version, state.total) == (None, 1)
        assert small.caught_up(0.1).version is None
    finally:
        small.stop()


def test_before_it_is_started_the_database_is_asked(services: Services) -> None:
    store_customers(services, {"id": "a", "visits": 2})
    assert look(services, VISITORS).source is Source.DATABASE


def test_a_rule_that_cannot_be_evaluated_is_refused_in_memory_as_well(live: Services) -> None:
    rule: Any = parse_text("visits > 1", live.rule_contexts.context())
    with pytest.raises(UnknownField, match="no field 'vists'"):
        live.previews.preview(rule.model_copy(update={"field": "vists"}), actor=TEST)


@pytest.mark.parametrize(("length", "status"), [(8, Status.READY), (254, Status.TOO_LARGE)])
def test_long_ids_count_towards_what_the_snapshot_may_take(services: Services, length: int, status: Status) -> None:
    services.db.customers.insert_many(
        [arrange({"_id": f"{number:0{length}}", "created_at": START, "updated_at": START}) for number in range(4000)]
    )
    keeper = Keeper(services.db, services.rule_contexts, lambda: services.policy, services.clock, limit_mb=1)
    keeper.start()
    try:
        assert keeper.wait_until(lambda found: found.status is not Status.LOADING, READY_S).status is status
    finally:
        keeper.stop()


def store_message(services: Services, customer: str, state: MessageState, **more: Any) -> None:
    at = services.clock()
    row = new_row("m1", customer, channel="email", at=at, state=state, **more)
    services.message_log.insert([row])


def move_message(services: Services, customer: str, state: MessageState) -> None:
    moved = {"rank": state.rank, f"{state}_at": services.clock()}
    services.db.messages.update_one({"customer_id": customer}, {"$set": moved})


def ask_for_messages(services: Services) -> None:
    """Once asked for, they are read in the background."""
    assert look(services, OPENED).source is Source.DATABASE
    eventually(lambda: look(services, OPENED).source is Source.MEMORY, what="messages in memory")


def test_messages_are_held_once_a_rule_counts_them_and_followed_then(live: Services) -> None:
    store_customers(live, {"id": "a"}, {"id": "b"}, {"id": "c"})
    store_message(live, "a", MessageState.OPENED)
    ask_for_messages(live)
    assert look(live, OPENED).count == 1
    store_message(live, "b", MessageState.SENT)
    assert look(live, "messages(sent) >= 1").count == 2
    move_message(live, "b", MessageState.CLICKED)
    assert look(live, "messages(opened, last 1 day) >= 1").count == 2
    store_message(live, "c", MessageState.SKIPPED, reason="no_consent")
    assert look(live, "messages(skipped, reason = no_consent) >= 1").count == 1
    assert look(live, "messages(skipped, reason = suppressed) >= 1").count == 0


def test_who_waits_for_a_message_or_was_held_out_has_none(live: Services) -> None:
    store_customers(live, {"id": "a"}, {"id": "b"})
    ask_for_messages(live)
    store_message(live, "a", MessageState.PENDING)
    store_message(live, "b", MessageState.HELD_OUT)
    assert look(live, "messages(sent) = 0 AND messages(skipped) = 0 AND messages(failed) = 0").count == 2
    move_message(live, "a", MessageState.SENT)
    assert look(live, "messages(sent, channel = email) >= 1").count == 1


def test_properties_of_events_are_held_once_a_rule_asks_for_them(live: Services) -> None:
    store_customers(live, {"id": "a"}, {"id": "b"})
    store_event(live, "1", "a", value=150)
    wanted = "events(cart, value > 100) >= 1"
    assert look(live, wanted).source is Source.DATABASE
    eventually(lambda: look(live, wanted).source is Source.MEMORY, what="properties in memory")
    assert look(live, wanted).count == 1
    store_event(live, "2", "b", value=101)
    assert look(live, wanted).count == 2
    store_event(live, "3", "c", colour="Red", value=1)
    assert look(live, 'events(cart, colour = "RED") >= 1').count == 1
    store_event(live, "4", "d", value="many")
    with pytest.raises(BadRule, match="several types"):
        look(live, wanted)


def store_event(services: Services, event: str, customer: str, **properties: Any) -> None:
    record = {"id": event, "customer_id": customer, "type": "cart", "properties": properties}
    assert not services.persister.store([make_entry(Stream.EVENTS, record, at=services.clock())])


def test_items_of_orders_are_held_once_a_rule_asks_for_them(live: Services) -> None:
    store_customers(live, {"id": "a"}, {"id": "b"})
    lamps = [{"name": "Lamp 3"}, {"name": "Shade"}]
    plain = {"id": "2", "customer_id": "b", "amount": 5}
    store_orders(live, {"id": "1", "customer_id": "a", "amount": 5, "items": lamps}, plain)
    wanted = 'orders(item contains "LAMP") >= 1'
    assert look(live, wanted).source is Source.DATABASE
    eventually(lambda: look(live, wanted).source is Source.MEMORY, what="items in memory")
    assert look(live, wanted).count == 1
    changed = {**plain, "items": [{"name": "lamp 4"}]}
    live.persister.store([make_entry(Stream.ORDERS, changed, at=live.clock())])
    assert look(live, wanted).count == 2
    assert look(live, 'orders.last(item in ("Shade", "bulb")) in last 30 days').count == 1
    assert look(live, 'orders(item is not set) >= 1 OR orders.first(item = "lamp 4") is set').count == 1
    assert look(live, wanted).source is Source.MEMORY


@pytest.mark.parametrize(("extra", "text"), [(Extra.MESSAGES, OPENED), (Extra.ITEMS, "orders(item is set) >= 1")])
def test_what_does_not_fit_beside_the_rest_is_counted_in_the_database(
    services: Services, extra: Extra, text: str
) -> None:
    """That is left out, not customers, orders and events."""
    store_customers(services, *({"id": f"c{n}", "visits": n} for n in range(5)))
    rows = (new_row("m1", f"x{n}", channel="email", at=START, state=MessageState.SENT) for n in range(40_000))
    services.message_log.insert(list(rows))
    order = {"customer_id": "c1", "amount_minor": 1, "status": "confirmed", "ordered_at": START}
    services.db.orders.insert_many([{**order, "_id": f"o{n}"} for n in range(22_000)])
    keeper = Keeper(services.db, services.rule_contexts, lambda: services.policy, services.clock, limit_mb=1)
    keeper.start()
    try:
        keeper.wait_until(lambda state: state.status is Status.READY, READY_S)
        keeper.want({extra})
        keeper.caught_up(READY_S)
        state = keeper.wait_until(lambda state: state.status is Status.READY, READY_S)
        assert state.version is not None
        assert not Population(state.version).holds(bind(parse_text(text, CONTEXT), CONTEXT))
        assert Population(state.version).total == 5
    finally:
        keeper.stop()
