"""New campaign: whom, what, and launch."""

from functools import partial

import streamlit as st

from crm_core.audience.preview import Preview
from crm_core.campaigns.drafting.definition import DraftFields
from pages._ui.deps import actor, services
from pages._ui.formats import number, percent
from pages._ui.widgets import noted_metric, page_header
from pages.campaigns.audience import Chosen, choose_audience
from pages.campaigns.launching import launch_dialog
from pages.wizard.message import Written, show_preview, write_message


def show_count(result: Preview) -> None:
    share = percent(result.count, result.total)
    card = st.container(border=True)
    with card:
        noted_metric(card, "Customers match now", number(result.count), f"{share} of {number(result.total)}")
        st.caption(f"Exact as of {result.as_of:%H:%M:%S} UTC. Evaluated once more at launch.")


def offer_launch(chosen: Chosen | None, name: str, written: Written) -> None:
    """Say what is missing; when nothing is, ask for the launch."""
    lacks = [
        chosen.lack if chosen else "a segment",
        None if name.strip() else "a name",
        written.lack,
    ]
    missing = [lack for lack in lacks if lack]
    if missing:
        st.caption(f"Still needed: {', '.join(missing)}.")
    asked = st.button(
        "Launch …", type="primary", icon=":material/rocket_launch:", disabled=bool(missing), width="stretch"
    )
    if not asked or not chosen or not chosen.result:
        return
    audience = {"segment_id": chosen.segment["_id"]} if chosen.segment else {"rule": chosen.rule}
    content: DraftFields = {
        "name": name,
        "channel": written.channel.name,
        "message": written.text,
        "subject": written.subject,
    }
    draft = partial(services().campaigns.create, actor=actor(), **content, **audience)
    launch_dialog(name, chosen.segment["name"] if chosen.segment else None, chosen.rule, chosen.result.count, draft)


page_header("New campaign", "Choose whom to write to, write the message, and launch.")
left, right = st.columns([3, 2], gap="medium")
with left:
    with st.container(border=True):
        st.subheader("Audience", anchor=False)
        chosen = choose_audience()
    with st.container(border=True):
        st.subheader("Message", anchor=False)
        name = st.text_input(
            "Campaign name",
            max_chars=100,
            key="new_campaign_name",
            placeholder="such as Spring thank-you",
            persist_state="session",
        )
        written = write_message(services().rule_contexts.catalogue().attributes)
with right:
    result = chosen.result if chosen else None
    if result:
        show_count(result)
    if written.lack is None:
        show_preview(written, result.sample if result else [])
    offer_launch(chosen, name, written)
