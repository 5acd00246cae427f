"""Campaign: one campaign, live while it is being delivered."""

from collections.abc import Sequence

import streamlit as st

from crm_core.campaigns.messages.message_log import Stats
from crm_core.campaigns.model import Campaign
from crm_core.campaigns.states import RUNNING, CampaignState, MessageState
from crm_core.errors import NotFound
from pages._ui.deps import actor, services
from pages._ui.guard import live
from pages._ui.links import link_to
from pages._ui.widgets import page_header
from pages.campaigns.buttons import offered, show_buttons, show_refusal
from pages.campaigns.definition import show_definition
from pages.campaigns.figures import show_charts, show_identity, show_progress, show_shares, show_waiting
from pages.campaigns.state import show_badges, show_state

RUNNING_S, CALM_S = 1.0, 3.0
"""How often a campaign is drawn anew while messages are sent, and while it waits for somebody or for receipts."""
State = CampaignState


def pace(campaign: Campaign, stats: Stats) -> float | None:
    """Seconds until it is drawn again; None when nothing is on its way any more: a late receipt shows at the next
    visit."""
    if campaign["state"] in RUNNING or campaign.get("retry"):
        return RUNNING_S
    if campaign["state"] in {State.SCHEDULED, State.PAUSED}:
        return CALM_S
    if campaign["state"] == State.DRAFT:
        return None
    return RUNNING_S if stats.by_state[MessageState.PENDING] or stats.by_state[MessageState.SENT] else None


def show_now(campaign_id: str, seen: tuple[str, Sequence[str]], every_s: float | None) -> None:
    """The campaign as it is now. seen: its state and the buttons that the page has drawn."""
    campaign = services().campaigns.get(campaign_id)
    counted = services().figures.stats(campaign, actor=actor())
    stats = counted.value
    if (campaign["state"], offered(campaign, stats)) != seen or pace(campaign, stats) != every_s:
        st.rerun()
    show_badges(campaign)
    show_state(campaign, stats)
    if not campaign.get("launched_at"):
        return
    with st.container(border=True):
        show_progress(campaign, stats)
        show_identity(campaign, stats)
        show_waiting(campaign, stats)
        st.caption(f"Counted from the message log at {counted.as_of:%H:%M:%S} UTC.")
    if stats.audience:
        show_shares(stats)
        show_charts(campaign, stats)
    elif campaign["state"] in RUNNING:
        st.caption("Finding the audience …")
    elif campaign["state"] == State.COMPLETED:
        st.caption("Nobody matched at launch.")


wanted = st.query_params.get("campaign")
if not wanted:
    raise NotFound("No campaign is chosen.")
link_to("campaigns", "All campaigns", icon=":material/arrow_back:")
campaign = services().campaigns.get(wanted)
stats = services().figures.stats(campaign, actor=actor()).value
show_refusal()
with page_header(campaign["name"]):
    show_buttons(campaign, stats)
every_s = pace(campaign, stats)
live(run_every=every_s)(show_now)(wanted, (campaign["state"], offered(campaign, stats)), every_s)
show_definition(campaign)
