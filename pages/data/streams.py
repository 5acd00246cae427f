"""The streams as they are now: what waits, how fast it flows, and the last quarter of an hour."""

from datetime import datetime, timedelta
from typing import Final

import streamlit as st

from crm_core.infra.monitor import StreamState
from crm_core.infra.samples import Throughput
from crm_core.infra.streams import INGESTED, Stream
from pages._ui.charts import show_chart
from pages._ui.deps import services
from pages._ui.formats import NONE, duration, number, percent
from pages._ui.guard import live
from pages._ui.widgets import tinted_badge
from pages.data.stream_chart import stream_rates

CARD_PX, FIGURE_PX = 260, 100
OTHERS: Final = (Stream.DELIVERIES, Stream.RECEIPTS, Stream.JOBS)
NOW, STEP = timedelta(seconds=20), timedelta(seconds=8)
"""A rate of now is that over the last 8 s at least."""
FRESH: Final = timedelta(seconds=15)
CHART_OVER, CHART_STEP = timedelta(minutes=15), timedelta(seconds=15)
CHART_LIVE_S: Final = 10
LONG: Final = timedelta(minutes=1)


def show_streams() -> None:
    _show_now()
    st.subheader("The last 15 minutes", anchor=False)
    _show_chart()


@live(run_every=2)
def _show_now() -> None:
    monitor, now = services().monitor, services().clock()
    states = {state.stream: state for state in monitor.streams()}
    with st.grid(3, min_column_width=CARD_PX, gap="small"):
        for stream in INGESTED:
            _show_stream(states[stream], _rate_now(monitor.rates(stream, over=NOW, step=STEP), now), now)
    with st.container(border=True, gap="xsmall"):
        for stream in OTHERS:
            state = states[stream]
            waits = f"{number(state.waiting)} waiting · oldest {_lag(state, now)}" if state.waiting else "nothing waits"
            st.markdown(f"**{stream.label.capitalize()}** · {waits} · {number(state.accepted)} so far")
    st.caption(f"As of {now:%H:%M:%S} UTC.")


def _show_stream(state: StreamState, rate: Throughput | None, now: datetime) -> None:
    limit = services().settings.max_backlog
    with st.container(border=True, gap="small"):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            st.markdown(f"**{state.stream.label.capitalize()}**", width="content")
            st.markdown(_badge(state, now, limit), width="content")
        figures = [
            ("Waiting", number(state.waiting)),
            ("Oldest waits for", _lag(state, now)),
            ("Accepted per s", _per_second(rate.accepted if rate else None)),
            ("Stored per s", _per_second(rate.handled if rate else None)),
        ]
        with st.grid(2, min_column_width=FIGURE_PX, gap="small"):
            for label, value in figures:
                with st.container(gap=None):
                    st.caption(label)
                    st.markdown(f"#### {value}")
        words = f"{percent(state.waiting, limit)} of the {number(limit)} that may wait"
        st.progress(min(1.0, state.waiting / limit), words)


def _badge(state: StreamState, now: datetime, limit: int) -> str:
    if state.waiting >= limit:
        return tinted_badge("red", "block", "full")
    if state.lag(now) > LONG:
        return tinted_badge("orange", "hourglass_top", "behind")
    return tinted_badge("blue", "bolt", "storing") if state.waiting else tinted_badge("green", "check_circle", "clear")


def _rate_now(rates: list[Throughput], now: datetime) -> Throughput | None:
    """None when the worker that notes the rates has not done so lately."""
    return rates[-1] if rates and now - rates[-1].at <= FRESH else None


def _per_second(rate: float | None) -> str:
    if rate is None:
        return NONE
    return number(round(rate)) if rate >= 10 or not rate else f"{rate:.1f}"


def _lag(state: StreamState, now: datetime) -> str:
    return duration(state.lag(now)) if state.waiting else NONE


@live(run_every=CHART_LIVE_S)
def _show_chart() -> None:
    monitor, now = services().monitor, services().clock()
    rates = {stream.label: monitor.rates(stream, over=CHART_OVER, step=CHART_STEP) for stream in INGESTED}
    peak = max((rate.accepted for found in rates.values() for rate in found), default=0.0)
    came_in = f"At most {number(round(peak))} records were accepted per second." if peak else "Nothing came in."
    summary = f"Per stream, each over {CHART_STEP.seconds} s. {came_in}"
    if not any(rates.values()):
        summary = "Nothing is noted yet: the ingest worker notes it while it runs; a first rate takes 15 s."
    show_chart(stream_rates(rates, start=now - CHART_OVER, end=now), key="streams", summary=summary, height=430)
