"""What insights answer, held against calculations with pandas that share no code with ours."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest

from crm_core.campaigns.messages.rows import row_id
from crm_core.errors import InvalidInput, NotFound
from crm_core.infra.mongo import Doc
from crm_core.insights.questions.distribution import FIELDS
from crm_core.rules.loading import load_rule
from crm_core.services import Services
from crm_core.settings import Settings
from tests.actors import TEST
from tests.databases import open_database
from tests.insights import ask, rows
from tests.integration.feeding import store_customers, store_orders
from tests.workspace import set_workspace

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
CUSTOMERS, ORDERS, MESSAGES = 120, 900, 700
RANKS = ("pending", "sent", "failed", "delivered", "opened", "clicked", "skipped", "held_out")
REACHED = {
    "sent": ["sent", "failed", "delivered", "opened", "clicked"],
    "delivered": ["delivered", "opened", "clicked"],
    "opened": ["opened", "clicked"],
    "clicked": ["clicked"],
}
ZONES = ("UTC", "Asia/Kolkata", "America/New_York", "Australia/Lord_Howe")
FIRST, LAST = date(2026, 2, 20), date(2026, 4, 10)
"""The clocks of New York and of Lord Howe change within them."""


def made_customer(number: int) -> dict[str, Any]:
    tags: list[list[str]] = [["vip"], ["VIP", "early"], ["late"], ["x", "y"]]
    given = {"tags": tags[number % 7]} if number % 7 < 4 else {}
    flag = {} if number % 5 == 0 else {"loyalty_member": number % 3 == 0}
    return {"id": f"c{number:03}", "city": ("Pune", "Oslo")[number % 2], "visits": number % 9, **given, **flag}


def made_orders() -> pd.DataFrame:
    random = np.random.default_rng(3)
    orders = pd.DataFrame({"id": [f"o{n}" for n in range(ORDERS)]})
    orders["customer_id"] = [f"c{n:03}" for n in random.integers(0, CUSTOMERS, ORDERS) ** 2 // CUSTOMERS]
    orders["category"] = random.choice(["Books", "books", "Toys"], ORDERS)
    orders["amount"] = random.integers(0, 20_000, ORDERS) / 100
    orders["refunded"] = np.where(random.random(ORDERS) < 0.1, (orders.amount / 3).round(2), 0.0)
    statuses = ["confirmed", "delivered", "cancelled", "returned", "voided"]
    orders["status"] = random.choice(statuses, ORDERS, p=(0.6, 0.25, 0.06, 0.06, 0.03))
    seconds = random.integers(0, 500 * 86_400, ORDERS)
    orders["at"] = pd.Timestamp(NOW).tz_convert("UTC") - pd.to_timedelta(seconds, unit="s")
    return orders


def made_messages() -> pd.DataFrame:
    random = np.random.default_rng(4)
    pairs = random.choice(CUSTOMERS * 12, MESSAGES, replace=False)
    log = pd.DataFrame({"customer_id": [f"c{n:03}" for n in pairs // 12], "campaign_id": [f"k{n}" for n in pairs % 12]})
    log["state"] = random.choice(RANKS, MESSAGES, p=(0.03, 0.07, 0.07, 0.3, 0.25, 0.2, 0.05, 0.03))
    at = pd.Timestamp(NOW) - pd.to_timedelta(random.integers(0, 200 * 86_400, MESSAGES), unit="s")
    for step in ("sent", "delivered", "opened", "clicked"):
        at = at + pd.to_timedelta(random.integers(0, 30_000, MESSAGES), unit="s")
        log[step] = pd.Series(at).where(log.state.isin(REACHED[step]))
    log["failed"] = log.sent.where(log.state == "failed")
    return log


def stored_rows(log: pd.DataFrame) -> Iterator[Doc]:
    for row in log.to_dict("records"):
        kept: Doc = {name: row[name] for name in ("customer_id", "campaign_id")}
        kept |= {"_id": row_id(row["campaign_id"], row["customer_id"]), "channel": "email"}
        kept |= {"rank": RANKS.index(row["state"]), "created_at": NOW}
        steps = ("sent", "delivered", "opened", "clicked", "failed")
        yield kept | {f"{step}_at": row[step] for step in steps if not pd.isna(row[step])}


class Shop(NamedTuple):
    """orders: those that count, with what each adds to the spend."""

    services: Services
    orders: pd.DataFrame
    messages: pd.DataFrame


@contextmanager
def open_shop(servers: Settings) -> Iterator[Shop]:
    with open_database(servers, lambda: NOW) as services:
        store_customers(services, *map(made_customer, range(CUSTOMERS)))
        made, messages = made_orders(), made_messages()
        records = made.assign(ordered_at=made["at"].map(lambda at: at.isoformat())).drop(columns="at")
        records["refunded"] = records.refunded.where(records.status != "returned", 0.0)
        listed: Any = records.to_dict("records")
        store_orders(services, *listed)
        services.db.messages.insert_many(list(stored_rows(messages)))
        counted = made[~made.status.isin(["cancelled", "voided", "refunded"])].copy()
        cents, refunded = ((counted[name] * 100).round().astype(int) for name in ("amount", "refunded"))
        counted["net"] = np.where(counted.status == "returned", -cents, cents - refunded)
        counted["is_order"] = counted.status != "returned"
        yield Shop(services, counted, messages)


@pytest.fixture(scope="module")
def opened(servers: Settings) -> Iterator[Shop]:
    with open_shop(servers) as shop:
        yield shop


@pytest.fixture
def shop(opened: Shop) -> Shop:
    """Nobody changes it but for the settings of the workspace."""
    set_workspace(opened.services, time_zone="UTC", attribution_days=5, attribution_touch="opened")
    return opened


def segment_of(services: Services) -> str:
    """Of every other customer, by id."""
    if known := services.db.segments.find_one({"name": "Oslo"}):
        return str(known["_id"])
    rule = load_rule({"kind": "field", "field": "city", "op": "eq", "value": "oslo"})
    return services.segments.save("Oslo", rule, actor=TEST)["_id"]


def local(times: pd.Series, zone: str) -> Any:
    return times.dt.tz_convert(zone).dt


def within(times: Any, zone: str, first: date = FIRST, last: date = LAST) -> Any:
    days = local(times, zone).date
    return (days >= first) & (days <= last)


def owed(orders: pd.DataFrame, messages: pd.DataFrame, days: int, touch: str) -> pd.DataFrame:
    """Orders that a message touched before, with the last of these."""
    pairs = orders[orders.is_order].merge(messages.reset_index(names="message"), on="customer_id")
    gap = pairs["at"] - pairs[touch]
    pairs = pairs[(gap >= pd.Timedelta(0)) & (gap <= pd.Timedelta(days=days))]
    return pairs.sort_values(touch).groupby("id").tail(1)


@pytest.mark.parametrize("zone", ZONES)
def test_key_figures_are_those_of_the_data(shop: Shop, zone: str) -> None:
    services, orders, messages = shop
    set_workspace(services, time_zone=zone, attribution_days=20)
    credited = owed(orders, messages, 20, "opened")
    now, before = rows(services, "kpis", from_=FIRST, to=LAST)
    length = (LAST - FIRST).days + 1
    earlier = FIRST - pd.Timedelta(days=length), FIRST - pd.Timedelta(days=1)
    assert (before["from"], before["to"]) == earlier
    for row in (now, before):
        bought = orders[within(orders["at"], zone, row["from"], row["to"])]
        assert row["revenue"] == bought.net.sum()
        assert row["orders"] == bought.is_order.sum()
        assert row["customers"] == bought[bought.is_order].customer_id.nunique()
        sent = messages[messages.state.isin(REACHED["sent"])]
        sent = sent[within(sent.sent, zone, row["from"], row["to"])]
        for state, states in REACHED.items():
            assert row[state] == sent.state.isin(states).sum()
        assert row["customers_reached"] == sent[sent.state.isin(REACHED["delivered"])].customer_id.nunique()
        assert row["delivered_rate"] == row["delivered"] / row["sent"]
        assert row["clicked_rate"] == row["clicked"] / row["delivered"]
        ours = credited[within(credited["at"], zone, row["from"], row["to"])]
        assert (row["attributed_orders"], row["attributed_revenue"]) == (len(ours), ours.net.sum())
    assert now["attributed_orders"] > 5


@pytest.mark.parametrize(("days", "touch"), [(1, "delivered"), (5, "opened"), (90, "clicked")])
def test_an_order_is_owed_to_the_last_message_touched_before_it(shop: Shop, days: int, touch: str) -> None:
    services, orders, messages = shop
    set_workspace(services, attribution_days=days, attribution_touch=touch)
    credited = owed(orders, messages, days, touch)
    ours = credited[within(credited["at"], "UTC")]
    now, _ = rows(services, "kpis", from_=FIRST, to=LAST)
    assert (now["attributed_orders"], now["attributed_revenue"]) == (len(ours), ours.net.sum())
    *steps, ordered = rows(services, "funnel", from_=FIRST, to=LAST)
    sent = messages[messages.state.isin(REACHED["sent"]) & within(messages.sent, "UTC")]
    until = pd.Timestamp(LAST) + pd.Timedelta(days=1 + days)
    followed = credited[credited["at"] < until.tz_localize("UTC")].message
    assert [step["messages"] for step in steps] == [sent.state.isin(states).sum() for states in REACHED.values()]
    assert ordered["messages"] == sent.index.isin(followed).sum()
    touched = next(step for step in steps if step["step"] == touch)
    assert ordered["share"] == ordered["messages"] / touched["messages"]
    assert steps[0]["share"] is None


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize(("first", "step"), [(FIRST, "D"), (date(2025, 9, 3), "W"), (date(2024, 3, 5), "M")])
def test_messages_are_counted_by_day_week_or_month(shop: Shop, zone: str, first: date, step: str) -> None:
    services, _, messages = shop
    set_workspace(services, time_zone=zone)
    found = rows(services, "messages_over_time", from_=first, to=LAST)
    sent = messages[messages.state.isin(REACHED["sent"])]
    sent = sent[within(sent.sent, zone, first)]
    days = pd.to_datetime(pd.Series(local(sent.sent, zone).date, index=sent.index))
    starts = days.dt.to_period(step).dt.start_time.dt.date.map(lambda day: max(day, first))
    expected = pd.crosstab(starts, sent.state)
    shown = pd.DataFrame(found).set_index("from")
    assert (shown.reindex(expected.index)[expected.columns].to_numpy() == expected.to_numpy()).all()
    assert shown.to_numpy().sum() == len(sent)
    assert shown.index.is_monotonic_increasing


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("act", ["opened", "clicked", "delivered", "ordered"])
def test_hours_are_those_of_the_workspaces_clocks(shop: Shop, zone: str, act: str) -> None:
    services, orders, messages = shop
    set_workspace(services, time_zone=zone)
    times = orders[orders.is_order]["at"] if act == "ordered" else messages[act].dropna()
    times = times[within(times, zone)]
    expected = pd.Series(1, index=[local(times, zone).day_of_week, local(times, zone).hour]).groupby(level=[0, 1]).sum()
    found = {
        (row["weekday"], row["hour"]): row["count"] for row in rows(services, "hours", from_=FIRST, to=LAST, of=act)
    }
    assert len(found) == 168
    assert {cell: count for cell, count in found.items() if count} == expected.to_dict()


@pytest.mark.parametrize("zone", ZONES)
def test_revenue_by_month_is_whole_months(shop: Shop, zone: str) -> None:
    services, orders, _ = shop
    set_workspace(services, time_zone=zone)
    found = pd.DataFrame(rows(services, "revenue_by_month", from_="2025-05-20", to="2026-06-15")).set_index("month")
    months = pd.Series(local(orders["at"], zone).date, index=orders.index).map(lambda day: day.replace(day=1))
    expected = orders.groupby(months).agg(revenue=("net", "sum"), orders=("is_order", "sum"))
    expected = expected.reindex(found.index, fill_value=0)
    assert (found[["revenue", "orders"]].to_numpy() == expected.to_numpy()).all()
    assert list(found.days[:2]) == [31, 30]
    assert (found.days_past.iloc[-1], found.days.iloc[-1], found.days_past.iloc[-2]) == (14, 30, 31)


def profile(orders: pd.DataFrame, zone: str) -> pd.DataFrame:
    bought = orders[orders.is_order].assign(day=lambda rows: local(rows["at"], zone).date)
    found = bought.groupby("customer_id").agg(last=("day", "max"), orders=("id", "size"))
    today = pd.Timestamp(NOW).tz_convert(zone).date()
    found["days"] = found["last"].map(lambda day: (today - day).days)
    found["spend"] = orders.groupby("customer_id").net.sum().reindex(found.index)
    return found


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("cuts", ["quintiles", "fixed"])
def test_recency_and_frequency_are_scored(shop: Shop, zone: str, cuts: str) -> None:
    services, orders, _ = shop
    set_workspace(services, time_zone=zone)
    people = profile(orders, zone)
    days, often = [30, 90, 180, 365], [1, 2, 4, 9]
    if cuts == "quintiles":
        days, often = (
            [sorted(people[name])[-(-len(people) * fifth // 5) - 1] for fifth in (1, 2, 3, 4)]
            for name in ("days", "orders")
        )
    people["r"] = 5 - sum((people.days > cut).astype(int) for cut in days)
    people["f"] = 1 + sum((people.orders > cut).astype(int) for cut in often)
    expected = people.groupby(["r", "f"]).spend.agg(["size", "sum"])
    found = rows(services, "rfm", cuts=cuts)
    assert len(found) == 25
    cells = {(row["recency"], row["frequency"]): (row["customers"], row["spend"]) for row in found if row["customers"]}
    assert cells == {cell: (row["size"], row["sum"]) for cell, row in expected.iterrows()}
    for row in found:
        inside = people.days.between(row["days_from"], row["days_to"] if row["days_to"] is not None else 10**6)
        inside &= people.orders.between(row["orders_from"], row["orders_to"] if row["orders_to"] is not None else 10**6)
        assert row["customers"] == inside.sum()


@pytest.mark.parametrize("zone", ZONES)
def test_cohorts_count_who_came_back(shop: Shop, zone: str) -> None:
    services, orders, _ = shop
    set_workspace(services, time_zone=zone)
    bought = orders.assign(month=local(orders["at"], zone).year * 12 + local(orders["at"], zone).month - 1)
    first = bought[bought.is_order].groupby("customer_id").month.min()
    bought["cohort"] = bought.customer_id.map(first)
    sizes = first.value_counts()
    expected: dict[Any, Any] = {}
    groups: Any = bought.dropna(subset="cohort").groupby(["cohort", "month"])
    for (cohort, month), group in groups:
        if month >= cohort >= 2025 * 12 + 4:
            people = group[group.is_order].customer_id.nunique()
            start = date(int(cohort) // 12, int(cohort) % 12 + 1, 1)
            expected[start, month - cohort] = (people, group.is_order.sum(), group.net.sum(), people / sizes[cohort])
    found = rows(services, "cohorts", from_="2025-05-01", to="2026-06-15")
    cells = {
        (row["cohort"], row["month"]): (row["customers"], row["orders"], row["revenue"], row["share"])
        for row in found
        if row["orders"] or row["revenue"]
    }
    assert cells == expected
    assert all(row["share"] == 1 for row in found if row["month"] == 0)


def test_a_segment_narrows_every_figure(shop: Shop) -> None:
    services, orders, messages = shop
    segment = segment_of(services)
    theirs = orders[orders.customer_id.str[1:].astype(int) % 2 == 1]
    now, _ = rows(services, "kpis", from_=FIRST, to=LAST, segment=segment)
    assert now["revenue"] == theirs[within(theirs["at"], "UTC")].net.sum()
    sent = messages[messages.state.isin(REACHED["sent"]) & within(messages.sent, "UTC")]
    assert now["sent"] == (sent.customer_id.str[1:].astype(int) % 2 == 1).sum()
    assert (
        sum(row["customers"] for row in rows(services, "rfm", segment=segment))
        == theirs[theirs.is_order].customer_id.nunique()
    )


def test_a_segment_called_like_everyone_is_told_apart(shop: Shop) -> None:
    rule = load_rule({"kind": "field", "field": "city", "op": "eq", "value": "pune"})
    segment = shop.services.segments.save("Everyone", rule, actor=TEST)["_id"]
    found = rows(shop.services, "revenue_by_segment", from_=FIRST, to=LAST, segments=segment)
    assert list(dict.fromkeys(row["segment"] for row in found)) == ["Everyone", "Everyone (segment)"]
    shop.services.segments.remove(segment, actor=TEST)


def test_a_change_is_in_the_next_answer(servers: Settings) -> None:
    with open_shop(servers) as (services, orders, _):
        _change(services, orders)


def _change(services: Services, orders: pd.DataFrame) -> None:
    before = rows(services, "kpis", from_="2026-06-15", to="2026-06-15")[0]["revenue"]
    store_orders(services, {"id": "late", "customer_id": "c001", "amount": 7.5, "ordered_at": NOW.isoformat()})
    services.db.customers.delete_one({"_id": "c000"})
    kept = orders[(orders.customer_id != "c000") & within(orders["at"], "UTC", NOW.date(), NOW.date())]
    after = rows(services, "kpis", from_="2026-06-15", to="2026-06-15")[0]["revenue"]
    assert after == kept.net.sum() + 750
    assert after != before


@pytest.mark.parametrize(
    "name", ["kpis", "messages_over_time", "funnel", "hours", "revenue_by_month", "rfm", "cohorts"]
)
def test_an_empty_workspace_has_no_shares_of_nothing(services: Services, name: str) -> None:
    for row in rows(services, name):
        shares = [value for column, value in row.items() if column.endswith(("rate", "share"))]
        assert shares == [None] * len(shares)
        assert not any(row.get(column) for column in ("customers", "revenue", "messages", "orders", "count"))


@pytest.mark.parametrize(
    ("wanted", "field", "words"),
    [
        ({"from_": "2026-02-30"}, "from", "is a day such as 2026-01-31"),
        ({"from_": "20260201"}, "from", "is a day such as 2026-01-31"),
        ({"from_": "2026-02-03", "to": "2026-02-02"}, "from", "is after 'to'"),
        ({"from_": "1800-01-01"}, "from", "days from 1900-01-01"),
        ({"from_": "1900-01-01", "to": "2026-01-01"}, "from", "at most 18,300 days"),
        ({"until": "2026-01-01"}, "until", "it has of, segment, from, to"),
        ({"of": "read"}, "of", "one of opened, clicked, delivered, ordered"),
        ({"segment": "nowhere"}, "segment", "nowhere"),
    ],
)
def test_what_cannot_be_asked_is_refused_by_name(
    services: Services, wanted: dict[str, Any], field: str, words: str
) -> None:
    with pytest.raises(InvalidInput, match=words) as refused:
        ask(services, "hours", **wanted)
    assert refused.value.field == field


def test_an_unknown_insight_is_not_found(services: Services) -> None:
    with pytest.raises(NotFound, match="there are rfm, cohorts"):
        ask(services, "nothing")


def test_a_range_in_the_future_is_empty(shop: Shop) -> None:
    services = shop.services
    assert rows(services, "kpis", from_="2030-01-01", to="2030-02-01")[0]["orders"] == 0
    assert [row["days_past"] for row in rows(services, "revenue_by_month", from_="2030-01-01", to="2030-02-01")] == [
        0,
        0,
    ]


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        *(("rfm", {"cuts": cuts}) for cuts in ("quintiles", "fixed")),
        *(("distribution", {"of": of, "scale": scale}) for of in FIELDS for scale in ("log", "even")),
        *(("breakdown", {"field": field, "most": 3}) for field in ("city", "tags", "categories", "loyalty_member")),
    ],
)
def test_the_rule_of_a_row_finds_as_many_customers(shop: Shop, name: str, wanted: dict[str, Any]) -> None:
    services = shop.services
    set_workspace(services, time_zone="Asia/Kolkata")
    segment = segment_of(services)
    answer = ask(services, name, **wanted, segment=segment)
    found = 0
    for row in answer.rows:
        rule = services.insights.rule_of(services.insights.question(name), answer, row)
        if rule is not None:
            counted = services.previews.preview(rule, actor=TEST, is_fresh=True).count
            assert counted == row["customers"], row
            found += counted
    assert found >= 30
