"""How far a campaign is, how fast, and what waits and why."""

from datetime import timedelta

import streamlit as st

from crm_core.campaigns.messages.message_log import Stats
from crm_core.campaigns.model import Campaign
from crm_core.campaigns.states import LEFT_OUT, CampaignState
from crm_core.schema.message_states import MessageState
from pages._ui.deps import services
from pages._ui.formats import duration, number
from pages.campaigns.words import waiting_words

M = MessageState


def show_progress(campaign: Campaign, stats: Stats) -> None:
    """Of a campaign that is under way; time left only while it is steady and sending."""
    if not stats.audience:
        st.progress(0.0, "The audience is still being found")
        return
    pending = stats.by_state[M.PENDING]
    handled, due = stats.audience - pending, pending - sum(stats.pending_by_reason.values())
    words = f"{number(handled)} of {number(stats.audience)} handled"
    decided = handled - _set_aside(stats)
    if decided and due and campaign["state"] == CampaignState.SENDING and _is_steady(campaign):
        length = services().clock() - campaign["launched_at"]
        rate = decided / max(length.total_seconds(), 0.001)
        words += f" · {number(round(rate))} per second · {duration(timedelta(seconds=due / rate))} left"
    st.progress(handled / stats.audience, words)


def _set_aside(stats: Stats) -> int:
    """By the planner, at once: they say nothing of how fast the others are sent."""
    left_out = sum(stats.skipped_by_reason.get(reason, 0) for reason in LEFT_OUT)
    return stats.by_state[M.HELD_OUT] + left_out


def show_duration(campaign: Campaign) -> None:
    if campaign["state"] == CampaignState.COMPLETED and not campaign.get("retries"):
        st.caption(f"Handled in {duration(campaign['finished_at'] - campaign['launched_at'])}.")


def _is_steady(campaign: Campaign) -> bool:
    """Whether the time since its launch says how fast it is."""
    return not campaign.get("resumed_at") and not campaign.get("retries")


def show_waiting(campaign: Campaign, stats: Stats) -> None:
    for reason, count in stats.pending_by_reason.items():
        span = services().pending_rows.due_span(campaign["_id"], reason)
        st.markdown(f":material/hourglass_top: {waiting_words(reason, count, span)}.")
