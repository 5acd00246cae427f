"""How fast a stream that waits is stored, totals right, beside bare bulk writes of the same documents."""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from statistics import median

from pymongo import UpdateOne
from pymongo.collection import Collection

from benchmarks.bench import Bench
from benchmarks.load import send
from benchmarks.records import Records, make_customers, make_orders, to_batches
from benchmarks.report import Figure, time_of
from crm_core.infra.mongo import INDEXES, Db, Doc

ROUNDS = 3
CUSTOMERS = 20_000
ORDERS = 60_000
BATCH = 1_000
CONNECTIONS = 4
GOAL_RATE = 10_000
AT_RANDOM, GROUPED = "orders at random", "orders customer by customer"

Write = Callable[[Collection[Doc], Sequence[Doc]], object]


def measure_storing(bench: Bench) -> None:
    """Customers, then their orders, each from a full stream; both are dropped after each round.

    The orders come once at random, as a shop's flow, and once customer by customer, as most exports have them.
    """
    customers = make_customers(CUSTOMERS)
    orders = make_orders("stored", ORDERS, [record["id"] for record in customers])
    flows = {AT_RANDOM: orders, GROUPED: sorted(orders, key=lambda order: str(order["customer_id"]))}
    rates: defaultdict[str, list[float]] = defaultdict(list)
    for _ in range(ROUNDS):
        for what, flow in flows.items():
            rates["customers"].append(_store(bench, "customers", customers))
            rates[what].append(_store(bench, "orders", flow))
            _verify(bench.services.db, orders)
            if what is AT_RANDOM:
                _measure_bare(bench, rates)
            bench.forget_stored()
    _report({what: median(found) for what, found in rates.items()})


def _measure_bare(bench: Bench, rates: defaultdict[str, list[float]]) -> None:
    for name in ("customers", "orders"):
        docs = list(bench.services.db[name].find())
        for what, write in BARE.items():
            rates[f"{name} {what}"].append(_write_bare(bench.services.db, name, docs, write))


def _store(bench: Bench, name: str, records: Records) -> float:
    """Records per second from the moment that the worker may read to the stream being empty."""
    with bench.worker_paused():
        url = f"{bench.app.url}/api/v1/{name}"
        send(url, to_batches(records, size=BATCH), connections=CONNECTIONS, key=bench.key)
    return len(records) / time_of(bench.wait_until_stored)


def _verify(db: Db, orders: Records) -> None:
    """Every order is there once, and each customer has the totals that follow from what was sent."""
    spend, count = Counter[str](), Counter[str]()
    for order in orders:
        spend[order["customer_id"]] += round(order["amount"] * 100)
        count[order["customer_id"]] += 1
    stored = {row["_id"]: (row["total_spend_minor"], row["order_count"]) for row in db.customers.find()}
    assert len(stored) == CUSTOMERS, f"{len(stored)} customers are stored"
    assert stored == {who: (spend[who], count[who]) for who in stored}, "a customer's totals are not its orders"
    assert (found := db.orders.count_documents({})) == len(orders), f"{found} orders are stored"


def _write_bare(db: Db, name: str, docs: Sequence[Doc], write: Write) -> float:
    """Documents per second into a collection with the first of our indexes, if any, as safely as ours are written."""
    bare = db[f"bare_{name}"]
    if indexes := INDEXES.get(name, [])[:1]:
        bare.create_indexes(indexes)
    seconds = time_of(lambda: [write(bare, docs[at : at + BATCH]) for at in range(0, len(docs), BATCH)])
    bare.drop()
    return len(docs) / seconds


def _upsert(bare: Collection[Doc], docs: Sequence[Doc]) -> None:
    updates = [UpdateOne({"_id": doc["_id"]}, {"$set": {**doc}}, upsert=True) for doc in docs]
    bare.bulk_write(updates, ordered=False)


BARE: dict[str, Write] = {"upserted in bulk": _upsert, "inserted": lambda bare, docs: bare.insert_many(docs)}


def _report(rates: dict[str, float]) -> None:
    for flow, name in (("customers", "customers"), (AT_RANDOM, "orders"), (GROUPED, "orders")):
        for what in BARE:
            Figure(
                f"{flow} stored, totals right",
                rates[flow],
                "records/s",
                rates[f"{name} {what}"],
                what,
                goal_rate=GOAL_RATE,
            ).print()
