"""Figures that pages show, as pure functions of numbers already computed, and ``show_chart`` to show one.

Figures have no title: the page writes the heading, so that a legend can never run into it.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import plotly.graph_objects as go
import streamlit as st

from pages._ui.deps import brand
from pages._ui.formats import figure_text, number, spoken
from pages._ui.palette import state_label
from pages._ui.plot_theme import dress, reader_theme

# Dash as well as colour tells the lines apart.
_LINES: Final[tuple[tuple[str, str], ...]] = (("sent", "dash"), ("delivered", "solid"), ("failed", "dot"))
_DIGIT_PX: Final = 8
# A legend of four lines, as on a phone, and the bar.
_CONFIG: Final = {"displayModeBar": False, "scrollZoom": False, "showTips": False}


def show_chart(fig: go.Figure, *, key: str, summary: str, height: int = 320, is_pickable: bool = False) -> int | None:
    """Show a figure in the reader's theme, with its summary for screen readers and, below it, for everyone.

    summary: one sentence of Markdown with the numbers that matter; it stands in for the chart.
    height: pixels. ``key`` must be unique on the page. is_pickable: whether a point can be clicked; its number, from 0
    on, is returned.
    """
    dress(fig, reader_theme(), brand()[1]).update_layout(height=height)
    with st.container(key=f"chart_{key}", gap="xsmall"):
        picking: Any = {"on_select": "rerun", "selection_mode": "points"} if is_pickable else {}
        event: Any = st.plotly_chart(fig, key=key, theme=None, config=_CONFIG, alt=spoken(summary), **picking)
        st.caption(summary)
    points = event.selection.points if is_pickable else []
    return points[0]["point_index"] if points else None


def delivery_timeline(points: Sequence[Mapping[str, Any]]) -> go.Figure:
    """Sent, delivered and failed so far, over time.

    Points: ``{"at": aware datetime}`` with a count for each state, in order of time.
    """
    return _running_totals(points, _LINES)


def _running_totals(points: Sequence[Mapping[str, Any]], lines: Sequence[tuple[str, str]]) -> go.Figure:
    if not points:
        return nothing_yet("Nothing sent yet")
    # Plotly drops the offset of a datetime without converting it.
    times = [_naive_utc(point["at"]) for point in points]
    fig = go.Figure([_running_total(state, dash, times, points) for state, dash in lines])
    fig.update_layout(hovermode="x unified")
    fig.update_xaxes(title_text="Time (UTC)", hoverformat="%Y-%m-%d %H:%M:%S UTC")
    return fig


def opens_over_time(points: Sequence[Mapping[str, Any]]) -> go.Figure:
    """Opened and clicked so far, over time. Points as of ``delivery_timeline``."""
    return _running_totals(points, (("opened", "solid"), ("clicked", "dash")))


def ranked_bars(rows: Sequence[Mapping[str, Any]]) -> go.Figure:
    """Horizontal bars, first row on top, each with its number.

    Rows: ``{"label": str, "count": int, "role": str}``; the role is a state or another name in the palette. ``words``
    stand in the place of a number that is more than a count.
    The numbers stand in the right margin, which is as wide as the longest of them, so that none is cut.
    """
    if not rows:
        return nothing_yet("Nothing to count yet")
    counts = [row.get("words") or number(row["count"]) for row in rows]
    labels = [figure_text(row["label"]) for row in rows]
    places = list(range(len(rows)))  # rows may have equal labels, or such as look like numbers
    bars = go.Bar(
        x=[row["count"] for row in rows],
        y=places,
        text=counts,
        textposition="outside",
        orientation="h",
        customdata=labels,
        hovertemplate="%{customdata}: %{text}<extra></extra>",
        meta={"role": [row.get("role", "accent") for row in rows]},
    )
    fig = go.Figure([bars])
    fig.update_layout(margin_r=_DIGIT_PX * max(map(len, counts)) + 12)
    fig.update_xaxes(visible=False, range=[0, max(1, *(row["count"] for row in rows))])
    fig.update_yaxes(
        autorange="reversed", zeroline=False, showgrid=False, tickmode="array", tickvals=places, ticktext=labels
    )
    return fig


def _running_total(state: str, dash: str, times: Sequence[datetime], points: Sequence[Mapping[str, Any]]) -> go.Scatter:
    return go.Scatter(
        x=times,
        y=[point[state] for point in points],
        mode="lines" if len(points) > 1 else "lines+markers",
        name=state_label(state),
        line={"dash": dash},
        hovertemplate="%{y:,}",
        meta={"role": state},
    )


def _naive_utc(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(tzinfo=None)


def nothing_yet(text: str) -> go.Figure:
    fig = go.Figure()
    fig.add_annotation(text=text, x=0.5, y=0.5, xref="paper", yref="paper", showarrow=False)
    fig.update_xaxes(visible=False)
    fig.update_yaxes(visible=False)
    return fig
