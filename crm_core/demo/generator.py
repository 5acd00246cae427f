"""A shop with customers, two years of orders and a year of campaigns, made up from a seed: the data of the demo."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np

from crm_core.demo.baskets import fill_baskets
from crm_core.demo.columns import Baskets, Habits, Ints, People, Purchases
from crm_core.demo.habits import draw_habits
from crm_core.demo.people import draw_people
from crm_core.demo.records import iterate_customers, iterate_orders
from crm_core.demo.responses import Responses, draw_responses
from crm_core.demo.seasons import build_clock
from crm_core.demo.shopping import draw_purchases, draw_signups
from crm_core.errors import InvalidInput

MAX_CUSTOMERS = 2_000_000


@dataclass(frozen=True, eq=False)
class DemoData:
    """The made-up shop, kept as columns; records are built while they are read, as often as asked."""

    people: People
    purchases: Purchases
    baskets: Baskets
    habits: Habits
    joined_s: Ints
    responses: Sequence[Responses]

    @property
    def customer_count(self) -> int:
        """Number of customer records."""
        return len(self.people)

    @property
    def order_count(self) -> int:
        """Number of order records."""
        return len(self.purchases)

    @property
    def message_count(self) -> int:
        """Number of rows in the message logs of its campaigns."""
        return sum(len(each.state) for each in self.responses)

    @property
    def record_count(self) -> int:
        """Number of records that a load stores."""
        return self.customer_count + self.order_count + self.message_count

    def customer_records(self) -> Iterator[dict[str, Any]]:
        """Yield the bodies of ``POST /api/v1/customers``, by id."""
        return iterate_customers(self.people, self.habits)

    def order_records(self) -> Iterator[dict[str, Any]]:
        """Yield the bodies of ``POST /api/v1/orders``, grouped by customer, each oldest first."""
        return iterate_orders(self.purchases, self.baskets)


def generate_demo(*, customers: int = 20_000, seed: int = 1, now: datetime) -> DemoData:
    """Make up a shop: the same arguments give the same data.

    now: aware; all orders lie in the 730 days before it.
    Raises InvalidInput for a number of customers, a seed or a time that is not allowed.
    """
    check_request(customers, seed, now)
    for_people, for_purchases, for_baskets, for_habits, for_refunds, for_app, for_responses = (
        np.random.default_rng(child) for child in np.random.SeedSequence(seed).spawn(7)
    )
    clock = build_clock(now)
    people = draw_people(for_people, for_app, customers)
    purchases = draw_purchases(for_purchases, people, clock)
    joined_s = draw_signups(for_responses, purchases, clock, customers)
    responses, purchases, consent = draw_responses(for_responses, people, purchases, joined_s, clock)
    people = replace(people, consent=consent)
    baskets = fill_baskets(for_baskets, for_refunds, people, purchases, clock.end_s)
    habits = draw_habits(for_habits, people, purchases, baskets, clock)
    return DemoData(people, purchases, baskets, habits, joined_s, responses)


def check_request(customers: int, seed: int, now: datetime) -> None:
    """Refuse what cannot be generated."""
    if not 1 <= customers <= MAX_CUSTOMERS:
        message = f"customers is {customers}; allowed are 1 to {MAX_CUSTOMERS:,}"
        raise InvalidInput(message, field="customers")
    if seed < 0:
        raise InvalidInput(f"seed is {seed}; allowed are 0 and above", field="seed")
    if now.tzinfo is None:
        raise InvalidInput(f"now is {now.isoformat()}; allowed are times with a zone", field="now")
