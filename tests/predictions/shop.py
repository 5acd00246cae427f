"""A shop whose customers order as the models have it, stored through the ingest worker's code."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from crm_core.infra.streams import Stream
from crm_core.predictions.purchases import PurchaseModel
from crm_core.services import Services
from tests.integration.feeding import START, make_entry

LAST = datetime(2026, 6, 14, 18, tzinfo=UTC)
WEEKS = 104
BATCH = 1_000
MODEL = PurchaseModel(0.8, 4.0, 0.7, 4.0)


def orders_of(customer: str, rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    """From a first day in the first three quarters of two years on."""
    rate, leaves = rng.gamma(MODEL.r, 1 / MODEL.alpha), rng.beta(MODEL.a, MODEL.b)
    mean, at, number = rng.gamma(4, 15), LAST - timedelta(weeks=rng.uniform(WEEKS / 4, WEEKS)), 0
    while at <= LAST:
        amount = round(float(mean * rng.gamma(5, 0.2)) + 0.01, 2)
        yield {
            "id": f"{customer}-o{number}",
            "customer_id": customer,
            "amount": amount,
            "ordered_at": at.isoformat(),
        }
        number += 1
        if number > 1 and rng.random() < leaves:
            return
        at += timedelta(weeks=float(rng.exponential(1 / max(rate, 1e-9))))


def store_shop(services: Services, customers: int = 1_200, *, seed: int = 5) -> None:
    """Their ids are p00000, p00001, and so on; p00000 ordered on the last day."""
    rng = np.random.default_rng(seed)
    records = [order for number in range(customers) for order in orders_of(f"p{number:05}", rng)]
    records.append({"id": "last", "customer_id": "p00000", "amount": 20.0, "ordered_at": LAST.isoformat()})
    store_all(services, records)


def store_all(services: Services, records: list[dict[str, Any]]) -> None:
    for start in range(0, len(records), BATCH):
        part = records[start : start + BATCH]
        entries = [
            make_entry(Stream.ORDERS, record, at=START + timedelta(milliseconds=start + number))
            for number, record in enumerate(part)
        ]
        assert services.persister.store(entries) == {}
