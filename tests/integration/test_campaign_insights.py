"""Figures of campaigns, held against calculations with pandas that share no code with ours."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest

from crm_core.campaigns.messages.rows import row_id
from crm_core.errors import InvalidInput
from crm_core.infra.mongo import Doc
from crm_core.services import Services
from crm_core.settings import Settings
from tests.databases import open_database
from tests.insights import ask, rows
from tests.integration.feeding import store_customers, store_orders
from tests.integration.test_insights import NOW, RANKS, REACHED
from tests.waiting import eventually

SIZE, DAYS = 300, 10
LAUNCHED = NOW - timedelta(days=20)
CITIES = ("Pune", "Oslo", "Goa")


class Sent(NamedTuple):
    """log: of a campaign with two variants and a holdout; another one has a message for each fifth customer."""

    services: Services
    log: pd.DataFrame
    orders: pd.DataFrame


def made_log() -> pd.DataFrame:
    random = np.random.default_rng(11)
    log = pd.DataFrame({"customer_id": [f"c{n:03}" for n in range(SIZE)]})
    log["city"] = [CITIES[n % 3] if n % 10 else None for n in range(SIZE)]
    log["state"] = random.choice(RANKS[1:], SIZE, p=(0.05, 0.05, 0.2, 0.2, 0.15, 0.1, 0.25))
    is_lost = log.state.isin(["skipped", "held_out"])
    log["variant"] = pd.Series(random.choice(["A", "B"], SIZE)).where(~is_lost)
    reasons = random.choice(["no_consent", "excluded_segment", "messaged_recently"], SIZE)
    log["reason"] = pd.Series(reasons).where(log.state == "skipped")
    return log


def made_orders() -> pd.DataFrame:
    random = np.random.default_rng(12)
    orders = pd.DataFrame({"customer_id": [f"c{n:03}" for n in random.integers(0, SIZE, 400)]})
    orders["id"] = [f"o{n}" for n in range(len(orders))]
    orders["cents"] = random.integers(100, 9_000, len(orders))
    orders["at"] = pd.Timestamp(LAUNCHED) + pd.to_timedelta(random.integers(-5 * 86_400, 20 * 86_400, 400), unit="s")
    orders["status"] = random.choice(["confirmed", "returned", "cancelled"], 400, p=(0.8, 0.1, 0.1))
    return orders


def to_row(campaign: str, row: Doc) -> Doc:
    kept: Doc = {"_id": row_id(campaign, row["customer_id"]), "campaign_id": campaign, "channel": "email"}
    kept |= {"customer_id": row["customer_id"], "rank": RANKS.index(row["state"]), "created_at": LAUNCHED}
    kept |= {name: row[name] for name in ("variant", "reason") if isinstance(row.get(name), str)}
    for place, state in enumerate(("sent", "delivered", "opened", "clicked")):
        if row["state"] in REACHED[state]:
            kept[f"{state}_at"] = LAUNCHED + timedelta(hours=place)
    return kept | ({"skipped_at": LAUNCHED} if row["state"] == "skipped" else {})


def city_of(row: Doc) -> Doc:
    return {"city": row["city"]} if isinstance(row["city"], str) else {}


@contextmanager
def open_sent(servers: Settings) -> Iterator[Sent]:
    with open_database(servers, lambda: NOW) as services:
        log, orders = made_log(), made_orders()
        listed: list[Any] = log.to_dict("records")
        store_customers(services, *({"id": row["customer_id"], **city_of(row)} for row in listed))
        bought: list[Any] = [
            {"id": row["id"], "customer_id": row["customer_id"], "amount": row["cents"] / 100}
            | {"status": row["status"], "ordered_at": row["at"].isoformat()}
            for row in orders.to_dict("records")
        ]
        store_orders(services, *bought)
        variants = [{"name": name, "weight": 50.0, "message": None, "subject": None} for name in ("A", "B")]
        common = {"channel": "email", "message": "Hi", "state": "completed", "created_at": LAUNCHED}
        services.db.campaigns.insert_many(
            [
                {"_id": "spring", "name": "Spring", "launched_at": LAUNCHED, "variants": variants, **common},
                {"_id": "later", "name": "Later", "launched_at": LAUNCHED - timedelta(days=1), **common},
                {"_id": "draft", "name": "Draft", **common},
            ]
        )
        services.db.messages.insert_many([to_row("spring", row) for row in listed])
        services.db.messages.insert_many([to_row("later", {**row, "state": "opened"}) for row in listed[::5]])
        services.db.messages.update_many(
            {"campaign_id": "later"}, {"$set": {"opened_at": LAUNCHED + timedelta(days=2)}}
        )
        orders = orders[orders.status != "cancelled"].copy()
        orders["net"] = np.where(orders.status == "returned", -orders.cents, orders.cents)
        yield Sent(services, log, orders[orders["at"] <= pd.Timestamp(NOW)])


@pytest.fixture(scope="module")
def sent(servers: Settings) -> Iterator[Sent]:
    with open_sent(servers) as made:
        yield made


def test_the_lift_is_that_of_everybody_it_was_meant_for(sent: Sent) -> None:
    end = pd.Timestamp(LAUNCHED) + pd.Timedelta(days=DAYS)
    bought = sent.orders[(sent.orders["at"] >= pd.Timestamp(LAUNCHED)) & (sent.orders["at"] < end)]
    log = sent.log.set_index("customer_id")
    log["orders"] = bought[bought.status != "returned"].groupby("customer_id").size().reindex(log.index, fill_value=0)
    log["revenue"] = bought.groupby("customer_id").net.sum().reindex(log.index, fill_value=0) / 100
    log["buyers"] = (log.orders > 0).astype(float)
    meant = log[(log.state != "held_out") & ~log.reason.isin(["excluded_segment", "messaged_recently"])]
    held_out = log[log.state == "held_out"]
    found = {row["measure"]: row for row in rows(sent.services, "campaign_lift", campaign="spring", days=DAYS)}
    assert set(found) == {"buyers", "orders", "revenue"}
    for name, row in found.items():
        assert (row["customers"], row["customers_held_out"]) == (len(meant), len(held_out))
        assert row["messaged"] == pytest.approx(meant[name].mean())
        assert row["held_out"] == pytest.approx(held_out[name].mean())
        assert row["difference"] == pytest.approx(meant[name].mean() - held_out[name].mean())
        radius = 1.959964 * np.sqrt(meant[name].var() / len(meant) + held_out[name].var() / len(held_out))
        assert row["high"] - row["difference"] == pytest.approx(radius)
        assert row["in_all"] == pytest.approx(row["difference"] * len(meant), abs=0.01)
        assert row["relative"] == pytest.approx(row["difference"] / row["held_out"])
        assert row["verdict"] in {"better", "worse", "cannot tell yet"}


def test_without_a_holdout_nothing_is_compared(sent: Sent) -> None:
    assert rows(sent.services, "campaign_lift", campaign="later") == []
    assert rows(sent.services, "campaign_variants", campaign="later") == []


def test_a_renamed_campaign_is_called_by_its_new_name(sent: Sent) -> None:
    """The answer with the old name was remembered."""

    def names() -> set[str]:
        return {row["campaign"] for row in rows(sent.services, "attribution")}

    assert "Later" in names()
    for name in ("Much later", "Later"):
        sent.services.db.campaigns.update_one({"_id": "later"}, {"$set": {"name": name}})
        eventually(lambda name=name: name in names(), what="the new name")  # type: ignore[misc]


def test_variants_are_compared_with_the_first(sent: Sent) -> None:
    found = rows(sent.services, "campaign_variants")
    assert [(row["variant"], row["against"], row["measure"]) for row in found] == [
        ("B", "A", "opened"),
        ("B", "A", "clicked"),
    ]
    for row in found:
        hits, size = (sent.log[sent.log.state.isin(REACHED[state])].variant.value_counts()
                      for state in (row["measure"], "delivered"))  # fmt: skip
        assert row["rate"] == pytest.approx(hits["B"] / size["B"])
        assert row["difference"] == pytest.approx(hits["B"] / size["B"] - hits["A"] / size["A"])
        assert row["low"] < row["difference"] < row["high"]
        assert row["verdict"] == "cannot tell yet"


def test_a_campaign_is_broken_down_by_a_field(sent: Sent) -> None:
    found = {row["value"]: row for row in rows(sent.services, "campaign_breakdown", campaign="spring", field="city")}
    cities = sent.log.city.fillna("No value").str.lower().replace("no value", "No value")
    for value, group in sent.log.groupby(cities):
        row = found[value]
        for state, states in REACHED.items():
            assert row[state] == group.state.isin(states).sum()
        assert row["failed"] == (group.state == "failed").sum()
        assert row["opened_rate"] == row["opened"] / row["delivered"]
    assert len(found) == 4


def test_revenue_is_owed_to_the_campaign_touched_last(sent: Sent) -> None:
    touches = [(each, pd.Timestamp(LAUNCHED + timedelta(hours=2)), "Spring")
               for each in sent.log[sent.log.state.isin(["opened", "clicked"])].customer_id]  # fmt: skip
    touches += [(each, pd.Timestamp(LAUNCHED + timedelta(days=2)), "Later") for each in sent.log.customer_id[::5]]
    pairs = sent.orders[sent.orders.status != "returned"].merge(
        pd.DataFrame(touches, columns=["customer_id", "touched", "campaign"]), on="customer_id"
    )
    gap = pairs["at"] - pairs.touched
    pairs = pairs[(gap >= pd.Timedelta(0)) & (gap <= pd.Timedelta(days=5))]
    last = pairs.sort_values("touched").groupby("id").tail(1).groupby("campaign").net.agg(["size", "sum"])
    found = rows(sent.services, "attribution", from_="2026-05-01", to="2026-06-15")
    shown = {row["campaign"]: (row["orders"], row["revenue"]) for row in found}
    assert shown == {str(name): (row["size"], row["sum"]) for name, row in last.iterrows()}
    assert [row["revenue"] for row in found] == sorted((row["revenue"] for row in found), reverse=True)


def test_a_campaign_that_was_not_launched_is_refused(sent: Sent) -> None:
    for campaign in ("draft", "nothing"):
        with pytest.raises(InvalidInput, match="No campaign that was launched has the id") as refused:
            ask(sent.services, "campaign_lift", campaign=campaign)
        assert refused.value.field == "campaign"
