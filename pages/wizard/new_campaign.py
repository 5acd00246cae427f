"""New campaign: whom, what, when, and a rehearsal before the launch; a draft from the first change on."""

from pathlib import Path

import streamlit as st

from crm_core.campaigns.states import CampaignState
from pages._ui.deps import actor, services
from pages._ui.formats import literal, relative_time
from pages._ui.guard import lead_back
from pages._ui.links import go_to
from pages._ui.widgets import page_header, status_badge
from pages.wizard.audience_step import show_audience_step
from pages.wizard.delivery_step import show_delivery_step
from pages.wizard.draft import CAMPAIGN, Draft, is_open, note_drawn, open_draft, save
from pages.wizard.message_step import show_message_step
from pages.wizard.rail import show_rail
from pages.wizard.reach import reach_of
from pages.wizard.review_step import show_review_step
from pages.wizard.steps import STEPS, faults_in, go_to_step, neighbours, step_now
from pages.wizard.unsaved import show_unsaved

STYLE = Path(__file__).parent / "wizard.css"


def show_header(draft: Draft) -> None:
    title = "New campaign" if draft.is_unnamed else draft["name"]
    before, after = neighbours(step_now())
    with page_header(title):
        if st.button("Close", icon=":material/close:", type="tertiary", key="wizard_close"):
            go_to("campaigns")
        if before:
            st.button("Back", icon=":material/arrow_back:", on_click=go_to_step, args=(before,), key="wizard_back")
        if after:
            st.button(
                STEPS[after].title,
                icon=":material/arrow_forward:",
                icon_position="right",
                type="primary",
                on_click=go_to_step,
                args=(after,),
                key="wizard_next",
            )
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(status_badge(draft.campaign["state"]), width="content")
        changed = draft.campaign.get("changed_at") or draft.campaign["created_at"]
        saved = (
            "Saved with the first change"
            if draft.opened.campaign_id is None
            else f"Saved {relative_time(changed, services().clock())}"
        )
        st.caption(saved, width="content")


def show_closed(draft: Draft) -> None:
    """One that is no draft any more; a scheduled one can be made a draft again."""
    campaign = draft.campaign
    page_header(campaign["name"])
    if campaign["state"] == CampaignState.SCHEDULED:
        start = f"{campaign['scheduled_at'].astimezone(services().workspace.current().zone):%a %-d %b, %H:%M %Z}"
        words = (
            f"This campaign is scheduled for {literal(start)}. While it is edited it is a draft, and does not start."
        )
        st.info(words, icon=":material/schedule:")
        if st.button("Edit it as a draft", type="primary", icon=":material/edit:"):
            services().campaigns.unschedule(campaign["_id"], actor=actor())
            st.rerun()
        return
    st.info(f"This campaign is {campaign['state']}: it cannot be edited any more.", icon=":material/lock:")
    if st.button("Open the campaign", type="primary"):
        go_to("campaign", campaign=campaign["_id"])


def show_draft(draft: Draft) -> None:
    draft.opened.step = step = step_now()
    if step == "review" and draft.opened.campaign_id is None:
        save({})  # a rehearsal needs one that is stored
        st.rerun()
    reach, faults = reach_of(draft), services().campaigns.faults(draft.campaign)
    show_header(draft)
    show_rail(draft, reach, step, faults)
    show_unsaved(draft.opened)
    match step:
        case "message":
            show_message_step(draft, reach, faults_in("message", faults))
        case "delivery":
            show_delivery_step(draft, reach)
        case "review":
            show_review_step(draft, reach, faults)
        case _:
            show_audience_step(draft, reach)


st.html(STYLE)
with lead_back("campaign", st.query_params.get(CAMPAIGN, ""), "campaigns", "All campaigns"):
    opened = open_draft()
if is_open(opened.campaign):
    show_draft(opened)
else:
    show_closed(opened)
note_drawn()
