"""An insight on a page: its title, its definition and data one click away, its chart, and what it says in words."""

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from itertools import count
from typing import Any, Final
from urllib.parse import urlencode
from weakref import ref

import pandas as pd
import streamlit as st

from crm_core.audience.snapshot.keeper import age
from crm_core.infra.text import spreadsheet_text
from crm_core.insights.asking import BeingLoaded, NotInMemory
from crm_core.insights.charts import Figures, Funnel
from crm_core.insights.frame import Answer, Row, Unit
from crm_core.insights.periods import Period
from crm_core.insights.question import Question
from crm_core.money import to_major
from pages._ui.charts import show_chart
from pages._ui.deps import actor, services
from pages._ui.formats import change, duration, literal, money_short, number
from pages._ui.insight_charts import figure_of
from pages._ui.insight_drawing import Drawing
from pages._ui.steps import show_steps
from pages._ui.units import in_words, range_words
from pages._ui.widgets import CARD_PX

LOADING_S: Final = 1.0
FRESH: Final = timedelta(seconds=5)
TALL: Final = 320


@dataclass(frozen=True)
class Insight:
    """A question that was answered."""

    question: Question
    answer: Answer

    @property
    def rows(self) -> Sequence[Row]:
        return self.answer.rows


def ask(name: str, wanted: Mapping[str, str]) -> Insight:
    """Raises BeingLoaded, InvalidInput, Unavailable."""
    found = services().insights
    given = {key: value for key, value in wanted.items() if value}
    return Insight(found.question(name), found.ask(name, given, actor=actor()))


def show_loading(exc: BeingLoaded) -> None:
    """How far the figures are on their way into memory; the page is drawn anew once they are there."""
    share = min(1.0, exc.loaded / exc.total) if exc.total else 0.0
    words = f"{number(exc.loaded)} of {number(exc.total)} records" if exc.total else "a moment"
    st.progress(share, f"Loading the figures into memory: {words}")
    _look_again()


def show_not_in_memory(exc: NotInMemory) -> None:
    """In the place of figures, without which the rest of the page goes on."""
    st.info(literal(str(exc)), icon=":material/memory:")


def follow_figures(every_s: float) -> None:
    """Draw the page anew once there are newer figures, and say how old they are, where that is more than a moment."""
    found = services()
    state = found.snapshot.state
    old = age(state, found.clock())
    if old is not None and old > FRESH:
        st.caption(f":material/update: Figures of {duration(old)} ago; what has changed since is being read.")
        _look_again()
    elif state.version:
        drawn = ref(state.version)
        _look_again(every_s, lambda: found.snapshot.state.version is not drawn())


def _look_again(every_s: float = LOADING_S, is_due: Callable[[], bool] = lambda: True) -> None:
    looks = count()

    def look() -> None:
        if next(looks) and is_due():
            st.rerun()

    st.fragment(look, run_every=every_s)()


def show_insight(
    insight: Insight,
    *,
    key: str,
    title: str = "",
    height: int = TALL,
    controls: Callable[[], None] | None = None,
    below: Callable[[], None] | None = None,
    is_pickable: bool = False,
) -> int | None:
    """As a card. controls, below: draw more, between title and chart, and below the chart. is_pickable: whether a row
    can be clicked in the chart; its number is returned."""
    with st.container(border=True, key=f"insight_{key}", height="stretch"):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            st.subheader(title or insight.question.title, anchor=False, width="stretch")
            _offer(insight, key)
        if controls:
            controls()
        if isinstance(insight.question.chart, Funnel):
            show_steps(insight.rows, insight.question.chart)
            return None
        fig, summary = figure_of(_drawing(insight))
        picked = show_chart(fig, key=key, summary=summary, height=height, is_pickable=is_pickable)
        if below:
            below()
    return picked


def show_figures(insight: Insight, *, key: str) -> None:
    """A card for each key figure, with its change against the row below, and what they mean."""
    chart = insight.question.chart
    assert isinstance(chart, Figures)
    now, before = insight.rows
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        period = Period(now["from"], now["to"])
        words = f"{range_words(period.first, period.last)}, against the {number(period.days)} days before."
        st.caption(words, width="stretch")
        _offer(insight, key)
    with st.grid(4, min_column_width=CARD_PX, gap="small"):
        for column in chart.columns:
            _show_figure(insight.question, column, now[column], before[column])


def _show_figure(question: Question, column: str, now: Any, before: Any) -> None:
    about, currency = question.column(column), services().workspace.current().currency
    words, was = in_words(now, about.unit, currency), in_words(before, about.unit, currency)
    is_money = about.unit is Unit.MONEY
    shown, was_shown = (money_short(now, currency), money_short(before, currency)) if is_money else (words, was)
    exact = f"Exactly {words}. " if shown != words else ""
    if about.unit is Unit.SHARE:
        delta: str | int | None = _points(now, before)
    else:
        delta = change(now, before)
    st.metric(about.title, shown, delta, help=f"{exact}The days before: {was}.", delta_description=f"was {was_shown}",
              border=True)  # fmt: skip


def _points(now: float | None, before: float | None) -> str | int | None:
    """The change of a share, in percentage points."""
    if now is None or before is None:
        return None
    points = round(100 * (now - before), 1)
    return f"{points:+.1f} points" if points else 0


def _drawing(insight: Insight) -> Drawing:
    found = services().workspace
    return Drawing(insight.question, insight.rows, found.current().currency, found.digits())


def _offer(insight: Insight, key: str) -> None:
    """What it means, and its data to take away."""
    question = insight.question
    with st.popover(
        f"About {question.title}", icon=":material/help:", type="tertiary", key=f"insight_tool_about_{key}"
    ):
        st.markdown(question.definition)
        st.caption(f"As of {insight.answer.as_of:%Y-%m-%d %H:%M:%S} UTC.")
    with st.popover(
        f"Data of {question.title}", icon=":material/download:", type="tertiary", key=f"insight_tool_data_{key}"
    ):
        for label, kind, mime in (("CSV", "csv", "text/csv"), ("Parquet", "parquet", "application/octet-stream")):
            st.download_button(
                label,
                partial(data_file, insight, kind, services().workspace.digits()),
                f"{question.name}.{kind}",
                mime,
                key=f"{kind}_{key}",
                on_click="ignore",
                icon=":material/download:",
                width="stretch",
            )
        st.caption("Over the API:")
        chosen = f"?{urlencode(insight.answer.parameters)}" if insight.answer.parameters else ""
        st.code(f"GET /api/v1/insights/{question.name}{chosen}", language=None)


def data_file(insight: Insight, kind: str, digits: int) -> bytes:
    """The rows with all their columns, money in major units of ``digits``, as "csv" or "parquet"."""
    frame = _to_frame(insight, digits)
    if kind == "csv":
        for each in insight.question.columns:
            if each.unit is Unit.TEXT:
                frame[each.id] = frame[each.id].map(spreadsheet_text, na_action="ignore")
        return frame.to_csv(index=False).encode()
    held = io.BytesIO()
    frame.to_parquet(held, index=False)
    return held.getvalue()


def _to_frame(insight: Insight, digits: int) -> pd.DataFrame:
    columns = {
        each.id: [
            to_major(row[each.id], digits) if each.unit is Unit.MONEY and row[each.id] is not None else row[each.id]
            for row in insight.rows
        ]
        for each in insight.question.columns
    }
    return pd.DataFrame(columns)
