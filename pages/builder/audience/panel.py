"""Right of the board: whom the rules reach, why, and who of them will be messaged, live."""

from collections.abc import Sequence
from functools import partial
from typing import Final

import streamlit as st

from crm_core.audience.preview import Preview, Source
from crm_core.audience.snapshot.keeper import Status
from crm_core.channels.registry import CHANNELS, DEFAULT_CHANNEL
from crm_core.errors import BadRule, InvalidInput
from crm_core.rules.binding import bind
from crm_core.rules.bound import Bound
from crm_core.rules.tree import AnyRule
from pages._ui.charts import show_chart
from pages._ui.deps import services
from pages._ui.formats import literal, number, percent, relative_time
from pages._ui.guard import live, show_error
from pages._ui.waterfall import height_of, waterfall
from pages._ui.widgets import noted_metric
from pages.builder.audience.details import DETAILS, show_detail
from pages.builder.audience.measured import (
    Measured,
    cancel_count,
    count_again,
    data_age,
    is_counting,
    is_given_up,
    last_result,
    measure,
)
from pages.builder.audience.words import waterfall_bars
from pages.builder.board.board import Board

FRESH_S: Final = 5.0
COUNTING_S: Final = 1.0
CHANNEL: Final = "builder_channel"
DETAIL: Final = "builder_detail"


def show_audience(board: Board, *, uncounted: Sequence[str], problems: Sequence[str]) -> None:
    """Renewed by itself every few seconds. Raises Unavailable.

    uncounted: what is on the board and in no rule yet, such as "1.2 City". problems: such as "1.3 Segment: there is
    no segment with the id 'x'."; with one of them nothing can be counted.
    """
    every = COUNTING_S if is_counting() else FRESH_S
    live(every)(partial(_show, board, uncounted, problems))()


def _show(board: Board, uncounted: Sequence[str], problems: Sequence[str]) -> None:
    if problems:
        _show_impossible(" ".join(problems))
        return
    rule = board.to_rule()
    try:
        measured = measure(rule)
    except BadRule as exc:
        _show_impossible(str(exc))
        return
    if uncounted:
        st.warning(
            f"Not counted yet, because no value is chosen: {literal(', '.join(uncounted))}.", icon=":material/edit:"
        )
    if measured.result is None:
        _show_counting(rule)
        return
    channel = _show_numbers(measured, measured.result)
    if measured.result.total and measured.is_of_rule:
        _show_why(board, rule, measured.result, channel)


def _show_impossible(why: str) -> None:
    """The rules say what is wrong; the last numbers stay, and say that they are old."""
    st.error(f"These rules cannot be counted. {literal(why)}", icon=":material/error:")
    if before := last_result():
        card = st.container(border=True)
        with card:
            then = f"{percent(before.count, before.total)} then"
            noted_metric(card, "Customers matched before", number(before.count), then)
            st.caption(f"Of the rules before, as of {before.as_of:%H:%M:%S} UTC.")


def _show_counting(rule: AnyRule) -> None:
    with st.container(border=True):
        if is_given_up(rule):
            st.markdown(":material/cancel: **The count was cancelled**")
            st.button("Count again", icon=":material/refresh:", on_click=count_again)
            return
        st.markdown(":material/hourglass_top: **Counting in the database**")
        st.caption(_where_counted())
        st.button("Cancel", icon=":material/cancel:", key="builder_cancel_count", on_click=cancel_count)


def _show_numbers(measured: Measured, result: Preview) -> str:
    """The two numbers that matter. Returns the channel that the second is about."""
    if measured.is_stale:
        st.warning(literal(measured.why_stale), icon=":material/cloud_off:")
    with st.container(border=True, key="builder_numbers"):
        left, right = st.container(key="builder_counts").columns(2, gap="small")
        match = "Customers match" if measured.is_of_rule else "Customers matched before"
        share = f"{percent(result.count, result.total)} of {number(result.total)}"
        noted_metric(left, match, number(result.count), share)
        channel = st.session_state.get(CHANNEL) or DEFAULT_CHANNEL
        if result.deliverable is not None:
            reach = result.deliverable[channel]
            lost = sum(reach.reasons.values())
            why = f"{number(lost)} will not, see below" if lost else "all of them"
            noted_metric(right, "Will be messaged", number(reach.count), why)
        if result.deliverable is not None:
            st.selectbox(
                "Channel",
                list(CHANNELS),
                format_func=lambda name: f"over {CHANNELS.label(name)}",
                key=CHANNEL,
                label_visibility="collapsed",
            )
        _show_moment(measured, result)
    return st.session_state.get(CHANNEL) or channel


def _show_moment(measured: Measured, result: Preview) -> None:
    """How exact the numbers are, and as of when."""
    found = services()
    seconds = data_age(result, found.snapshot.state, found.clock())
    parts = [
        f"{'Stale' if measured.is_stale else 'Exact'} as of {result.as_of:%H:%M:%S} UTC",
        f"{result.took_ms:.0f} ms" if result.took_ms >= 1 else "under 1 ms",
    ]
    if seconds is not None:
        parts.append(
            f"data {seconds:.1f} s old" if seconds < 60 else f"data of {relative_time(result.as_of, found.clock())}"
        )
    st.caption(" · ".join(parts))
    if result.source is Source.DATABASE:
        st.caption(_where_counted())
        if measured.is_of_rule and not measured.is_stale:
            st.button("Count again", icon=":material/refresh:", type="tertiary", on_click=count_again)


def _where_counted() -> str:
    """Why the database counts, and what that means."""
    state = services().snapshot.state
    match state.status:
        case Status.LOADING:
            done = f"{number(state.loaded)} of about {number(state.total)} records" if state.total else "they"
            return f"The customers are being loaded into memory ({done}). Until then the database counts."
        case Status.TOO_LARGE:
            return "There are more customers than may be held in memory (CRM_SNAPSHOT_MAX_MB): the database counts."
        case Status.OFF:
            return "The database counts."
        case _:
            return "The rules ask for a name, an address or a field that is not held in memory: the database counts."


def _show_why(board: Board, rule: AnyRule, result: Preview, channel: str) -> None:
    bound = bind(rule, services().rule_contexts.remembered_context())
    currency = services().workspace.current().currency
    if result.steps is not None and result.deliverable is not None:
        st.subheader("Where customers drop out" if _drops(bound) else "How rules add up", anchor=False)
        bars = waterfall_bars(result, bound, result.deliverable[channel], currency)
        words = (
            f"{number(result.count)} of {number(result.total)} customers match, "
            f"{number(result.deliverable[channel].count)} will be messaged over {CHANNELS.label(channel)}."
        )
        show_chart(waterfall(bars), key="builder_waterfall", summary=words, height=height_of(len(bars)))
    chosen = st.segmented_control(
        "Details",
        list(DETAILS),
        default="sample",
        required=True,
        format_func=DETAILS.__getitem__,
        key=DETAIL,
        label_visibility="collapsed",
        wrap=True,
    )
    try:
        show_detail(chosen or "sample", board, rule, bound, result)
    except InvalidInput as exc:
        show_error(exc)


def _drops(bound: Bound) -> bool:
    return getattr(bound.rule, "kind", "") != "any"
