"""What only the worker can see: a record that the database refuses is a dead letter with a reason, never a loop."""

from collections.abc import Iterator

import pytest
from pymongo import ASCENDING

from crm_core.infra.consumer import Consumer, ConsumerPolicy
from crm_core.infra.streams import INGESTED, Stream
from crm_core.ingest.parsing import parse_rows
from crm_core.services import Services

NAMES = ["Asha", "Forbidden Person", "Bela"]


@pytest.fixture
def worker(services: Services) -> Iterator[Consumer]:
    """Afterwards the collection is gone, with what the operator has made of it."""
    policy = ConsumerPolicy(batch=100, block_ms=1)
    handler = services.persister.store
    yield Consumer(services.redis, streams=INGESTED, group="ingest", name="a", handler=handler, policy=policy)
    services.db.customers.drop()


def publish_customers(services: Services) -> list[str]:
    rows = [{"id": f"c{place}", "name": name, "email": "a@b.example"} for place, name in enumerate(NAMES)]
    batch = parse_rows(Stream.CUSTOMERS, rows, services.validation_context({}))
    return services.publisher.publish(Stream.CUSTOMERS, batch.payloads, origin="key:shop")


def test_a_rule_of_the_operator_s_own_buries_what_breaks_it_and_nothing_else(
    services: Services, worker: Consumer
) -> None:
    services.db.command("collMod", "customers", validator={"name": {"$ne": NAMES[1]}})
    _, bad, _ = publish_customers(services)
    worker.run_once()
    (letter,) = services.monitor.dead_letters()
    assert (letter.entry.id, letter.entry.origin) == (bad, "key:shop")
    assert letter.reason == "the database refuses the write: error 121"
    assert [row["name"] for row in services.db.customers.find().sort("_id")] == [NAMES[0], NAMES[2]]
    assert services.publisher.backlog(*INGESTED) == 0


def test_a_unique_index_of_the_operator_s_own_is_no_loop(services: Services, worker: Consumer) -> None:
    services.db.customers.create_index([("email", ASCENDING)], unique=True)
    publish_customers(services)
    worker.run_once()
    assert [letter.reason for letter in services.monitor.dead_letters()] == [
        "the database refuses the write: error 11000"
    ] * 2
    assert services.db.customers.count_documents({}) == 1
    assert services.publisher.backlog(*INGESTED) == 0
