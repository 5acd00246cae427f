"""Ingestion is indifferent to order, repetition and company."""

import random
import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from pymongo import MongoClient
from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

from crm_core.infra.mongo import Doc
from crm_core.infra.streams import Entry, Stream
from crm_core.infra.transactions import TransactionSessions
from crm_core.ingest.persist import Persister
from crm_core.services import Services
from tests.actors import TEST
from tests.integration.feeding import START, make_entries, make_entry, read_bytes, store

CUSTOMERS, ORDERS = Stream.CUSTOMERS, Stream.ORDERS
SECOND = timedelta(seconds=1)


def order(order_id: str, customer_id: str = "c1", amount: float = 10, **more: Any) -> dict[str, Any]:
    return {"id": order_id, "customer_id": customer_id, "amount": amount, **more}


HISTORY = make_entries(
    (CUSTOMERS, {"id": "c1", "name": "Asha", "city": "Pune", "total_spend": 100, "consent": {"sms": "granted"}}),
    (ORDERS, order("o1", "c1", 10, category="Books")),
    (ORDERS, order("o2", "c1", 20, ordered_at="2026-05-01")),
    (CUSTOMERS, {"id": "c1", "city": None, "tags": ["vip"], "attributes": {"size": "M", "colour": "red"}}),
    (ORDERS, order("o1", "c2", 10, status="cancelled")),
    (ORDERS, order("o2", "c1", 25, ordered_at=None, category="Toys")),
    (CUSTOMERS, {"id": "c2", "name": "Bela", "order_count": 4}),
    (ORDERS, order("o1", "c3", 12, status="shipped", category=None)),
    (CUSTOMERS, {"id": "c1", "attributes": None, "consent": {"sms": "denied"}}),
    (CUSTOMERS, {"id": "c1", "city": "Goa", "total_spend": None, "attributes": {"size": "L"}}),
    (ORDERS, order("o3", "c2", 7, status=None)),
    (ORDERS, order("o3", "c2", 7, status="delivered", ordered_at="2026-04-01T12:00:00Z")),
)


def test_entries_in_any_order_repetition_and_batching_end_in_the_same_state(services: Services) -> None:
    store(services, HISTORY)
    expected = read_bytes(services)
    for seed in range(12):
        forget(services)
        replay_shuffled(services, random.Random(seed))
        assert read_bytes(services) == expected, f"seed {seed}"


def forget(services: Services) -> None:
    services.db.customers.delete_many({})
    services.db.orders.delete_many({})
    services.db.events.delete_many({})


def replay_shuffled(services: Services, chance: random.Random) -> None:
    """Every entry at least once, some twice, mixed, in batches of one stream each."""
    entries = HISTORY + chance.sample(HISTORY, 5)
    chance.shuffle(entries)
    batch: list[Entry] = []
    for entry in entries:
        if batch and (entry.stream != batch[0].stream or chance.random() < 0.3):
            services.persister.store(batch)
            batch = []
        batch.append(entry)
    services.persister.store(batch)


class Rendezvous(CommandListener):
    """Holds a worker after it has read the records of its batch until the other one has read too."""

    def __init__(self, both: threading.Barrier) -> None:
        self._both = both
        self.is_armed = False

    def succeeded(self, event: CommandSucceededEvent) -> None:
        if event.command_name == "find" and self.is_armed:
            self.is_armed = False  # a second try of the batch has nobody to wait for
            self._both.wait()

    def started(self, event: CommandStartedEvent) -> None:
        pass

    def failed(self, event: CommandFailedEvent) -> None:
        pass


def run_side_by_side(services: Services, *work: Sequence[Entry], read_together: bool) -> None:
    """Each list of entries by a worker of its own; entries of one place begin at the same moment."""
    begin, both = threading.Barrier(len(work)), threading.Barrier(len(work))
    failures: list[Exception] = []

    def run(entries: Sequence[Entry]) -> None:
        listener = Rendezvous(both)
        uri = services.settings.mongodb_uri
        client: MongoClient[Doc] = MongoClient(uri, tz_aware=True, w="majority", event_listeners=[listener])
        database = client[services.db.name]
        persister = Persister(
            database,
            TransactionSessions(database, services.redis),
            services.attributes,
            services.event_properties,
            digits=services.amounts_currency.digits,
        )
        try:
            for entry in entries:
                begin.wait()
                listener.is_armed = read_together
                persister.store([entry])
        except Exception as exc:
            failures.append(exc)
            begin.abort()
            both.abort()
        finally:
            client.close()

    threads = [threading.Thread(target=run, args=(entries,)) for entries in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_two_workers_that_both_read_before_either_writes_lose_nothing_of_each_other(services: Services) -> None:
    one, other = [], []
    for customer in ("known", "new1", "new2", "new3"):
        one += [(ORDERS, order(f"{customer}-1", customer, 1)), (CUSTOMERS, {"id": customer, "name": "Asha"})]
        other += [(ORDERS, order(f"{customer}-2", customer, 10)), (CUSTOMERS, {"id": customer, "city": "Pune"})]
        one += [(ORDERS, order(f"{customer}-3", customer, 100))]
        other += [(CUSTOMERS, {"id": customer, "total_spend": 1000})]
    store(services, [make_entry(CUSTOMERS, {"id": "known"})])
    run_side_by_side(services, make_entries(*one), make_entries(*other), read_together=True)
    for customer in ("known", "new1", "new2", "new3"):
        found = services.customers.customer(customer, actor=TEST)
        assert (found["total_spend"], found["order_count"]) == (Decimal(1111), 3)
        assert (found["name"], found["city"]) == ("Asha", "Pune")


def test_two_workers_on_the_same_records_end_as_one_does(services: Services) -> None:
    store(services, HISTORY)
    expected = read_bytes(services)
    forget(services)
    run_side_by_side(services, HISTORY, HISTORY[::-1], read_together=False)
    assert read_bytes(services) == expected


def test_two_changes_of_which_neither_alone_changes_the_totals_are_not_lost(services: Services) -> None:
    """Each worker still sees the other's order as the first; and both entries are older than the customer's last."""
    known = (
        make_entry(ORDERS, order("o1", ordered_at="2026-01-01")),
        make_entry(ORDERS, order("o2", ordered_at="2026-01-01")),
        make_entry(ORDERS, order("o3", ordered_at="2026-03-01"), at=START + 60 * SECOND),
    )
    store(services, known)
    one, other = (
        make_entry(ORDERS, order(name, ordered_at="2026-02-01"), at=START + number * SECOND)
        for number, name in enumerate(("o1", "o2"), start=1)
    )
    run_side_by_side(services, [one], [other], read_together=True)
    customer = services.customers.customer("c1", actor=TEST)
    moments = customer["first_order_at"], customer["last_order_at"]
    assert moments == (datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC))
    assert "lock" not in services.db.customers.find_one({"_id": "c1"})  # type: ignore[operator]
