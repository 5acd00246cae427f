"""Rules: conditions over columns of a million customers, and their plans and times in MongoDB."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import numpy as np

from benchmarks.columns import CUSTOMERS, NOW, NOW_MS, make_columns
from benchmarks.previews import load_shop
from benchmarks.report import Figure, median_of
from crm_core.infra.text import fold
from crm_core.rules.binding import bind
from crm_core.rules.bound import Bound
from crm_core.rules.context import RuleContext
from crm_core.rules.engines.columns import Coded, Columns, Numbers
from crm_core.rules.engines.mask import mask
from crm_core.rules.engines.mongo import to_mongo
from crm_core.rules.text.parsing import parse_text
from crm_core.services import Services
from tests.running_app import RunningApp

DAY_MS = 86_400_000
Bare = Callable[[Columns], Any]

MASKED: dict[str, Bare] = {
    "spend > 1000": lambda c: _numbers(c, "total_spend") > 100_000,
    "visits between 3 and 7": lambda c: (_numbers(c, "visits") >= 3) & (_numbers(c, "visits") <= 7),
    'city = "city 7"': lambda c: _coded(c, "city").codes == 7,
    'city contains "7"': lambda c: np.isin(
        _coded(c, "city").codes,
        [code for code, city in enumerate(_coded(c, "city").values) if "7" in city],
    ),
    "inactive for 90 days": lambda c: _numbers(c, "last_order_at") <= NOW_MS - 90 * DAY_MS,
    "average_order > 99.99": lambda c: _numbers(c, "total_spend") > 9_999 * _numbers(c, "order_count"),
    'tags has any ("tag 3", "tag 5")': lambda c: np.isin(_coded(c, "tags").codes, [3, 5]),
    "orders(last 90 days) >= 2": lambda c: (
        np.bincount(c.orders.customers[c.orders.times >= NOW_MS - 90 * DAY_MS], minlength=CUSTOMERS) >= 2
    ),
    "orders.max() > 400 AND orders.avg() < 250": lambda c: (
        (np.bincount(c.orders.customers, weights=c.orders.amounts, minlength=CUSTOMERS) > 0) & (_largest(c) > 40_000)
    ),
    "orders.sum() > 500": lambda c: (
        np.bincount(c.orders.customers, weights=c.orders.amounts, minlength=CUSTOMERS) > 50_000
    ),
}
"""Rule text to what one would write with NumPy by hand, without asking for missing values or the cancelled."""

PLANNED = (
    'email = "nobody@example.com"',
    'city in ("Pune", "Mumbai")',
    'tags has any ("vip")',
    'customer in ("demo-000001", "demo-000002")',
    'city = "Pune" AND orders(last 90 days) >= 2',
    "spend > 100",
    "orders(last 90 days) >= 2",
)


def run(app: RunningApp) -> None:
    over_columns()
    with app.administrator() as services:
        load_shop(services)
        in_mongodb(services)


def over_columns() -> None:
    """Per condition, and per row of what it walks."""
    columns = make_columns()
    context = RuleContext(NOW, 2, fold)
    print(f"  {columns.size:,} customers, {columns.orders.amounts.size:,} orders")
    for text, bare in MASKED.items():
        bound = bind(parse_text(text, context), context)
        seconds = median_of(lambda bound=bound: mask(bound, columns))  # type: ignore[misc]
        bare_s = median_of(lambda bare=bare: bare(columns))  # type: ignore[misc]
        print(
            f"  {text:<44} {seconds * 1e6:>9,.0f} µs   bare NumPy {bare_s * 1e6:,.0f} µs, ratio {seconds / bare_s:.2f}"
        )
    sentence = " AND ".join(MASKED)
    seconds = median_of(lambda: parse_text(sentence, context))
    print(f"  parse {len(sentence)} characters of text {seconds * 1e6:>22,.0f} µs")


def in_mongodb(services: Services) -> None:
    """The exact count and the plan of its first stage, beside a bare count of all customers."""
    now = datetime.now(UTC)
    context = services.rule_contexts.context(now)
    bare_s = median_of(lambda: services.db.customers.count_documents({}))
    for text in PLANNED:
        rule = parse_text(text, context)
        seconds = median_of(lambda rule=rule: services.audience.count(rule, now=now))  # type: ignore[misc]
        Figure(f"  counts: {text}", 1 / seconds, "per s", 1 / bare_s, "count of all").print()
        print(f"      {plan_of(services, bind(rule, context))}")


def plan_of(services: Services, bound: Bound) -> str:
    """The access of the first stage, how many documents it examined, and how many went on to the lookup."""
    command = {"aggregate": "customers", "pipeline": to_mongo(bound), "cursor": {}}
    explained = services.db.command({"explain": command, "verbosity": "executionStats"})
    first = explained.get("stages", [{"$cursor": explained}])[0]["$cursor"]
    stages, stage = [], first["queryPlanner"]["winningPlan"]
    stage = stage.get("queryPlan", stage)
    while stage:
        stages.append(stage["stage"] + (f"({stage['indexName']})" if "indexName" in stage else ""))
        stage = stage.get("inputStage")
    stats = first["executionStats"]
    return f"{' < '.join(stages)}: {stats['totalDocsExamined']:,} examined, {stats['nReturned']:,} let through"


def _coded(columns: Columns, name: str) -> Coded:
    found = columns.fields[name]
    assert isinstance(found, Coded)
    return found


def _largest(columns: Columns) -> Any:
    found = np.zeros(CUSTOMERS, dtype=np.int64)
    np.maximum.at(found, columns.orders.customers, columns.orders.amounts)
    return found


def _numbers(columns: Columns, name: str) -> Any:
    found = columns.fields[name]
    assert isinstance(found, Numbers)
    return found.values
