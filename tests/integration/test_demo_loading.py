"""The demo shop on its way into the streams: no further ahead of the workers than there is room for."""

import pytest

from crm_core.demo import loading
from crm_core.errors import Unavailable
from crm_core.infra.streams import Stream
from crm_core.ingest.parsing import MAX_RECORDS
from crm_core.services import Services
from tests.integration.job_rig import ingest_worker

SIZE = 2_500


def test_a_large_shop_waits_until_the_workers_have_caught_up(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "MAX_AHEAD", MAX_RECORDS)
    monkeypatch.setattr(loading, "POLL_S", 0.01)
    heard, waiting = [-1], []

    def note(done: int, in_all: int) -> None:
        waiting.append(max(services.publisher.backlog(each) for each in (Stream.CUSTOMERS, Stream.ORDERS)))
        if done == heard[-1]:  # it waits
            with ingest_worker(services):
                services.publisher.wait_until_empty(Stream.CUSTOMERS, Stream.ORDERS, timeout_s=60)
        heard.append(done)

    shop = services.demo_loader.load(customers=SIZE, seed=1, progress=note)
    assert max(waiting) == MAX_RECORDS
    with ingest_worker(services):
        services.publisher.wait_until_empty(Stream.CUSTOMERS, Stream.ORDERS, timeout_s=60)
    stored = services.db.customers.count_documents({}), services.db.orders.count_documents({})
    assert stored == (SIZE, shop.order_count)


def test_it_says_when_nobody_stores_what_waits(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "MAX_AHEAD", MAX_RECORDS)
    monkeypatch.setattr(loading, "PATIENCE_S", -1.0)
    with pytest.raises(Unavailable, match="no more customers are taken; none is lost"):
        services.demo_loader.load(customers=SIZE, seed=1, progress=lambda done, in_all: None)
