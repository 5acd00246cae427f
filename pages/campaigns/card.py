"""Campaigns on the overview: those that are under way with their progress, the others as a short table."""

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlencode

import streamlit as st

from crm_core.campaigns.counts import rate_of
from crm_core.campaigns.messages.message_log import Stats
from crm_core.campaigns.model import Campaign
from crm_core.campaigns.states import CampaignState
from crm_core.schema.message_states import MessageState
from pages._ui.channels import channel_icon
from pages._ui.deps import actor, services
from pages._ui.formats import NONE, literal, number
from pages._ui.link_table import Cell, Column, Row, full_table
from pages._ui.links import go_to, link_to
from pages._ui.widgets import CAMPAIGN_STATES, status_badge
from pages.campaigns.figures import show_progress
from pages.campaigns.words import moment_words, plan_words, shortfall_words, who

M = MessageState
COLUMNS: Final = (
    Column("Campaign", shape="wide plain cut", is_link=True),
    Column("Open %", "right", about="Opened at least, in percent of delivered"),
    Column("Click %", "right", about="Clicked, in percent of delivered"),
)


def show_running(campaign: Campaign) -> None:
    stats = services().figures.stats(campaign, actor=actor()).value
    with st.container(gap="xsmall"):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            icon = f":material/{channel_icon(campaign['channel'])}:"
            link_to("campaign", f"**{literal(campaign['name'])}**", icon=icon, campaign=campaign["_id"])
            st.markdown(status_badge(campaign["state"]), width="content")
        show_progress(campaign, stats)
        if campaign["state"] == CampaignState.PAUSED:
            reason = campaign.get("pause_reason")
            by = f"Paused by itself: {literal(reason)}" if reason else f"Paused by {who(campaign['paused_by'])}."
            st.caption(f":orange[:material/pause_circle:] {by}")
        if words := shortfall_words(campaign["channel"], stats):
            st.caption(f":orange[:material/group_off:] {words}")


def show_recent(campaigns: Sequence[Campaign]) -> None:
    counted = [(each, services().figures.stats(each, actor=actor()).value) for each in campaigns]
    rows = [_row(campaign, stats) for campaign, stats in counted]
    events = full_table("Recent campaigns", COLUMNS, rows, key="overview_campaigns", is_dense=True, has_cards=False)
    if events.opened:
        go_to("campaign", campaign=events.opened)
    for campaign, stats in counted:
        failure = literal(campaign.get("failure") or "")
        for words in (failure, plan_words(campaign, stats), shortfall_words(campaign["channel"], stats)):
            if words:
                st.caption(f":orange[:material/warning:] **{literal(campaign['name'])}:** {words}")


def _row(campaign: Campaign, stats: Stats) -> Row:
    _, icon, tone = CAMPAIGN_STATES[campaign["state"]]
    words, _ = moment_words(campaign, services().clock())
    whom = f", audience {number(stats.audience)}" if stats.audience else ""
    cells = [
        Cell(campaign["name"], icon=icon, icon_label=f"{campaign['state'].capitalize()}, {words}{whom}", tone=tone),
        *(_rate(stats, state) for state in (M.OPENED, M.CLICKED)),
    ]
    campaign_id = campaign["_id"]
    return Row(campaign_id, f"campaign?{urlencode({'campaign': campaign_id})}", cells)


def _rate(stats: Stats, state: MessageState) -> Cell:
    rate = rate_of(stats.by_state, state)
    return Cell(f"{100 * rate:.1f}" if rate else NONE)
