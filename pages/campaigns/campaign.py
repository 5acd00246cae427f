"""Campaign: one campaign, live for as long as receipts come."""

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from crm_core.schema.message_states import MessageState
from pages._ui.deps import actor, services
from pages._ui.formats import number
from pages._ui.guard import lead_back, live
from pages._ui.links import link_to
from pages._ui.widgets import pick_section
from pages.campaigns.compared import show_breakdown
from pages.campaigns.definition import show_definition
from pages.campaigns.failures import show_failures
from pages.campaigns.head import pace, show_head
from pages.campaigns.history import show_history
from pages.campaigns.recipients import show_recipients
from pages.campaigns.results import show_results
from pages.campaigns.sent import show_message

CSS = Path(__file__).with_name("campaign.css")
SECTIONS: dict[str, tuple[str, Callable[[str], None]]] = {
    "results": (":material/query_stats: Results", show_results),
    "breakdown": (":material/stacked_bar_chart: Breakdown", show_breakdown),
    "failures": (":material/error: Failures", show_failures),
    "recipients": (":material/group: Recipients", show_recipients),
    "message": (":material/mail: Message", show_message),
    "definition": (":material/lock: Definition", show_definition),
    "history": (":material/history: History", show_history),
}
LIVE = {"results", "failures", "recipients", "history"}
SLOWEST_S = 2.0
"""What stands below is looked up less often than the head while messages are sent."""


def sections(campaign_id: str) -> dict[str, str]:
    """Those that have something to show, by name; a draft has only what it says."""
    campaign = services().campaigns.watch(campaign_id)
    labels = {name: label for name, (label, _) in SECTIONS.items()}
    if not campaign.get("launched_at"):
        return {name: labels[name] for name in ("definition", "history")}
    stats = services().figures.stats(campaign, actor=actor()).value
    if failed := stats.by_state[MessageState.FAILED]:
        labels["failures"] += f" :gray[{number(failed)}]"
    return labels


wanted = st.query_params.get("campaign", "")
with lead_back("campaign", wanted, "campaigns", "All campaigns"):
    campaign = services().campaigns.watch(wanted)
st.html(CSS)
link_to("campaigns", "All campaigns", icon=":material/arrow_back:")
every_s = pace(campaign)
live(run_every=every_s)(show_head)(wanted, every_s)
section = pick_section("campaign", sections(wanted))
show = SECTIONS[section][1]
live(run_every=max(every_s, SLOWEST_S) if section in LIVE else None)(show)(wanted)
