"""Campaigns: all of them, the newest first, with how they went."""

import streamlit as st

from crm_core.campaigns.states import CampaignState
from pages._ui.deps import actor, services
from pages._ui.formats import literal
from pages._ui.guard import live
from pages._ui.links import go_to
from pages._ui.lists import PER_PAGE, pick_page, search_and_choose
from pages._ui.widgets import empty_state, page_header
from pages.campaigns.card import campaign_card

ALL, ARCHIVED = "all", "archived"
STATES = {ALL: "All"} | {state.value: state.capitalize() for state in CampaignState} | {ARCHIVED: "Archived"}

with page_header("Campaigns", "Every campaign, the newest first."):
    if st.button("New campaign", type="primary", icon=":material/add:"):
        go_to("new_campaign")
search, chosen = search_and_choose("campaigns", "State", STATES)
wanted = None if chosen in {ALL, ARCHIVED} else CampaignState(chosen)
archived = chosen == ARCHIVED
found = services().campaigns.count_found(search, state=wanted, archived=archived)
place = st.container()
skip = pick_page("campaigns", found)


@live(run_every=2)
def show_campaigns() -> None:
    campaigns = services().campaigns.search(search, state=wanted, skip=skip, limit=PER_PAGE, archived=archived)
    for campaign in campaigns:
        campaign_card(campaign, services().figures.stats(campaign, actor=actor()).value, services().clock())


with place:
    if found:
        show_campaigns()
    elif archived and not search:
        st.caption("No campaign is archived.")
    elif search or wanted:
        like = f" “{literal(search)}”" if search else ""
        st.caption(f"No campaign fits{like}{f' in state {wanted}' if wanted else ''}.")
    else:
        with empty_state("campaign", "No campaign yet", "Choose a segment, write a message, and launch it."):
            if st.button("New campaign", icon=":material/add:", key="campaigns_first"):
                go_to("new_campaign")
