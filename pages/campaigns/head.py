"""The head of a campaign's page: name, buttons, where it stands, and the line that adds up. Drawn anew by itself."""

from datetime import timedelta

import streamlit as st

from crm_core.campaigns.figures import Counted
from crm_core.campaigns.messages.message_log import Stats
from crm_core.campaigns.model import Campaign
from crm_core.campaigns.states import RUNNING, CampaignState
from pages._ui.channels import channel_badge
from pages._ui.deps import actor, services
from pages._ui.formats import literal, utc_exact
from pages._ui.widgets import page_header, status_badge
from pages.campaigns.buttons import show_buttons, show_refusal
from pages.campaigns.figures import show_duration, show_progress, show_waiting
from pages.campaigns.identity import show_identity
from pages.campaigns.state import show_state
from pages.campaigns.words import audience_name, moment_words, plan_words, shortfall_words, who

RUNNING_S, CALM_S, FRESH_S, LATE_S, OLD_S = 1.0, 3.0, 2.0, 10.0, 60.0
"""How often it is drawn: while messages are sent; while it waits; while receipts come; for a day; later."""
State = CampaignState


def pace(campaign: Campaign) -> float:
    """Seconds until it is drawn again: receipts may come for as long as the campaign exists, but ever more rarely."""
    if campaign["state"] in RUNNING or campaign.get("retry"):
        return RUNNING_S
    if not campaign.get("finished_at"):
        return CALM_S
    moved = campaign.get("counts_due") or campaign.get("counts", {}).get("as_of") or campaign["finished_at"]
    age = services().clock() - max(moved, campaign["finished_at"])
    if age < timedelta(minutes=10):
        return FRESH_S
    return LATE_S if age < timedelta(days=1) else OLD_S


def show_head(campaign_id: str, every_s: float) -> None:
    """every_s: how often it is drawn. When that is to change, the whole page is drawn."""
    campaign = services().campaigns.watch(campaign_id)
    if pace(campaign) != every_s:
        st.rerun()
    counted = services().figures.stats(campaign, actor=actor())
    stats = counted.value
    show_refusal()
    with page_header(campaign["name"]):
        show_buttons(campaign, stats)
    _show_badges(campaign, counted)
    if words := shortfall_words(campaign["channel"], stats):
        st.warning(words, icon=":material/group_off:")
    if words := plan_words(campaign, stats):
        st.warning(words, icon=":material/content_cut:")
    show_state(campaign, stats)
    if campaign.get("launched_at"):
        with st.container(border=True):
            if campaign["state"] in {*RUNNING, State.PAUSED} or campaign.get("retry"):
                show_progress(campaign, stats)
            show_identity(campaign, stats)
            show_duration(campaign)
            show_waiting(campaign, stats)


def _show_badges(campaign: Campaign, counted: Counted[Stats]) -> None:
    words, moment = moment_words(campaign, services().clock())
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(status_badge(campaign["state"]), width="content")
        if campaign.get("archived_at"):
            st.markdown(":gray-badge[:material/archive: archived]", width="content")
        st.markdown(channel_badge(campaign["channel"]), width="content")
        for tag in campaign.get("tags") or ():
            st.markdown(f":gray-badge[:material/sell: {literal(tag)}]", width="content")
        parts = [words, f"by {who(campaign.get('launched_by') or campaign['created_by'])}"]
        if campaign.get("launched_at"):
            parts.append(_counted_words(campaign, counted))
        line = f":small[:gray[To] {_audience(campaign)} :gray[· {' · '.join(parts)}]]"
        st.markdown(line, help=utc_exact(moment), width="content")


def _audience(campaign: Campaign) -> str:
    version = campaign.get("segment_version")
    name = audience_name(campaign)
    if not campaign.get("segment_id"):
        return name
    link = f"[{name}](audience-builder?segment={campaign['segment_id']})"
    return f"{link}:gray[, version {version}]" if version else link


def _counted_words(campaign: Campaign, counted: Counted[Stats]) -> str:
    today = services().clock().date() == counted.as_of.date()
    at = f"{counted.as_of:%H:%M:%S} UTC" if today else utc_exact(counted.as_of)
    if campaign.get("counts_due") or campaign["state"] in RUNNING or not campaign.get("counts"):
        return f"counted at {at}, goes on counting"
    return f"counted at {at}, unchanged since, goes on counting"
