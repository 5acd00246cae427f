"""Where the audience is now, as one line that adds up, under a bar in the same colours: the legend of the page."""

from collections.abc import Iterator

import streamlit as st

from crm_core.campaigns.counts import plan_of
from crm_core.campaigns.messages.message_log import Stats
from crm_core.campaigns.model import Campaign
from crm_core.schema.message_states import MessageState
from pages._ui.formats import number
from pages._ui.palette import NOW_LABELS

UNPLANNED = "never planned"
CSS = "".join(f".now-{state} {{ background: var(--state-{state}) }}" for state in NOW_LABELS)


def show_identity(campaign: Campaign, stats: Stats) -> None:
    """The audience that the planner counted, beside the rows as they are now."""
    parts = list(_parts(campaign, stats))
    bar = "".join(
        f'<span style="flex: {count} 1 0" class="{css}" title="{number(count)} {words}"></span>'
        for count, words, css in parts
    )
    words = " + ".join(
        f'<span class="part"><span class="square {css}"></span> <b>{number(count)}</b> {words}</span>'
        for count, words, css in parts
    )
    line = f"<b>{_whole(campaign, stats)}</b> audience = {words or '0'} {_verdict(campaign, stats)}"
    st.html(
        f"<style>{CSS}</style>"
        f'<div class="identity-bar" aria-hidden="true">{bar}</div><p class="identity-words">{line}</p>'
    )


def _parts(campaign: Campaign, stats: Stats) -> Iterator[tuple[int, str, str]]:
    """Count, words and class of each part that is not empty."""
    for state, words in NOW_LABELS.items():
        if count := stats.by_state[MessageState(state)]:
            yield count, words, f"now-{state}"
    if left := campaign.get("never_planned"):
        yield left, UNPLANNED, "hatched"


def _whole(campaign: Campaign, stats: Stats) -> str:
    planned = campaign.get("audience")
    rows = stats.audience if planned is None else planned
    if plan_of(campaign) != "cut_short":
        return number(rows)
    left = campaign.get("never_planned")
    return f"at least {number(rows)}" if left is None else number(rows + left)


def _verdict(campaign: Campaign, stats: Stats) -> str:
    planned, plan = campaign.get("audience"), plan_of(campaign)
    if plan == "cut_short" and campaign.get("never_planned") is None:
        return "· the plan was cut short, and nobody has counted the rest yet"
    if planned is None:
        return "· still being planned"
    if planned == stats.audience:
        return '<span class="verdict-good">✓ adds up</span>'
    return f'<span class="verdict-bad">✕ {number(stats.audience)} rows do not add up</span>'
