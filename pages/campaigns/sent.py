"""The message as it was sent to a real customer of the log, for each variant, beside its template."""

from typing import Final

import streamlit as st

from crm_core.campaigns.drafting.content import content_of
from crm_core.campaigns.messages.recipients import Recipient
from crm_core.campaigns.model import Campaign
from crm_core.channels.channel import LINES
from pages._ui.deps import actor, services
from pages._ui.formats import literal, utc_exact
from pages._ui.guard import hidden_if_forbidden
from pages._ui.links import link_to

PLACE: Final = "campaign_sample"


def show_message(campaign_id: str) -> None:
    campaign = services().campaigns.get(campaign_id)
    names: list[str | None] = [each["name"] for each in campaign.get("variants") or ()]
    for name in names or [None]:
        with st.container(border=True):
            _show_variant(campaign, name)


def _show_variant(campaign: Campaign, name: str | None) -> None:
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.markdown(f"**Variant {literal(name)}**" if name else "**Message**", width="content")
        key = f"{PLACE}_{name}"
        st.button(
            "Another customer",
            icon=":material/shuffle:",
            type="tertiary",
            key=f"{key}_next",
            on_click=_turn,
            args=(key,),
        )
    as_sent, template = st.columns(2, gap="medium")
    with as_sent, hidden_if_forbidden():
        _show_sent(campaign["_id"], name, key)
    with template:
        st.caption("The template")
        for label, text in content_of(campaign, name).items():
            if text:
                st.caption(label.replace("_", " ").capitalize())
                st.code(text, language=None, wrap_lines=True)


def _turn(key: str) -> None:
    st.session_state[key] = st.session_state.get(key, 0) + 1


def _show_sent(campaign_id: str, variant: str | None, key: str) -> None:
    recipients, skip = services().campaign_recipients, st.session_state.get(key, 0)
    found = recipients.sample(campaign_id, variant, actor=actor(), skip=skip)
    if found is None and skip:
        st.session_state[key] = 0
        found = recipients.sample(campaign_id, variant, actor=actor())
    if found is None:
        st.caption("Nobody has been sent it yet.")
        return
    _show_row(found)


def _show_row(recipient: Recipient) -> None:
    row, customer = recipient.row, recipient.customer
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption("As it was sent to", width="content")
        if customer:
            name = literal(customer.get("name") or customer["id"])
            link_to("customer", name, icon=":material/person:", customer=customer["id"])
        else:
            st.caption("somebody who was erased since", width="content")
    with st.container(border=True, key=f"campaign_sent_{row['id']}"):
        for name in LINES:
            if row.get(name):
                st.markdown(f"**{literal(row[name])}**" if name == "subject" else literal(row[name]))
        st.text(row["text"])
    if row.get("sent_at"):
        st.caption(f"Sent {utc_exact(row['sent_at'])}.")
