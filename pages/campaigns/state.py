"""Where a campaign stands, in words: when it starts, why it is paused, how it ended."""

import streamlit as st

from crm_core.campaigns.messages.message_log import Stats
from crm_core.campaigns.model import Campaign
from crm_core.campaigns.states import CampaignState
from pages._ui.deps import services
from pages._ui.formats import JUST_NOW, literal, relative_time, utc_exact
from pages.campaigns.words import lateness, pause_words, who

State = CampaignState


def show_state(campaign: Campaign, stats: Stats) -> None:
    """What somebody should know of it beyond the figures."""
    now = services().clock()
    match campaign["state"]:
        case State.DRAFT:
            st.caption("A draft. Nothing is sent before it is launched.")
        case State.SCHEDULED:
            _show_start(campaign)
        case State.PAUSED:
            st.warning(pause_words(campaign, now), icon=":material/pause_circle:")
        case State.CANCELLED:
            at = f"{relative_time(campaign['cancelled_at'], now)}, at {utc_exact(campaign['cancelled_at'])}"
            st.info(f"Cancelled by {who(campaign['cancelled_by'])} {at}.", icon=":material/block:")
        case State.FAILED:
            due = f" when it was due, at {utc_exact(campaign['scheduled_at'])}" if campaign.get("scheduled_at") else ""
            extent = "It was stopped" if stats.audience else f"Nothing was sent{due}"
            st.error(f"{extent}: {literal(campaign['failure'])}", icon=":material/error:")
    if late := lateness(campaign):
        st.caption(f":material/schedule: {late}")
    if campaign.get("retry"):
        st.caption(":material/replay: Failed messages are being put back in line.")


def _show_start(campaign: Campaign) -> None:
    now, at = services().clock(), campaign["scheduled_at"]
    exact = utc_exact(at)
    if at < now and relative_time(at, now) != JUST_NOW:
        words = f"Due {relative_time(at, now)}, at {exact}, and not launched yet. Is the jobs worker running? "
        st.warning(words + "It is launched as soon as one does.", icon=":material/schedule:")
    else:
        by = who(campaign["scheduled_by"])
        words = f"Starts {relative_time(at, now)}, at {exact}, as {by} has scheduled it. Its audience is found then."
        st.info(words, icon=":material/schedule:")
