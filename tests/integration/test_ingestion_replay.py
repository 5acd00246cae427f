"""Ingestion is indifferent to order, repetition and company."""

import random
import threading
from datetime import timedelta
from typing import Any

from crm_core.infra.streams import Entry, Stream
from crm_core.ingest.persist import Persister
from crm_core.services import Services
from tests.integration.feeding import START, make_entries, make_entry, read_state, store

SECOND = timedelta(seconds=1)
CUSTOMERS, ORDERS = Stream.CUSTOMERS, Stream.ORDERS


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


def test_entries_in_any_order_any_number_of_times_and_any_batches_end_in_the_same_state(services: Services) -> None:
    store(services, HISTORY)
    expected = read_state(services)
    for seed in range(12):
        forget(services)
        replay_shuffled(services, random.Random(seed))
        assert read_state(services) == expected, f"seed {seed}"


def forget(services: Services) -> None:
    services.db.customers.delete_many({})
    services.db.orders.delete_many({})


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


def test_two_workers_on_the_same_customers_end_with_the_right_totals(services: Services) -> None:
    batches = [
        [
            make_entry(ORDERS, order(f"o{worker}-{batch}-{n}", f"c{n % 4}", 1), at=START + batch * SECOND)
            for n in range(12)
        ]
        for worker in range(2)
        for batch in range(12)
    ]
    run_side_by_side(services, [batches[:12], batches[12:]])
    totals = [services.customers.customer(f"c{n}") for n in range(4)]
    assert [(found["total_spend"], found["order_count"]) for found in totals] == [(72, 72)] * 4


def test_two_workers_on_the_same_records_end_as_one_does(services: Services) -> None:
    store(services, HISTORY)
    expected = read_state(services)
    forget(services)
    run_side_by_side(services, [[[entry] for entry in HISTORY], [[entry] for entry in reversed(HISTORY)]])
    assert read_state(services) == expected


def run_side_by_side(services: Services, work: list[list[list[Entry]]]) -> None:
    """Each list of batches in a thread with a persister of its own, begun at the same moment."""
    begin = threading.Barrier(len(work))
    failures: list[Exception] = []

    def run(batches: list[list[Entry]]) -> None:
        persister = Persister(services.db, digits=2)
        begin.wait()
        try:
            for batch in batches:
                persister.store(batch)
        except Exception as exc:
            failures.append(exc)

    threads = [threading.Thread(target=run, args=(batches,)) for batches in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
