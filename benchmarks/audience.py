"""The audience builder: loading and following the snapshot, previews in the core, and from a drop to the new number."""

from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from benchmarks.columns import NOW, make_columns
from benchmarks.dragging import measure_drags
from benchmarks.kept import READY_S, keep_and_read, start_again, start_snapshot
from benchmarks.opening import measure_opening
from benchmarks.report import median_of, time_of
from benchmarks.shop import fill
from crm_core.audience.eligibility import Policy
from crm_core.audience.measuring import measure_deliverable, measure_effects, measure_steps
from crm_core.audience.reach import LAYOUT
from crm_core.audience.snapshot.ids import IdTable
from crm_core.audience.snapshot.population import Population
from crm_core.audience.snapshot.shard import RecentSets, Sends, Shard, nbytes
from crm_core.audience.snapshot.version import Part, Version
from crm_core.hosting.platform import open_platform
from crm_core.infra.text import fold
from crm_core.rules.binding import bind
from crm_core.rules.context import RuleContext
from crm_core.rules.engines.columns import Coded, Columns, to_ms
from crm_core.rules.text.parsing import parse_text
from crm_core.rules.tree import AnyRule
from crm_core.services import Services, build_services
from crm_core.settings import Settings
from tests.actors import TEST
from tests.running_app import start_app

SIZES = (100_000, 1_000_000)
LARGEST = 5_000_000
CHANGED = 10_000
RUNS = 40
CACHE_GB = 2.0
DAY_MS = 86_400_000
RULE = (
    "spend > {spend} AND (visits < 3 OR NOT inactive for 90 days) "
    'AND orders(category = "{category}", last 180 days) >= 1 AND city in ({cities}) AND tags has any ({tags})'
)
"""Six conditions: numbers, texts, a list, a date, and orders."""
MIXED = (
    "spend > {spend} AND (visits < 3 OR NOT inactive for 90 days) AND city in ({cities}) "
    "AND messages(opened, channel = email, last 60 days) = 0 AND messages(clicked, last 365 days) >= 1"
)
"""Six as well, two of them on messages."""


def run(folder: Path) -> None:
    for size in SIZES:
        place = folder / str(size)
        place.mkdir()
        in_core(place, size)
        if size == SIZES[-1]:
            with start_app(place, CRM_MONGODB_CACHE_GB=str(CACHE_GB)) as app:
                measure_drags(app, size)
                measure_opening(app, size)
    at_the_limit(LARGEST)


def in_core(folder: Path, size: int) -> None:
    settings = Settings(data_dir=folder, mongodb_cache_gb=CACHE_GB)
    with open_platform(settings, workers=False) as ready:
        services = build_services(ready)
        filled = time_of(lambda: fill(services.db, size))
        print(f"  {size:,} customers, {size * 5:,} orders, {size * 2:,} messages: filled in {filled:.0f} s")
        load(services)
        columns, *spent = ask(services, RULE, "preview of 6 conditions")
        compare(services, RULE, lambda: bare_masks(columns, to_ms(services.clock())), *spent)
        follow(services)
        loaded = hold_messages(services)
        mixed, *spent = ask(services, MIXED, "preview of 6 conditions, 2 of them on messages")
        compare(services, MIXED, lambda: bare_mixed(mixed, to_ms(services.clock())), *spent)
        start_again(ready, services, parse_text(_rule(300, MIXED), services.rule_contexts.context()), loaded)


def load(services: Services) -> None:
    process = psutil.Process()
    before = process.memory_info().rss
    started = time_of(lambda: start_snapshot(services))
    version = services.snapshot.state.version
    assert version is not None
    shard = version.parts[0].shard
    records = shard.weight - shard.size
    print(
        f"    loaded in {started:.1f} s ({shard.weight / started:,.0f} records/s); "
        f"{shard.customer_bytes / shard.size:.0f} bytes a customer (goal ≤ 100), "
        f"{shard.record_bytes / records:.0f} an order or event (goal ≤ 32); "
        f"resident memory grew by {(process.memory_info().rss - before) / 1e6:.0f} MB"
    )


