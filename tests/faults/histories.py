"""Made-up histories of records, and ways in which they may reach the workers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from crm_core.infra.streams import Entry, Stream
from tests.integration.feeding import make_entries

IDS = st.sampled_from(["c1", "c2", "c3"])
TEXTS = st.sampled_from(["Pune", "Goa", "Straße", "İstanbul"])
AMOUNTS = st.integers(0, 5000).map(lambda cents: cents / 100)
COUNTS = st.integers(0, 9)
DAYS = st.integers(1, 28).map(lambda day: f"2026-05-{day:02}")
ATTRIBUTES = st.dictionaries(
    st.sampled_from(["size", "joined"]),
    st.sampled_from(["M", "2026-01-02", 3, 2.5, True, ["a", "b"], None]),
    max_size=2,
)
CONSENT = st.dictionaries(
    st.sampled_from(["sms", "email"]), st.sampled_from(["granted", "denied", "unknown"]), max_size=2
)


def _given(required: dict[str, Any], optional: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Records in which each optional field is absent, null or has a value."""
    return st.fixed_dictionaries(required, optional={name: st.none() | value for name, value in optional.items()})


CUSTOMERS = _given(
    {"id": IDS},
    {
        "name": TEXTS,
        "first_name": TEXTS,
        "last_name": TEXTS,
        "city": TEXTS,
        "tags": st.lists(TEXTS, max_size=2),
        "cart_value": AMOUNTS,
        "visits": COUNTS,
        "total_spend": AMOUNTS,
        "order_count": COUNTS,
        "attributes": ATTRIBUTES,
        "consent": CONSENT,
    },
)
ORDERS = _given(
    {"id": st.sampled_from(["o1", "o2", "o3"]), "customer_id": IDS, "amount": AMOUNTS},
    {
        "refunded": AMOUNTS,
        "status": st.sampled_from(["confirmed", "shipped", "cancelled", "refunded", "returned"]),
        "category": TEXTS,
        "ordered_at": DAYS,
    },
).map(lambda order: order | ({"refunded": min(order["refunded"], order["amount"])} if order.get("refunded") else {}))
EVENTS = _given(
    {
        "id": st.sampled_from(["e1", "e2", "e3"]),
        "customer_id": IDS,
        "type": st.sampled_from(["visit", "cart_abandoned"]),
    },
    {"at": DAYS, "properties": ATTRIBUTES},
)
RECORDS = st.one_of(
    st.tuples(st.just(Stream.CUSTOMERS), CUSTOMERS),
    st.tuples(st.just(Stream.ORDERS), ORDERS),
    st.tuples(st.just(Stream.EVENTS), EVENTS),
)


@dataclass(frozen=True)
class Kill:
    """Of the worker of that place, once it has stored so many batches and that many seconds have passed."""

    worker: int
    stored: int
    after_s: float


@dataclass(frozen=True)
class Delivery:
    """What each of two workers gets, in which batches, and when it is killed."""

    batches: tuple[Sequence[Sequence[Entry]], Sequence[Sequence[Entry]]]
    kills: Sequence[Kill]


HISTORIES = st.lists(RECORDS, min_size=1, max_size=14).map(lambda records: make_entries(*records))


@st.composite
def deliveries(draw: st.DrawFn, history: Sequence[Entry]) -> Delivery:
    """Every entry at least once, some again, in any order, split between two workers in batches of one stream."""
    entries = draw(st.permutations([*history, *draw(st.lists(st.sampled_from(history), max_size=8))]))
    shares: tuple[list[Entry], list[Entry]] = ([], [])
    for entry in entries:
        shares[draw(st.integers(0, 1))].append(entry)
    batches = (_cut(draw, shares[0]), _cut(draw, shares[1]))
    kill = st.builds(Kill, st.integers(0, 1), st.integers(0, 3), st.integers(0, 12).map(lambda ms: ms / 1000))
    return Delivery(batches, draw(st.lists(kill, max_size=3)))


def _cut(draw: st.DrawFn, entries: Sequence[Entry]) -> list[list[Entry]]:
    batches: list[list[Entry]] = []
    for entry in entries:
        if not batches or batches[-1][0].stream != entry.stream or draw(st.booleans()):
            batches.append([])
        batches[-1].append(entry)
    return batches
