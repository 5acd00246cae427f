"""Ingestion is indifferent to order, repetition, company and death: byte for byte the same as one clean pass."""

import os
from collections.abc import Sequence

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm_core.infra.streams import Entry
from crm_core.services import Services
from tests.faults.histories import HISTORIES, Delivery, deliveries
from tests.faults.storing import Batch, StoringWorker
from tests.integration.feeding import STORED, read_bytes

NAMES = ("storing-1", "storing-2")
EXAMPLES = int(os.environ.get("CLIENTNEST_HISTORIES", "25"))


@settings(
    max_examples=EXAMPLES,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(history=HISTORIES, data=st.data())
def test_any_delivery_to_two_workers_that_are_killed_ends_as_one_clean_pass(
    services: Services, history: Sequence[Entry], data: st.DataObject
) -> None:
    forget(services)
    deliver(services, Delivery(([[entry] for entry in history], []), []))
    expected = read_bytes(services), services.attributes.all()
    forget(services)
    deliver(services, data.draw(deliveries(history)))
    assert (read_bytes(services), services.attributes.all()) == expected


def deliver(services: Services, delivery: Delivery) -> None:
    """Both workers at once; one that was killed is started again with the batch that it had in hand."""
    left: list[Sequence[Batch]] = list(delivery.batches)
    workers = [StoringWorker(services.settings, name, batches) for name, batches in zip(NAMES, left, strict=True)]
    for kill in delivery.kills:
        worker = workers[kill.worker]
        worker.wait_for(min(kill.stored, len(left[kill.worker])))
        worker.kill(after_s=kill.after_s)
        left[kill.worker] = left[kill.worker][worker.stored :]
        workers[kill.worker] = StoringWorker(services.settings, NAMES[kill.worker], left[kill.worker])
    for worker, batches in zip(workers, left, strict=True):
        worker.wait_for(len(batches))
        worker.end()


def forget(services: Services) -> None:
    for name in (*STORED, "attributes"):
        services.db[name].delete_many({})
