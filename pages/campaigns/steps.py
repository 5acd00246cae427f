"""From a step of the funnel to its customers: their rule on the board of the audience builder."""

from collections.abc import Sequence
from typing import Literal

import streamlit as st

from crm_core.access.permissions import Permission
from crm_core.campaigns.messages.message_log import Stats
from crm_core.campaigns.messages.steps import NOT_FURTHER, OTHERS, Step
from pages._ui.deps import actor, services
from pages._ui.formats import number
from pages.builder.links import open_in_builder


def offer_steps(campaign_id: str, stats: Stats) -> None:
    """Those that somebody is at, to whoever may build an audience."""
    first, others = _with_somebody(NOT_FURTHER, stats), _with_somebody(OTHERS, stats)
    if not others or not actor().may(Permission.WRITE_SEGMENTS):
        return
    st.caption("Open these customers in the audience builder:")
    with st.container(horizontal=True, gap="small", key="campaign_steps"):
        _offer(campaign_id, first, stats)
        with st.popover("Other steps", icon=":material/filter_alt:"):
            _offer(campaign_id, others, stats, width="stretch")


def _with_somebody(steps: Sequence[Step], stats: Stats) -> list[Step]:
    return [step for step in steps if step.count(stats.by_state)]


def _offer(
    campaign_id: str, steps: Sequence[Step], stats: Stats, width: Literal["content", "stretch"] = "content"
) -> None:
    for step in steps:
        label = f"{step.label}: {number(step.count(stats.by_state))}"
        if st.button(label, icon=":material/filter_alt:", key=f"campaign_step_{step.label}", width=width):
            open_in_builder("board", services().shared_rules.share(step.rule(campaign_id), actor=actor()))
