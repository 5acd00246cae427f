"""Campaigns: all of them, the newest first, with how they went."""

import streamlit as st

from crm_core.campaigns.states import CampaignState
from pages._ui.campaign_card import campaign_card
from pages._ui.deps import services
from pages._ui.formats import literal
from pages._ui.guard import live
from pages._ui.links import go_to
from pages._ui.widgets import empty_state, page_header

PER_PAGE = 10
ALL = "all"

with page_header("Campaigns", "Every campaign, the newest first."):
    if st.button("New campaign", type="primary", icon=":material/add:"):
        go_to("new_campaign")
controls = st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute")
search = controls.text_input("Search", key="campaigns_search", placeholder="Part of the name", width=320)
state = controls.segmented_control(
    "State", [ALL, *CampaignState], default=ALL, required=True, format_func=str.capitalize, key="campaigns_state"
)
wanted = CampaignState(state) if state and state != ALL else None
_, found = services().campaigns.search(search, state=wanted, skip=0, limit=0)
place = st.container()
pages = max(1, -(-found // PER_PAGE))
page = st.pagination(pages, key="campaigns_page") if pages > 1 else 1


@live(run_every=2)
def show_campaigns() -> None:
    skip = (page - 1) * PER_PAGE
    campaigns, _ = services().campaigns.search(search, state=wanted, skip=skip, limit=PER_PAGE)
    stats = services().ledger.stats_of([campaign["_id"] for campaign in campaigns])
    for campaign in campaigns:
        campaign_card(campaign, stats.get(campaign["_id"]), services().clock())


with place:
    if found:
        show_campaigns()
    elif search or wanted:
        st.caption(
            f"No campaign fits{f' “{literal(search)}”' if search else ''}{f' in state {wanted}' if wanted else ''}."
        )
    else:
        with empty_state("campaign", "No campaign yet", "Choose a segment, write a message, and launch it."):
            if st.button("New campaign", icon=":material/add:", key="campaigns_first"):
                go_to("new_campaign")
