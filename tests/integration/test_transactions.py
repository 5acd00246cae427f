"""A transaction that a killed worker left open does not bar its successor."""

from collections.abc import Iterator

import pymongo
import pytest
from pymongo.client_session import ClientSession

from crm_core.errors import Unavailable
from crm_core.infra.transactions import TransactionSessions
from crm_core.services import Services, build_services

KILLED = "ingest-host-1"


@pytest.fixture
def abandoned(services: Services) -> Iterator[ClientSession]:
    """What ``kill -9`` leaves in the database: a transaction that has written and that nobody will end."""
    services.db.customers.insert_one({"_id": "c1", "name": "old"})
    killed = build_services(services.settings)
    killed.transactions.own(KILLED)
    with killed.transactions.open() as session:
        session.start_transaction()
        killed.db.customers.update_one({"_id": "c1"}, {"$set": {"name": "half"}}, session=session)
        yield session
        session.abort_transaction()  # nothing, where it was ended
    killed.close()


def rename(services: Services, worker: str, *, within_s: float) -> None:
    sessions = TransactionSessions(services.db, services.redis)
    sessions.own(worker)
    with pymongo.timeout(within_s), sessions.open() as session:
        session.with_transaction(
            lambda running: services.db.customers.update_one({"_id": "c1"}, {"$set": {"name": "new"}}, session=running)
        )


@pytest.mark.usefixtures("abandoned")
def test_the_successor_of_a_killed_worker_ends_its_transaction_and_goes_on(services: Services) -> None:
    rename(services, KILLED, within_s=10)
    assert services.db.customers.find_one({"_id": "c1"}) == {"_id": "c1", "name": "new"}


@pytest.mark.usefixtures("abandoned")
def test_a_worker_of_another_name_ends_nothing_and_has_to_wait(services: Services) -> None:
    with pytest.raises(Unavailable):
        rename(services, "ingest-host-2", within_s=0.5)
    assert services.db.customers.find_one({"_id": "c1"}) == {"_id": "c1", "name": "old"}


def test_a_worker_ends_no_transaction_of_its_own_life(services: Services) -> None:
    services.transactions.own(KILLED)
    for _ in range(3):
        with services.transactions.open() as session:
            session.with_transaction(lambda running: services.db.customers.insert_one({}, session=running))
    assert services.db.customers.count_documents({}) == 3
