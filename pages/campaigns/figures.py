"""How far a campaign is: progress, the line that adds up, what waits and why, shares, charts."""

from datetime import timedelta
from functools import partial
from typing import Final

import streamlit as st

from crm_core.campaigns.messages.message_log import Stats
from crm_core.campaigns.model import Campaign
from crm_core.campaigns.states import CampaignState, MessageState
from pages._ui.channels import failure_words, reason_words
from pages._ui.charts import delivery_timeline, ranked_bars, show_chart
from pages._ui.deps import actor, services
from pages._ui.formats import duration, number, percent
from pages._ui.palette import STATE_LABELS
from pages._ui.widgets import CARD_PX, noted_metric
from pages.campaigns.words import waiting_words

M = MessageState
STATES: Final = [(MessageState(state), label) for state, label in STATE_LABELS.items()]
DELIVERED: Final = (M.DELIVERED, M.OPENED, M.CLICKED)
SHARES: Final = (
    ("Delivered", DELIVERED),
    ("Opened", (M.OPENED, M.CLICKED)),
    ("Clicked", (M.CLICKED,)),
    ("Waiting for a receipt", (M.SENT,)),
    ("Failed", (M.FAILED,)),
    ("Skipped", (M.SKIPPED,)),
    ("Held out", (M.HELD_OUT,)),
)
ALWAYS: Final = {"Delivered", "Waiting for a receipt", "Failed", "Skipped"}
"""The others only when there are any: not every vendor reports who opened, not every campaign holds out."""
COLUMNS: Final = {4: 4, 5: 5, 6: 3, 7: 4}


def count_in(stats: Stats, *states: MessageState) -> int:
    return sum(stats.by_state[state] for state in states)


def show_progress(campaign: Campaign, stats: Stats) -> None:
    pending = stats.by_state[M.PENDING]
    handled, due = stats.audience - pending, pending - sum(stats.pending_by_reason.values())
    words = f"{number(handled)} of {number(stats.audience)} handled"
    if campaign["state"] == CampaignState.COMPLETED and not campaign.get("retries"):
        words += f" in {duration(campaign['finished_at'] - campaign['launched_at'])}"
    elif handled and due and campaign["state"] == CampaignState.SENDING and _is_steady(campaign):
        length = services().clock() - campaign["launched_at"]
        rate = handled / max(length.total_seconds(), 0.001)
        words += f" · {number(round(rate))} per second · {duration(timedelta(seconds=due / rate))} left"
    st.progress(handled / stats.audience if stats.audience else 0.0, words)


def _is_steady(campaign: Campaign) -> bool:
    """Whether the time since its launch says how fast it is."""
    return not campaign.get("resumed_at") and not campaign.get("retries")


def show_identity(campaign: Campaign, stats: Stats) -> None:
    """The audience that the planner counted, beside the rows as they are now."""
    parts = [f"**{number(stats.by_state[state])}** {word.lower()}" for state, word in STATES if stats.by_state[state]]
    planned = campaign.get("audience")
    sum_line = f"**{number(stats.audience if planned is None else planned)}** audience = {' + '.join(parts) or '0'}"
    if planned is None:
        st.markdown(f":material/balance: {sum_line} · still being planned")
    elif planned == stats.audience:
        st.markdown(f":material/balance: {sum_line} :green[:material/check_circle: adds up]")
    else:
        st.markdown(f":material/balance: {sum_line} :red[:material/error: {number(stats.audience)} rows do not add up]")


def show_waiting(campaign: Campaign, stats: Stats) -> None:
    for reason, count in stats.pending_by_reason.items():
        span = services().pending_rows.due_span(campaign["_id"], reason)
        st.markdown(f":material/hourglass_top: {waiting_words(reason, count, span)}.")


def show_shares(stats: Stats) -> None:
    counts = {label: count_in(stats, *states) for label, states in SHARES}
    shown = {label: count for label, count in counts.items() if count or label in ALWAYS}
    with st.grid(COLUMNS[len(shown)], min_column_width=CARD_PX, gap="small"):
        for label, count in shown.items():
            whom = f"{number(count)} {'customer' if count == 1 else 'customers'}"
            noted_metric(st.container(border=True), label, percent(count, stats.audience), whom)


def show_charts(campaign: Campaign, stats: Stats) -> None:
    left, right = st.columns([3, 2], gap="medium")
    points = services().figures.timeline(campaign, actor=actor()).value
    with left:
        st.subheader("Delivery over time", anchor=False)
        delivered, failed = count_in(stats, *DELIVERED), stats.by_state[M.FAILED]
        summary = f"{number(delivered)} delivered and {number(failed)} failed so far."
        show_chart(delivery_timeline(points), key="timeline", summary=summary)
    with right:
        st.subheader("Not delivered, by reason", anchor=False)
        rows = [
            {"label": words(reason), "count": count, "role": role}
            for role, reasons, words in (
                ("failed", stats.failed_by_reason, partial(failure_words, campaign["channel"])),
                ("skipped", stats.skipped_by_reason, reason_words),
            )
            for reason, count in sorted(reasons.items(), key=lambda item: -item[1])
        ]
        if rows:
            summary = "Messages that failed or were skipped."
            show_chart(ranked_bars(rows), key="reasons", summary=summary, height=70 + 45 * len(rows))
        else:
            st.caption("Nothing failed or was skipped.")
