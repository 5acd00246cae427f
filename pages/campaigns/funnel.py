"""How far messages got at least, with what is lost at each step, and who wants no more of them."""

from collections.abc import Iterator

import streamlit as st

from crm_core.campaigns.messages.message_log import Stats
from crm_core.channels.registry import CHANNELS
from crm_core.schema.message_states import MessageState
from pages._ui.formats import number
from pages._ui.steps import funnel_step

M = MessageState
STEPS = (M.SENT, M.DELIVERED, M.OPENED, M.CLICKED)
LOST_BEFORE_SENT = ((M.SKIPPED, "skipped"), (M.HELD_OUT, "held out"), (M.PENDING, "not sent yet"))


def show_funnel(channel: str, stats: Stats) -> None:
    rows, before = (
        [funnel_step("Audience", "muted", stats.audience, stats.audience, None, _not_sent(stats))],
        stats.audience,
    )
    for state in STEPS:
        count = stats.reached(state)
        if not count and not (state is M.DELIVERED and stats.by_state[M.FAILED]):
            break  # what is nothing yet is no row of zeros
        lost = ", ".join(_lost_after(stats, state))
        rows.append(funnel_step(state.capitalize(), state, count, stats.audience, before, lost))
        before = count
    if stats.unsubscribed:
        rows.append(_unsubscribed(stats))
    st.html(f'<div class="funnel" role="list">{"".join(rows)}</div>')
    st.caption(" ".join(_foot(channel, stats)))


def _foot(channel: str, stats: Stats) -> Iterator[str]:
    if not stats.reached(M.SENT):
        yield "Nothing is sent yet."
        return
    yield (
        "Percent of the step above; unsubscribed, of delivered." if stats.unsubscribed else "Percent of the step above."
    )
    if not stats.reached(M.OPENED):
        yield "Nobody has been seen to open it so far."
    known = CHANNELS.get(channel)
    if known and known.needs_unsubscribe and not stats.unsubscribed:
        yield "Nobody has unsubscribed so far."


def _not_sent(stats: Stats) -> str:
    return ", ".join(
        f"{number(stats.by_state[state])} {words}" for state, words in LOST_BEFORE_SENT if stats.by_state[state]
    )


def _lost_after(stats: Stats, state: MessageState) -> Iterator[str]:
    now = stats.by_state
    match state:
        case M.SENT:
            if failed := now[M.FAILED]:
                yield f"{number(failed)} failed"
            if waiting := now[M.SENT]:
                yield f"{number(waiting)} without a receipt"
        case M.DELIVERED if now[M.DELIVERED]:
            yield f"{number(now[M.DELIVERED])} not opened"
        case M.OPENED if now[M.OPENED]:
            yield f"{number(now[M.OPENED])} opened, not clicked"


def _unsubscribed(stats: Stats) -> str:
    """No step: beside whatever else they did."""
    whole, words = stats.reached(M.DELIVERED), "by the link in their message"
    return funnel_step("Unsubscribed", "muted", stats.unsubscribed, stats.audience, whole, words, css="step apart")
