"""What a campaign's figures say: variants against the first, messaged against held out, and groups by a field."""

from typing import Final

import streamlit as st

from crm_core.campaigns.messages.message_log import Stats
from crm_core.campaigns.model import Campaign
from crm_core.errors import Unavailable
from crm_core.insights.asking import BeingLoaded, NotInMemory
from crm_core.insights.frame import Row
from crm_core.insights.questions.campaign_lift import REVENUE
from crm_core.schema.message_states import MessageState
from pages._ui.deps import services
from pages._ui.formats import literal, money, money_major, number
from pages._ui.insights import Insight, ask, show_insight
from pages.explore.choices import choose
from pages.explore.rows import show_rows

CHART_PX: Final = 210
DAYS: Final = (3, 7, 14, 30, 90)
DEFAULT_DAYS: Final = 14
LIFT_DAYS: Final = "campaign_lift_days"
BREAKDOWN_PX: Final = 360


def show_comparisons(campaign: Campaign, stats: Stats) -> None:
    wanted = {"campaign": campaign["_id"]}
    if len(campaign.get("variants") or ()) > 1:
        compared = ask("campaign_variants", wanted)
        show_insight(compared, key="variants_compared", height=CHART_PX, below=lambda: _show_verdicts(compared))
    if stats.by_state[MessageState.HELD_OUT]:
        try:
            _show_lift(wanted)
        except (BeingLoaded, NotInMemory) as exc:
            offer_to_look(exc)


def offer_to_look(exc: Unavailable) -> None:
    """No drawing by itself: the page may be asking something."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(literal(str(exc)), width="content")
        st.button("Look again", type="tertiary", icon=":material/refresh:", key="campaign_look_again")


def _show_lift(wanted: dict[str, str]) -> None:
    days = st.session_state.get(LIFT_DAYS, DEFAULT_DAYS)
    lift = ask("campaign_lift", {**wanted, "days": str(days)})
    owed = ask("attribution", {})

    def below() -> None:
        if revenue := next((row for row in lift.rows if row["measure"] == REVENUE), None):
            st.markdown(_in_all(revenue))
        _show_owed(owed, wanted["campaign"])

    show_insight(lift, key="campaign_lift", height=CHART_PX, controls=lambda: choose_days(days, LIFT_DAYS), below=below)


def choose_days(chosen: int, key: str) -> None:
    st.segmented_control(
        "Days after the launch",
        DAYS,
        default=chosen,
        required=True,
        format_func=lambda days: f"{days} days",
        key=key,
        label_visibility="collapsed",
    )


def _show_verdicts(compared: Insight) -> None:
    for row in compared.rows:
        st.markdown(_verdict(row))


def _verdict(row: Row) -> str:
    what = (
        f"**{literal(row['variant'])}** against **{literal(row['against'])}**, {row['measure']}: **{row['verdict']}**"
    )
    if row["more_needed"]:
        return f"{what}. It takes about {number(row['more_needed'])} more delivered messages if it stays like this."
    return f"{what}."


def _in_all(row: Row) -> str:
    if row["in_all"] is None or row["verdict"].startswith("not enough"):
        return f"**Revenue: {row['verdict']}.** {number(row['customers_held_out'])} customers are held out."
    currency = services().workspace.current().currency
    value, low, high = (money_major(row[name], currency) for name in ("in_all", "in_all_low", "in_all_high"))
    return literal(f"Revenue that would not have come without it: {value} in all ({low} to {high}), {row['verdict']}.")


def _show_owed(owed: Insight, campaign_id: str) -> None:
    mine = next((row for row in owed.rows if row["campaign_id"] == campaign_id), None)
    if mine:
        currency = services().workspace.current().currency
        words = money(mine["revenue"], currency)
        st.caption(literal(f"Attributed by last touch in the last 90 days: {words}, {number(mine['orders'])} orders."))


def show_breakdown(campaign_id: str) -> None:
    """By a field that is chosen."""
    found = services().insights.question("campaign_breakdown")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        wanted = choose(found, besides=("campaign",))
    try:
        insight = ask(found.name, {**wanted, "campaign": campaign_id})
    except (BeingLoaded, NotInMemory) as exc:
        offer_to_look(exc)
        return
    show_insight(insight, key=found.name, height=BREAKDOWN_PX)
    show_rows(insight)
