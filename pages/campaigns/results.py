"""What came of a campaign: how far messages got, opens and clicks over time, variants beside the holdout."""

from collections.abc import Mapping

import streamlit as st

from crm_core.campaigns.counts import plan_of, rate_of, variants_of
from crm_core.campaigns.drafting.content import content_of
from crm_core.campaigns.messages.message_log import Stats, reached_in
from crm_core.campaigns.model import Campaign, Details
from crm_core.campaigns.states import RUNNING, CampaignState
from crm_core.schema.message_states import MessageState
from pages._ui.charts import delivery_timeline, opens_over_time, show_chart
from pages._ui.deps import actor, services
from pages._ui.formats import NONE, number, percent
from pages._ui.link_table import Cell, Column, Row, full_table
from pages.campaigns.compared import show_comparisons
from pages.campaigns.funnel import show_funnel
from pages.campaigns.steps import offer_steps

M = MessageState
CHART_PX = 250
COLUMNS = (
    Column("Variant", shape="plain"),
    Column("Message", shape="wide plain cut"),
    Column("Customers", "right"),
    Column("Delivered", "right", about="At least, with the percent of those who were sent it"),
    Column("Opened", "right", about="At least, with the percent of delivered"),
    Column("Clicked", "right", about="With the percent of delivered"),
    Column("Failed", "right"),
)


def show_results(campaign_id: str) -> None:
    campaign = services().campaigns.watch(campaign_id)
    stats = services().figures.stats(campaign, actor=actor()).value
    if not stats.audience:
        st.caption(_nobody(campaign))
        return
    details = services().figures.details(campaign, actor=actor())
    left, right = st.columns([1, 1], gap="medium")
    with left.container(border=True, height="stretch"):
        st.markdown("**Reached at least**")
        show_funnel(campaign["channel"], stats)
        offer_steps(campaign_id, stats)
    with right.container(border=True, height="stretch"):
        _show_course(details)
    if campaign.get("variants") or stats.by_state[M.HELD_OUT]:
        _show_variants(campaign, stats, details)
        show_comparisons(campaign, stats)


def _nobody(campaign: Campaign) -> str:
    if not campaign.get("launched_at"):
        return "Results come once it is launched."
    if plan_of(campaign) == "under_way":
        is_running = campaign["state"] in RUNNING
        return "Finding the audience …" if is_running else "The audience is found once the campaign is resumed."
    return "Nobody matched at launch." if campaign["state"] == CampaignState.COMPLETED else "No message was planned."


def _show_course(details: Details | None) -> None:
    points = details["timeline"] if details else []
    last = points[-1] if points else None
    has_opens = bool(last and last["opened"])
    st.markdown("**Opens and clicks since the start**" if has_opens else "**Delivery since the start**")
    if details is None:
        st.caption("Being counted …")
    elif last is None:
        show_chart(delivery_timeline(points), key="timeline", summary="Nothing sent yet.", height=CHART_PX)
    elif has_opens:
        summary = _course_words("Opened at least", last["opened"], "Clicked", last["clicked"], details)
        show_chart(opens_over_time(points), key="opens", summary=summary, height=CHART_PX)
    else:
        summary = _course_words("Delivered at least", last["delivered"], "Failed", last["failed"], details)
        show_chart(delivery_timeline(points), key="timeline", summary=summary, height=CHART_PX)


def _course_words(first: str, count: int, second: str, other: int, details: Details) -> str:
    """It is counted less often than what stands above."""
    return (
        f"{first}: {number(count)}. {second}: {number(other)}. Customers, counted at {details['as_of']:%H:%M:%S} UTC."
    )


def _show_variants(campaign: Campaign, stats: Stats, details: Details | None) -> None:
    with st.container(border=True):
        st.markdown("**Variants and holdout**" if campaign.get("variants") else "**Messaged and held out**")
        if campaign.get("variants") and details is None:
            st.caption("Being counted …")
            return
        full_table("Variants", COLUMNS, _variant_rows(campaign, stats, details), key="campaign_variants")
        as_of = f" Variants counted at {details['as_of']:%H:%M:%S} UTC." if details and campaign.get("variants") else ""
        st.caption(f"Counts and rates as they are.{as_of}")


def _variant_rows(campaign: Campaign, stats: Stats, details: Details | None) -> list[Row]:
    if campaign.get("variants") and details:
        found = variants_of(details)
        rows = [_variant(campaign, each["name"], found.get(each["name"]) or _none()) for each in campaign["variants"]]
    else:
        rows = [_variant(campaign, None, stats.by_state)]
    if held_out := stats.by_state[M.HELD_OUT]:
        words = f"{percent(held_out, stats.audience)} of the audience get nothing"
        rows.append(Row("", "", [Cell("Held out"), Cell(words), Cell(number(held_out)), *[Cell(NONE)] * 4]))
    return rows


def _none() -> dict[MessageState, int]:
    return dict.fromkeys(MessageState, 0)


def _variant(campaign: Campaign, name: str | None, by_state: Mapping[MessageState, int]) -> Row:
    content = content_of(campaign, name)
    text = content.get("subject") or content["message"] or ""
    sent = reached_in(by_state, M.SENT)
    cells = [Cell(name or "Messaged"), Cell(" ".join(text.split())[:120]), Cell(number(sent + by_state[M.PENDING]))]
    cells += [rate_cell(by_state, state) for state in (M.DELIVERED, M.OPENED, M.CLICKED)]
    return Row("", "", [*cells, Cell(number(by_state[M.FAILED]))])


def rate_cell(by_state: Mapping[MessageState, int], state: MessageState) -> Cell:
    """How many got at least so far, and the share of those who could."""
    rate, count = rate_of(by_state, state), reached_in(by_state, state)
    words = NONE if rate is None else f"{number(count)} · {100 * rate:.1f} %"
    return Cell(words, bar=rate, tone=state.value)
