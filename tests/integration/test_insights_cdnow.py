"""Insights over real purchases, held against the published totals and against pandas on the file itself."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest

from crm_core.customers.document import arrange
from crm_core.services import Services
from crm_core.settings import Settings
from tests.databases import open_database
from tests.insights import rows

TODAY = datetime(1998, 7, 1, 12, tzinfo=UTC)
CUSTOMERS, PURCHASES, CENTS = 23_570, 69_659, 250_031_563


class Shop(NamedTuple):
    services: Services
    lines: pd.DataFrame


@pytest.fixture(scope="module")
def cdnow(servers: Settings, cdnow_master: Path) -> Iterator[Shop]:
    names = ["customer_id", "day", "cds", "dollars"]
    lines = pd.read_csv(cdnow_master, sep=r"\s+", names=names, dtype=str)
    lines["cents"] = (lines.dollars.astype(float) * 100).round().astype(int)
    lines["at"] = pd.to_datetime(lines.day, format="%Y%m%d", utc=True)
    with open_database(servers, lambda: TODAY) as services:
        stored: list[Any] = [
            {"_id": f"o{number}", "customer_id": row["customer_id"], "amount_minor": row["cents"]}
            | {"status": "confirmed", "ordered_at": row["at"].to_pydatetime()}
            for number, row in enumerate(lines.to_dict("records"))
        ]
        services.db.orders.insert_many(stored)
        totals = lines.groupby("customer_id").agg(
            n=("cents", "size"), sum=("cents", "sum"), first=("at", "min"), last=("at", "max")
        )
        services.db.customers.insert_many(
            [
                arrange(
                    {"_id": str(name), "order_count": int(row["n"]), "total_spend_minor": int(row["sum"])}
                    | {"visits": 0, "created_at": TODAY, "updated_at": TODAY, "categories": [], "folded": {}}
                    | {"first_order_at": row["first"].to_pydatetime(), "last_order_at": row["last"].to_pydatetime()}
                )
                for name, row in totals.iterrows()
            ]
        )
        yield Shop(services, lines)


def test_the_key_figures_are_the_published_totals(cdnow: Shop) -> None:
    now, _ = rows(cdnow.services, "kpis", from_="1997-01-01", to="1998-06-30")
    assert (now["customers"], now["orders"], now["revenue"]) == (CUSTOMERS, PURCHASES, CENTS)


def test_revenue_by_month_is_that_of_the_file(cdnow: Shop) -> None:
    found = rows(cdnow.services, "revenue_by_month", from_="1997-01-01", to="1998-06-30")
    months = cdnow.lines.groupby(cdnow.lines.day.str[:6]).cents.agg(["sum", "size"])
    assert {f"{row['month']:%Y%m}": (row["revenue"], row["orders"]) for row in found} == {
        str(month): (row["sum"], row["size"]) for month, row in months.iterrows()
    }


def test_scores_are_those_of_the_file(cdnow: Shop) -> None:
    people = cdnow.lines.groupby("customer_id").agg(
        last=("at", "max"), orders=("cents", "size"), spend=("cents", "sum")
    )
    people["days"] = (pd.Timestamp("1998-07-01", tz="UTC") - people["last"]).dt.days
    for name, source in (("r", "days"), ("f", "orders")):
        ordered = np.sort(people[source].to_numpy())
        cuts = [ordered[-(-len(ordered) * fifth // 5) - 1] for fifth in (1, 2, 3, 4)]
        above = sum((people[source] > cut).astype(int) for cut in cuts)
        people[name] = 5 - above if name == "r" else 1 + above
    cells = people.groupby(["r", "f"]).spend.agg(["size", "sum"])
    found = rows(cdnow.services, "rfm")
    assert {
        (row["recency"], row["frequency"]): (row["customers"], row["spend"]) for row in found if row["customers"]
    } == {cell: (row["size"], row["sum"]) for cell, row in cells.iterrows()}


def test_cohorts_are_those_of_the_file(cdnow: Shop) -> None:
    lines = cdnow.lines.assign(month=cdnow.lines["at"].dt.year * 12 + cdnow.lines["at"].dt.month - 1)
    lines["cohort"] = lines.groupby("customer_id").month.transform("min")
    cells = lines.groupby(["cohort", "month"]).agg(people=("customer_id", "nunique"), cents=("cents", "sum"))
    found = rows(cdnow.services, "cohorts", from_="1997-01-01", to="1998-06-30")
    shown = {(row["cohort"], row["month"]): (row["customers"], row["revenue"]) for row in found if row["customers"]}
    expected: dict[Any, Any] = {}
    table: Any = cells.iterrows()
    for (cohort, month), row in table:
        expected[date(cohort // 12, cohort % 12 + 1, 1), month - cohort] = (row["people"], row["cents"])
    assert shown == expected
    assert sum(row["of"] for row in found if row["month"] == 0) == CUSTOMERS