def ask(services: Services, wanted: str, what: str) -> tuple[Columns, float, float]:
    """Previews while one condition changes at a time, as by drags, and with nothing remembered.

    Returns the columns, and what the first and what the second take, in ms.
    """
    thresholds = count(300)
    rules = (parse_text(_rule(next(thresholds), wanted), services.rule_contexts.context()) for _ in count())
    warm = _spread(lambda: services.previews.preview(next(rules), actor=TEST))
    cold = _spread(lambda: _measure(_forgetful(services), next(rules), services.rule_contexts.context()))
    print(f"    {what}, one changed: p50 {warm[0]:.1f}, p95 {warm[1]:.1f} ms (goal p95 ≤ 50)")
    print(f"    all six anew: p50 {cold[0]:.1f}, p95 {cold[1]:.1f} ms")
    return _columns(services), warm[0], cold[0]


def compare(services: Services, wanted: str, by_hand: Callable[[], object], warm_ms: float, cold_ms: float) -> None:
    """by_hand: the same masks, for the count alone."""
    rule = parse_text(_rule(300, wanted), services.rule_contexts.context())
    bare = median_of(by_hand)
    stored = median_of(lambda: services.audience.count(rule, now=services.clock()), runs=3)
    print(
        f"    bare NumPy masks of the same {bare * 1e3:.1f} ms, ratio {cold_ms / bare / 1e3:.2f}; "
        f"MongoDB's own count {stored * 1e3:,.0f} ms, {stored * 1e3 / warm_ms:.0f} times as long"
    )


def hold_messages(services: Services) -> float:
    """They are read once a rule asks for some. Returns how long that and all else took, in s."""
    rule = parse_text("messages(sent) >= 1", services.rule_contexts.context())
    before = _columns(services)
    assert before.messages is None

    def read() -> None:
        services.previews.in_memory(rule, actor=TEST)
        services.snapshot.wait_until(
            lambda state: state.version is not None and _holds_messages(state.version), READY_S
        )

    took = time_of(read)
    version = services.snapshot.state.version
    assert version is not None
    shard = version.parts[0].shard
    messages = shard.columns.messages
    assert messages is not None
    print(
        f"    {messages.times.size:,} messages, and all else again, read in {took:.1f} s; "
        f"{nbytes(messages) / messages.times.size:.1f} bytes a message (goal ≤ 32)"
    )
    return took


def _holds_messages(version: Version) -> bool:
    return all(part.shard.columns.messages is not None for part in version.parts)


def _columns(services: Services) -> Columns:
    version = services.snapshot.state.version
    assert version is not None
    return version.parts[0].shard.columns


def follow(services: Services) -> None:
    """From the last of many changed customers to all of them in the snapshot."""
    ids = [f"customer-{row * 7:07d}" for row in range(CHANGED)]
    written = time_of(lambda: services.db.customers.update_many({"_id": {"$in": ids}}, {"$inc": {"visits": 1}}))
    seen = time_of(lambda: services.snapshot.caught_up(600))
    one = time_of(lambda: services.db.customers.update_one({"_id": ids[0]}, {"$inc": {"visits": 1}}))
    seen_one = time_of(lambda: services.snapshot.caught_up(600))
    print(f"    {CHANGED:,} changed customers (written in {written:.2f} s) are in it after {seen:.2f} s")
    print(f"    one changed customer (written in {one * 1e3:.0f} ms) after {seen_one:.2f} s")


