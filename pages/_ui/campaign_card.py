"""One campaign in a list: name, state, and how far it is."""

from datetime import datetime

import streamlit as st

from crm_core.campaigns.ledger import Stats
from crm_core.campaigns.states import MessageState
from crm_core.infra.mongo import Doc
from pages._ui.formats import literal, number, percent, relative_time, utc_exact
from pages._ui.links import link_to
from pages._ui.widgets import status_badge

REACHED = (MessageState.DELIVERED, MessageState.OPENED, MessageState.CLICKED)


def campaign_card(campaign: Doc, stats: Stats | None, now: datetime) -> None:
    """stats: None for a campaign without messages."""
    with st.container(border=True, gap="xsmall"):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            link_to("campaign", f"**{literal(campaign['name'])}**", campaign=campaign["_id"])
            st.markdown(status_badge(campaign["state"]), width="content")
        moment = campaign.get("launched_at") or campaign["created_at"]
        audience = literal(campaign["segment_name"] or "rule of its own")
        verb = "Launched" if campaign.get("launched_at") else "Drafted"
        st.caption(f"{verb} {relative_time(moment, now)} · {audience}", help=utc_exact(moment))
        if stats is None:
            return
        delivered = sum(stats.by_state[state] for state in REACHED)
        words = f"{number(stats.audience)} customers · {percent(delivered, stats.audience)} delivered"
        failed = stats.by_state[MessageState.FAILED]
        st.progress(delivered / stats.audience, f"{words} · {number(failed)} failed" if failed else words)
