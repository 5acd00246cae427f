"""The parts of conditions on who can be messaged, and who is suppressed: over which channel, and why."""

from typing import Final

import streamlit as st

from crm_core.channels.registry import CHANNELS
from pages._ui.channels import SUPPRESSION_REASONS, suppression_words
from pages.builder.board.tree import Condition
from pages.builder.widgets import ANYTHING, choice_field, hold, put_field

MEANS: Final = {
    "reach": "They have agreed, or nobody has asked them where your settings let that count, they have an address, and "
    "nothing is suppressed: for them, and for whoever else has the address. Frequency caps are not looked at.",
    "suppressed": "Now: for them, for their address, or for somebody else who has it. Suppressions that were lifted do "
    "not count.",
}


def edit_reach(condition: Condition) -> None:
    """The channel, and for which reason; what is left open is any."""
    draft = condition.draft
    left, right = st.columns(2, gap="small")
    with left:
        key, put = put_field(condition, "channel")
        channel = str(draft["channel"])
        hold(key, channel)
        offered = [*CHANNELS] if channel in CHANNELS else [*CHANNELS, channel]
        st.selectbox("Channel", offered, offered.index(channel), format_func=CHANNELS.label, key=key, on_change=put)
    if draft["kind"] == "suppressed":
        with right:
            key, put = put_field(condition, "reason")
            reasons = list(SUPPRESSION_REASONS)
            more = {"format_func": suppression_words, "placeholder": ANYTHING}
            choice_field("For the reason", key, draft.get("reason"), reasons, put, **more)
    st.caption(MEANS[condition.kind])