def at_the_limit(size: int) -> None:
    """In the core alone: so many customers are more than this machine stores in reasonable time."""
    print(f"  {size:,} customers, {size * 5:,} orders, in the core")
    columns = make_columns(size)
    shard = Shard(
        columns,
        IdTable.of([f"customer-{row:07d}" for row in range(size)]),
        np.zeros(size, dtype=LAYOUT.dtype),
        _no_sends(),
    )
    keep_and_read(shard)
    version = Version((Part.whole(shard),))
    context = RuleContext(NOW, 2, fold)
    thresholds = count(300)
    rules = (parse_text(_rule(next(thresholds), category="category 3", city="city"), context) for _ in count())
    warm = _spread(lambda: _measure(version, next(rules), context))
    bare = median_of(lambda: bare_masks(columns, to_ms(NOW)), runs=3)
    print(
        f"    preview of 6 conditions, one changed: p50 {warm[0]:.1f}, p95 {warm[1]:.1f} ms; "
        f"bare NumPy {bare * 1e3:.1f} ms"
    )


def bare_masks(columns: Columns, now_ms: int) -> int:
    """What one would write by hand, for the count alone."""
    fields: Any = columns.fields
    orders = columns.orders
    recent = orders.times >= now_ms - 180 * DAY_MS
    books = recent & (orders.categories.codes == 3) & (orders.statuses.codes != 3)
    bought = np.bincount(orders.customers[books], minlength=columns.size) >= 1
    last = fields["last_order_at"]
    active = last.values > now_ms - 90 * DAY_MS
    places: Coded = fields["city"]
    wanted = np.isin(places.codes, range(10))
    tagged = np.isin(fields["tags"].codes, range(60))
    found = (
        (fields["total_spend"].values > 30_000) & ((fields["visits"].values < 3) | active) & bought & wanted & tagged
    )
    return int(np.count_nonzero(found))


def bare_mixed(columns: Columns, now_ms: int) -> int:
    """The same for the conditions on messages among them."""
    fields: Any = columns.fields
    messages: Any = columns.messages
    opened = messages.opened.places[messages.opened.times >= now_ms - 60 * DAY_MS]
    by_mail = opened[messages.channels.codes[opened] == messages.channels.values.index("email")]
    clicked = messages.clicked.places[messages.clicked.times >= now_ms - 365 * DAY_MS]
    opened_none = np.bincount(messages.customers[by_mail], minlength=columns.size) == 0
    clicked_some = np.bincount(messages.customers[clicked], minlength=columns.size) >= 1
    active = fields["last_order_at"].values > now_ms - 90 * DAY_MS
    wanted = np.isin(fields["city"].codes, range(10))
    found = (fields["total_spend"].values > 30_000) & ((fields["visits"].values < 3) | active)
    return int(np.count_nonzero(found & wanted & opened_none & clicked_some))


def _rule(spend: int, wanted: str = RULE, *, category: str = "Books", city: str = "City") -> str:
    cities = ", ".join(f'"{city} {number}"' for number in range(10))
    tags = ", ".join(f'"tag {number}"' for number in range(3))
    return wanted.format(spend=spend, category=category, cities=cities, tags=tags)


def _spread(work: Callable[[], object]) -> tuple[float, float]:
    """Median and 95th percentile in ms, after one run that does not count."""
    work()
    times = [time_of(work) * 1e3 for _ in range(RUNS)]
    return float(np.percentile(times, 50)), float(np.percentile(times, 95))


def _measure(version: Version, rule: AnyRule, context: RuleContext) -> None:
    """All that a preview says."""
    bound = bind(rule, context)
    population = Population(version)
    found = population.find(bound)
    measure_steps(population, bound)
    measure_effects(population, bound)
    measure_deliverable(population, found, Policy(), context.now)


def _forgetful(services: Services) -> Version:
    """The present version, with nothing remembered."""
    version = services.snapshot.state.version
    assert version is not None
    parts = [Part(replace(part.shard, sets=RecentSets()), part.alive) for part in version.parts]
    return Version(tuple(parts))


def _no_sends() -> Sends:
    return Sends(np.empty(0, np.int32), np.empty(0, np.int64), np.empty(0, np.int8))
