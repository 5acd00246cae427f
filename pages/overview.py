"""Overview: what the workspace holds, and the way in for an empty one."""

from typing import Any

import streamlit as st

from crm_core.campaigns.listing import STATES_OF, CampaignFilter, CampaignSort, StateGroup
from crm_core.infra.streams import INGESTED
from crm_core.insights.overview import Totals
from crm_core.money import to_major
from pages._ui import queries
from pages._ui.charts import revenue_by_month, show_chart
from pages._ui.commands import IMPORT_COMMANDS
from pages._ui.demo_shop import DEMO_WORDS, LOAD_DEMO, load_demo_shop
from pages._ui.deps import actor, services
from pages._ui.formats import money, money_short, number
from pages._ui.guard import hidden_if_forbidden, live
from pages._ui.jobs import Cancel, show_job_in_hand
from pages._ui.links import go_to, link_to
from pages._ui.tables import order_table
from pages._ui.widgets import CARD_PX, empty_state, page_header, time_caption
from pages.campaigns.card import show_recent, show_running
from pages.tour.panel import show_tour

CAMPAIGNS_S = 2.0
MOST = 5
currency = services().workspace.current().currency


def welcome() -> None:
    """What an empty workspace offers: made-up customers, or one's own file."""
    page_header("Welcome to ClientNest", "Build audiences from your customers' orders, and message them.")
    if not show_tour():
        with empty_state("groups", "No customers yet", DEMO_WORDS):
            if st.button(LOAD_DEMO, type="primary", icon=":material/download:"):
                load_demo_shop()
    st.subheader("Or bring your own", anchor=False)
    st.markdown("Import a file of customers, orders or events, or send them to the REST API.")
    if st.button("Import a file", icon=":material/upload_file:"):
        go_to("data")
    st.caption("On the command line, for files of any size:")
    st.code(IMPORT_COMMANDS, language=None, wrap_lines=True)


@live(run_every=0.5)
def demo_progress() -> None:
    jobs = services().demo_jobs
    job = jobs.latest()
    if job is None or not jobs.is_running():
        st.cache_data.clear()
        st.rerun()
    done, total = job["done"], job["total"]
    words = f"{number(done)} of {number(total)} records made" if total else "Starting"
    waiting = services().publisher.backlog(*INGESTED) if total else 0
    with st.container(border=True):
        st.markdown("**Loading demo data**")
        show_job_in_hand(
            job,
            f"{words} · {number(waiting)} still to be stored",
            Cancel(
                "Cancel loading",
                "No more customers and orders are made. Those that were made stay.",
                lambda: cancel_demo(job["_id"]),
            ),
        )


def cancel_demo(job_id: str) -> str:
    job = services().demo_jobs.cancel(job_id, actor=actor())
    return f"Cancelled. {number(job['done'])} of {number(job['total'])} records were made, and stay."


def show_totals(totals: Totals) -> None:
    figures = [
        ("Customers", number(totals.customers), None),
        ("Orders", number(totals.orders), "Those that count: not cancelled, refunded, voided or returned."),
        ("Revenue", money_short(totals.revenue_minor, currency), f"Exactly {money(totals.revenue_minor, currency)}."),
        ("Average order", money(totals.average_minor, currency), "Revenue by orders."),
    ]
    with st.grid(4, min_column_width=CARD_PX, gap="small"):
        for label, value, about in figures:
            st.metric(label, value, help=about, border=True)


def show_revenue() -> None:
    st.subheader("Revenue by month", anchor=False)
    digits = services().workspace.digits()
    points: list[dict[str, Any]] = [
        {
            "month": row["month"].date(),
            "revenue": float(to_major(row["revenue_minor"], digits)),
            "orders": row["orders"],
        }
        for row in queries.revenue_by_month()
    ]
    if not points:
        st.caption("No orders yet.")
        return
    best = max(points, key=lambda point: point["revenue"])
    summary = f"Best month: {best['month']:%B %Y} with {number(best['orders'])} orders. Cancelled orders are not in it."
    show_chart(revenue_by_month(points, currency=currency), key="revenue", summary=summary)


def show_campaigns() -> None:
    listed = services().campaign_list.page(CampaignFilter(), CampaignSort(), skip=0, limit=2 * MOST, actor=actor())
    under_way = STATES_OF[StateGroup.RUNNING]
    running = [each for each in listed if each["state"] in under_way][:MOST]
    recent = [each for each in listed if each["state"] not in under_way][:MOST]
    if running:
        st.subheader("Sending now", anchor=False)
        for campaign in running:
            show_running(campaign)
    if recent or not running:
        st.subheader("Recent campaigns", anchor=False)
    if recent:
        show_recent(recent)
        link_to("campaigns", "All campaigns", icon=":material/arrow_forward:")
    elif not running:
        with empty_state("campaign", "No campaign yet", "Build an audience first, then write to it."):
            if st.button("Build an audience", icon=":material/filter_alt:"):
                go_to("audience_builder")


def show_latest() -> None:
    st.subheader("Latest orders", anchor=False)
    with hidden_if_forbidden():
        order_table(queries.latest_orders(), currency, key="overview_orders")


if services().demo_jobs.is_running():
    page_header("Welcome to ClientNest")
    demo_progress()
else:
    totals = queries.totals()
    if not totals.customers:
        welcome()
    else:
        page_header("Overview")
        show_tour()
        show_totals(totals)
        left, right = st.columns([3, 2], gap="medium")
        with left:
            show_revenue()
            show_latest()
        with right:
            live(run_every=CAMPAIGNS_S)(show_campaigns)()
        time_caption("Counted", totals.as_of, services().clock())
