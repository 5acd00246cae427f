"""Who got nothing, and why: failed and skipped, by reason, with what each reason means."""

from collections.abc import Callable, Mapping
from functools import partial

import streamlit as st

from crm_core.campaigns.messages.message_log import Stats
from crm_core.campaigns.model import Campaign
from crm_core.schema.message_states import MessageState
from pages._ui.channels import failure_words, reason_meaning, reason_words
from pages._ui.deps import actor, services
from pages._ui.formats import number
from pages._ui.link_table import Cell, Column, Row, link_table
from pages.campaigns.address import href_of, open_recipients
from pages.campaigns.buttons import may_retry, retry_button
from pages.campaigns.words import left_words, retryable

M = MessageState
VENDOR_S = "As the vendor calls it. It says nothing against the address."
COLUMNS = (
    Column("Reason", shape="wide", is_link=True),
    Column("Customers", "right"),
    Column("What it means", shape="wide plain"),
)


def show_failures(campaign_id: str) -> None:
    campaign = services().campaigns.watch(campaign_id)
    stats = services().figures.stats(campaign, actor=actor()).value
    failed, skipped = stats.by_state[M.FAILED], stats.by_state[M.SKIPPED]
    if not failed and not skipped:
        st.caption("Nothing failed or was skipped.")
        return
    channel = campaign["channel"]
    if failed:
        with st.container(border=True):
            st.markdown(f"**Failed: {number(failed)}**")
            _show_reasons(M.FAILED, stats.failed_by_reason, partial(failure_words, channel), campaign_id, channel)
            st.caption(_retry_words(campaign, stats))
            if may_retry(campaign, stats):
                retry_button(campaign)
    if skipped:
        with st.container(border=True):
            st.markdown(f"**Skipped: {number(skipped)}**")
            _show_reasons(M.SKIPPED, stats.skipped_by_reason, reason_words, campaign_id, channel)
            st.caption("They were never sent anything by this campaign.")


def _retry_words(campaign: Campaign, stats: Stats) -> str:
    again = retryable(campaign, stats)
    return " ".join([f"**{number(again)}** can be sent again.", *left_words(campaign, stats)])


def _show_reasons(
    state: MessageState, counts: Mapping[str, int], words: Callable[[str], str], campaign_id: str, channel: str
) -> None:
    largest = max(counts.values())
    rows = [
        Row(
            reason,
            href_of(campaign_id, state, reason),
            [
                Cell(words(reason)),
                Cell(number(count), bar=count / largest, tone=state.value),
                Cell(reason_meaning(channel, reason) or VENDOR_S),
            ],
        )
        for reason, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    ]
    if opened := link_table(state.capitalize(), COLUMNS, rows, key=f"campaign_{state}_reasons"):
        open_recipients(campaign_id, state, opened)
