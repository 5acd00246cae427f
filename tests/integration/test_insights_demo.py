"""Insights over the demo shop, as the page loads it, held against the same calculations with pandas."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest

from crm_core.settings import Settings
from tests.actors import ASHA
from tests.databases import open_database
from tests.integration import test_insights
from tests.integration.job_rig import work
from tests.integration.test_insights import NOW, RANKS, Shop
from tests.workspace import set_workspace

SIZE = 600

test_key_figures = test_insights.test_key_figures_are_those_of_the_data
test_owed_orders = test_insights.test_an_order_is_owed_to_the_last_message_touched_before_it
test_messages_over_time = test_insights.test_messages_are_counted_by_day_week_or_month
test_hours = test_insights.test_hours_are_those_of_the_workspaces_clocks
test_revenue_by_month = test_insights.test_revenue_by_month_is_whole_months
test_scores = test_insights.test_recency_and_frequency_are_scored
test_cohorts = test_insights.test_cohorts_count_who_came_back


@pytest.fixture(scope="module")
def demo(servers: Settings) -> Iterator[Shop]:
    with open_database(servers, lambda: NOW) as services:
        services.demo_jobs.start(customers=SIZE, seed=5, actor=ASHA)
        work(services)
        orders = pd.DataFrame(list(services.db.orders.find()))
        orders = orders[~orders.status.isin(["cancelled", "voided", "refunded"])]
        refunded = orders.refunded_minor.fillna(0).astype(int)
        orders = orders.assign(
            id=orders["_id"],
            at=pd.to_datetime(orders.ordered_at, utc=True),
            net=np.where(orders.status == "returned", -orders.amount_minor, orders.amount_minor - refunded),
            is_order=orders.status != "returned",
        )
        messages = pd.DataFrame(list(services.db.messages.find()))
        messages["state"] = messages["rank"].map(dict(enumerate(RANKS)))
        for step in ("sent", "delivered", "opened", "clicked"):
            messages[step] = pd.to_datetime(messages[f"{step}_at"], utc=True)
        yield Shop(services, orders, messages)


@pytest.fixture
def shop(demo: Shop) -> Shop:
    set_workspace(demo.services, time_zone="UTC", attribution_days=5, attribution_touch="opened")
    return demo
