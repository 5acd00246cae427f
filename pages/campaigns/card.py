"""One campaign in a list: name, state, and how far it is."""

from datetime import datetime

import streamlit as st

from crm_core.campaigns.messages.message_log import Stats
from crm_core.campaigns.model import Campaign
from crm_core.campaigns.states import CampaignState, MessageState
from pages._ui.formats import literal, number, percent, utc_exact
from pages._ui.links import link_to
from pages._ui.widgets import status_badge
from pages.campaigns.figures import DELIVERED, count_in
from pages.campaigns.words import audience_name, moment_words

M = MessageState


def campaign_card(campaign: Campaign, stats: Stats, now: datetime) -> None:
    with st.container(border=True, gap="xsmall"):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            link_to("campaign", f"**{literal(campaign['name'])}**", campaign=campaign["_id"])
            st.markdown(status_badge(campaign["state"]), width="content")
        words, moment = moment_words(campaign, now)
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.caption(f"{words.capitalize()} · {audience_name(campaign)}", help=utc_exact(moment), width="content")
            for tag in campaign.get("tags") or ():
                st.markdown(f":gray-badge[{literal(tag)}]", width="content")
        if stats.audience:
            st.progress(count_in(stats, *DELIVERED) / stats.audience, _figures(stats))
        if reason := _reason(campaign):
            st.caption(reason)


def _figures(stats: Stats) -> str:
    """What there is nothing of is left out."""
    noun = "customer" if stats.audience == 1 else "customers"
    parts = [f"{number(stats.audience)} {noun}", f"{percent(count_in(stats, *DELIVERED), stats.audience)} delivered"]
    for word, states in (("opened", (M.OPENED, M.CLICKED)), ("clicked", (M.CLICKED,))):
        if count := count_in(stats, *states):
            parts.append(f"{percent(count, stats.audience)} {word}")
    parts += [
        f"{number(stats.by_state[state])} {state}"
        for state in (M.FAILED, M.SKIPPED, M.PENDING)
        if stats.by_state[state]
    ]
    return " · ".join(parts)


def _reason(campaign: Campaign) -> str | None:
    """Why somebody should look at it."""
    if campaign["state"] == CampaignState.PAUSED and (reason := campaign.get("pause_reason")):
        return f":orange[:material/pause_circle:] {literal(reason)}"
    if campaign["state"] == CampaignState.FAILED and (failure := campaign.get("failure")):
        return f":red[:material/error:] {literal(failure)}"
    return None
