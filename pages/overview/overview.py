"""Overview: how the workspace did in a range of days, and the way in for an empty one."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator as Place

from crm_core.campaigns.listing import STATES_OF, CampaignFilter, CampaignSort, StateGroup
from crm_core.insights.asking import BeingLoaded, NotInMemory
from crm_core.insights.periods import Period, months_before
from crm_core.rules.days import day_of
from pages._ui import queries
from pages._ui.date_range import pick_range
from pages._ui.deps import actor, services
from pages._ui.guard import hidden_if_forbidden, live
from pages._ui.insights import ask, follow_figures, show_figures, show_insight, show_loading, show_not_in_memory
from pages._ui.links import go_to, link_to
from pages._ui.tables import order_table
from pages._ui.widgets import empty_state, page_header
from pages.campaigns.card import show_recent, show_running
from pages.overview.welcome import demo_progress, welcome
from pages.tour.panel import show_tour

CAMPAIGNS_S = 2.0
FIGURES_S = 5.0
MOST = 5
MONTHS = 12
ACTS = {"opened": "Opened", "clicked": "Clicked", "delivered": "Delivered", "ordered": "Ordered"}


def show_overview() -> None:
    found = services()
    today = day_of(found.clock(), found.rule_contexts.zone())
    place = page_header("Overview")
    with place:
        period = pick_range(today)
    show_tour()
    above = st.container()
    left, right = st.columns([5, 3], gap="small")
    below = st.container()
    with right, st.container(border=True, height="stretch"):
        live(run_every=CAMPAIGNS_S)(show_campaigns)()
    try:
        show_insights(period, above, left, below)
    except BeingLoaded as exc:
        with above:
            show_loading(exc)
    except NotInMemory as exc:
        with above:
            show_not_in_memory(exc)
    show_latest()


def show_insights(period: Period, above: Place, left: Place, below: Place) -> None:
    """left: beside the campaigns, which are shown also while the figures are being loaded."""
    days = {"from": str(period.first), "to": str(period.last)}
    with above:
        follow_figures(FIGURES_S)
        show_figures(ask("kpis", days), key="kpis")
        messages, funnel = st.columns([5, 3], gap="small")
        with messages:
            show_insight(ask("messages_over_time", days), key="messages", title="Messages by state")
        with funnel:
            show_insight(ask("funnel", days), key="funnel")
    with left:
        show_hours(days)
    months = {"from": str(min(period.first, months_before(period.last, MONTHS - 1))), "to": str(period.last)}
    with below:
        show_insight(ask("revenue_by_month", months), key="revenue")


def show_hours(days: dict[str, str]) -> None:
    act = st.session_state.get("overview_hours") or "opened"

    def choose() -> None:
        st.segmented_control(
            "What", list(ACTS), default=act, required=True, format_func=ACTS.__getitem__, key="overview_hours",
            label_visibility="collapsed",
        )  # fmt: skip

    show_insight(ask("hours", {**days, "of": act}), key="hours", controls=choose)


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
        order_table(queries.latest_orders(), services().workspace.current().currency, key="overview_orders")


if services().demo_jobs.is_running():
    page_header("Welcome to ClientNest")
    demo_progress()
elif services().overview.is_empty(actor=actor()):
    welcome()
else:
    show_overview()
