"""A made-up shop of any size, written straight into MongoDB in the form that the ingest worker stores."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import numpy as np

from crm_core.campaigns.messages.rows import new_row
from crm_core.customers.document import arrange, arrange_record
from crm_core.infra.mongo import Db, Doc
from crm_core.infra.text import fold
from crm_core.schema.message_states import MessageState

BATCH = 5_000
ORDERS_EACH = 5
MESSAGES_EACH, CAMPAIGNS = 2, 20
NOW = datetime.now(UTC).replace(microsecond=0)
YEARS_S = 2 * 365 * 86_400
CATEGORIES = (
    "Books",
    "Music",
    "Games",
    "Garden",
    "Kitchen",
    "Toys",
    "Shoes",
    "Sports",
    "Beauty",
    "Tools",
    "Pets",
    "Art",
)
FOLDED = [fold(category) for category in CATEGORIES]
CITIES = tuple(f"City {number}" for number in range(500))
TAGS = tuple(f"tag {number}" for number in range(20))
STATUSES = ("delivered", "delivered", "delivered", "shipped", "confirmed", "cancelled")


def fill(db: Db, customers: int, *, seed: int = 1) -> None:
    """That many customers, ORDERS_EACH times as many orders, one visit each fifth customer, totals and all, and
    MESSAGES_EACH messages a customer of CAMPAIGNS campaigns."""
    made = _Shop(customers, seed)
    insert(db, "customers", made.customers())
    insert(db, "orders", made.orders())
    insert(db, "events", made.events())
    insert(db, "messages", made.messages())


def fill_customers(db: Db, customers: int, *, seed: int = 1) -> None:
    """The customers of that shop without their orders and events."""
    insert(db, "customers", _Shop(customers, seed).customers())


class _Shop:
    def __init__(self, size: int, seed: int) -> None:
        random = np.random.default_rng(seed)
        self.size, self._random = size, random
        count = size * ORDERS_EACH
        self.whose = random.integers(0, size, count)
        self.amounts = np.maximum(1, random.lognormal(8.6, 1.1, count)).astype(np.int64)
        self.ages = random.integers(0, YEARS_S, count)
        self.categories = random.integers(0, len(CATEGORIES), count)
        self.statuses = random.integers(0, len(STATUSES), count)
        counted = self.statuses != STATUSES.index("cancelled")
        self.spend = np.bincount(self.whose, weights=self.amounts * counted, minlength=size).astype(np.int64)
        self.number = np.bincount(self.whose[counted], minlength=size)
        self.first, self.last = np.full(size, -1), np.full(size, YEARS_S + 1)
        np.maximum.at(self.first, self.whose[counted], self.ages[counted])
        np.minimum.at(self.last, self.whose[counted], self.ages[counted])
        self.bought = np.zeros(size, dtype=np.int64)
        np.bitwise_or.at(self.bought, self.whose[counted], 1 << self.categories[counted])

    def customers(self) -> Iterator[Doc]:
        random = np.random.default_rng(2)
        for first in range(0, self.size, BATCH):
            places = range(first, min(first + BATCH, self.size))
            draws = random.random((len(places), 8))
            for row, draw in zip(places, draws, strict=True):
                yield arrange(self._customer(row, draw))

    def _customer(self, row: int, draw: Any) -> Doc:
        number = int(self.number[row])
        doc: Doc = {
            "_id": customer_id(row),
            "name": f"Name{row % 5000} Family{row % 977}",
            "city": CITIES[int(draw[0] * 500)],
            "country": f"Country {int(draw[0] * 40)}",
            "tags": [TAGS[int(draw[1] * 20)]] if draw[1] < 0.6 else [TAGS[int(draw[1] * 20)], TAGS[int(draw[2] * 20)]],
            "loyalty_member": bool(draw[3] < 0.3),
            "total_spend_minor": int(self.spend[row]),
            "order_count": number,
            "visits": int(draw[4] * draw[4] * 20),
            "categories": [name for place, name in enumerate(CATEGORIES) if self.bought[row] >> place & 1],
            "created_at": NOW - timedelta(seconds=int(YEARS_S + draw[5] * 1e6)),
            "updated_at": NOW,
            "versions": {"id": 1},
        }
        if number:
            doc |= {"first_order_at": _ago(self.first[row]), "last_order_at": _ago(self.last[row])}
        if draw[6] < 0.9:
            doc["email"] = f"person{row}@example.com"
        if draw[6] > 0.3:
            doc["phone"] = f"+49{row:09d}"
        if draw[7] < 0.4:
            doc["consent"] = {"sms": {"state": "denied" if draw[7] < 0.1 else "granted", "at": NOW}}
        return doc

    def orders(self) -> Iterator[Doc]:
        for place in range(self.whose.size):
            category = int(self.categories[place])
            yield arrange_record(
                {
                    "_id": f"order-{place:08d}",
                    "customer_id": customer_id(int(self.whose[place])),
                    "amount_minor": int(self.amounts[place]),
                    "status": STATUSES[int(self.statuses[place])],
                    "category": CATEGORIES[category],
                    "category_folded": FOLDED[category],
                    "ordered_at": _ago(self.ages[place]),
                    "created_at": NOW,
                    "versions": {"id": 1},
                }
            )

    def events(self) -> Iterator[Doc]:
        for place in range(0, self.size, 5):
            yield {
                "_id": f"event-{place}",
                "at": _ago(self._random.integers(0, YEARS_S)),
                "created_at": NOW,
                "customer_id": customer_id(place),
                "type": "visit" if place % 10 else "cart_abandoned",
            }

    def messages(self) -> Iterator[Doc]:
        """Each campaign went to a share of all; four of ten messages were opened, one of ten clicked."""
        random = np.random.default_rng(3)
        for number in range(CAMPAIGNS):
            rows = random.choice(self.size, self.size * MESSAGES_EACH // CAMPAIGNS, replace=False)
            sent, luck = int(YEARS_S * number / CAMPAIGNS), random.random(rows.size)
            delays = random.integers(1, 5 * 86_400, rows.size)
            for row, chance, delay in zip(rows.tolist(), luck.tolist(), delays.tolist(), strict=True):
                yield _message(number, row, sent, chance, delay)


def _message(number: int, row: int, sent_s: int, chance: float, delay_s: int) -> Doc:
    campaign, at = campaign_id(number), _ago(sent_s)
    message = new_row(campaign, customer_id(row), channel=("email", "sms", "in_app")[number % 3], at=at)
    steps: Doc = {"sent_at": at, "text": f"Hello number {row}, this is what our campaign {number} says to you."}
    if chance > 0.97:
        return {**message, **steps, "rank": MessageState.FAILED.rank, "failed_at": at, "reason": "hard_bounce"}
    state = MessageState.CLICKED if chance < 0.1 else MessageState.OPENED if chance < 0.4 else MessageState.DELIVERED
    steps["delivered_at"] = at + timedelta(seconds=2)
    if chance < 0.4:
        steps["opened_at"] = at + timedelta(seconds=delay_s)
    if chance < 0.1:
        steps["clicked_at"] = at + timedelta(seconds=delay_s + 60)
    return {**message, **steps, "rank": state.rank}


def campaign_id(number: int) -> str:
    """number: 0 for the newest."""
    return f"{number:032x}"


def customer_id(row: int) -> str:
    return f"customer-{row:07d}"


def _ago(seconds: Any) -> datetime:
    return NOW - timedelta(seconds=int(seconds))


def insert(db: Db, name: str, docs: Iterator[Doc]) -> None:
    """The next batch is made while the database stores the last one."""
    with ThreadPoolExecutor(1) as pool:
        last = None
        while batch := list(islice(docs, BATCH)):
            if last:
                last.result()
            last = pool.submit(db[name].insert_many, batch, ordered=False)
        if last:
            last.result()
