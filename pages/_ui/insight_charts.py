"""Figures of insights: pure functions of a question and the rows of its answer, each with a sentence that says it."""

from typing import Any, Final

import plotly.graph_objects as go

from crm_core.insights.charts import Against, Bands, Bars, Heatmap, Intervals, Lines, RankedBars, StackedBars
from crm_core.insights.frame import Row
from pages._ui.charts import nothing_yet, ranked_bars
from pages._ui.formats import figure_text, literal, number
from pages._ui.insight_drawing import Drawing
from pages._ui.insight_heatmap import heatmap
from pages._ui.units import on_axis

MAX_TICKS: Final = 6
"""Months that are named on an axis: as many as a phone has room for."""


def figure_of(drawing: Drawing) -> tuple[go.Figure, str]:
    """The figure of a question whose chart is one of Plotly's, and its summary."""
    match drawing.question.chart:
        case Bars() as chart:
            return _bars(drawing, chart)
        case Bands() as chart:
            return _bands(drawing, chart)
        case StackedBars() as chart:
            return _stacked(drawing, chart)
        case Heatmap() as chart:
            return heatmap(drawing, chart)
        case Intervals() as chart:
            return _intervals(drawing, chart)
        case Lines() as chart:
            return _lines(drawing, chart)
        case Against() as chart:
            return _against(drawing, chart)
        case RankedBars() as chart:
            return _ranked(drawing, chart)
        case _:
            raise AssertionError(f"{drawing.question.name} has no figure")


def _bars(drawing: Drawing, chart: Bars) -> tuple[go.Figure, str]:
    rows = drawing.rows
    if not any(row[chart.y] for row in rows):
        return nothing_yet(drawing.nothing), drawing.nothing
    running = [_is_running(row, chart) for row in rows]
    details = [
        "<br>".join(
            [f"<b>{row[chart.x]:%B %Y}</b>", f"{drawing.title(chart.y)}: {drawing.words(row, chart.y)}"]
            + [
                f"{drawing.title(other.id)}: {drawing.words(row, other.id)}"
                for other in drawing.question.columns
                if other.id not in {chart.x, chart.y, chart.part, chart.whole}
            ]
            + ([f"{row[chart.part]} of {row[chart.whole]} days are past"] if is_running else [])  # type: ignore[index]
        )
        for row, is_running in zip(rows, running, strict=True)
    ]
    bars = go.Bar(
        x=drawing.values(chart.x),
        y=drawing.values(chart.y),
        customdata=details,
        hovertemplate="%{customdata}<extra></extra>",
        marker_pattern={"shape": ["/" if each else "" for each in running], "size": 6, "solidity": 0.4},
        meta={"role": "accent"},
        name=drawing.title(chart.y),
        showlegend=False,
    )
    fig = go.Figure([bars])
    months = drawing.values(chart.x)
    fig.update_xaxes(type="date", tickformat="%b\n%Y", tickvals=months[:: -(-len(months) // MAX_TICKS)])
    fig.update_yaxes(tickprefix=drawing.prefix(chart.y))
    best = max(rows, key=lambda row: row[chart.y])
    told = f"Best: {best[chart.x]:%B %Y} with {drawing.words(best, chart.y)}."
    for row, is_running in zip(rows, running, strict=True):
        if is_running:
            told += f" {row[chart.x]:%B} is hatched: {row[chart.part]} of {row[chart.whole]} days are past."  # type: ignore[index]
    return fig, told


def _bands(drawing: Drawing, chart: Bands) -> tuple[go.Figure, str]:
    rows = drawing.rows
    if not any(row[chart.y] for row in rows):
        return nothing_yet("Nobody has a value."), "Nobody has a value."
    labels = [_band(drawing, chart, row) for row in rows]
    bars = go.Bar(
        x=labels,
        y=drawing.values(chart.y),
        customdata=[drawing.detail(row) for row in rows],
        hovertemplate="%{customdata}<extra></extra>",
        meta={"role": "accent"},
        showlegend=False,
    )
    fig = go.Figure([bars])
    fig.update_layout(bargap=0.08)
    fig.update_xaxes(type="category", tickangle=-40)
    fig.update_yaxes(title_text=drawing.title(chart.y))
    most = max(rows, key=lambda row: row[chart.y])
    return fig, f"Most customers have {_band(drawing, chart, most)}: {drawing.words(most, chart.y)}."


def _band(drawing: Drawing, chart: Bands, row: Row) -> str:
    low, high = drawing.words(row, chart.low), drawing.words(row, chart.high)
    return low if low == high else f"{low} to {high}"


def _is_running(row: Row, chart: Bars) -> bool:
    return bool(chart.part and chart.whole and row[chart.part] < row[chart.whole] and row[chart.y])


def _stacked(drawing: Drawing, chart: StackedBars) -> tuple[go.Figure, str]:
    totals = {column: sum(row[column] for row in drawing.rows) for column in chart.columns}
    if not any(totals.values()):
        return nothing_yet(drawing.nothing), drawing.nothing
    shown = [column for column in chart.columns if totals[column]]
    xs = drawing.values(chart.x)
    fig = go.Figure(
        [
            go.Bar(
                x=xs,
                y=drawing.values(column),
                name=drawing.title(column),
                hovertemplate="%{y:,}",
                meta={"role": column},
            )
            for column in shown
        ]
    )
    fig.update_layout(barmode="stack", hovermode="x unified")
    fig.update_xaxes(type="date", hoverformat="%a %-d %b %Y", tickformat="%-d %b", nticks=8)
    parts = [f"{number(totals[column])} {drawing.title(column).lower()}" for column in shown]
    return fig, f"{number(sum(totals.values()))} sent: {', '.join(parts)}."


def _lines(drawing: Drawing, chart: Lines) -> tuple[go.Figure, str]:
    if not any(row[chart.y] for row in drawing.rows):
        return nothing_yet(drawing.nothing), drawing.nothing
    series: dict[str, list[Row]] = {}
    for row in drawing.rows:
        series.setdefault(row[chart.by], []).append(row)
    dashes = ("solid", "dash", "dot", "dashdot", "longdash")
    fig = go.Figure(
        [
            go.Scatter(
                x=[row[chart.x] for row in rows],
                y=[on_axis(row[chart.y], drawing.unit(chart.y), drawing.digits) for row in rows],
                customdata=[drawing.words(row, chart.y) for row in rows],
                mode="lines+markers",
                name=figure_text(name),
                line={"dash": dashes[place % len(dashes)]},
                hovertemplate="%{customdata}",
            )
            for place, (name, rows) in enumerate(series.items())
        ]
    )
    fig.update_layout(hovermode="x unified")
    fig.update_xaxes(type="date", hoverformat="%B %Y")
    fig.update_yaxes(tickprefix=drawing.prefix(chart.y))
    most = max(drawing.rows, key=lambda row: row[chart.y] or 0)
    return fig, f"Highest: {most[chart.by]}, {drawing.words(most, chart.x)}: {drawing.words(most, chart.y)}."


def _against(drawing: Drawing, chart: Against) -> tuple[go.Figure, str]:
    rows = drawing.rows
    if not rows:
        return nothing_yet(drawing.nothing), drawing.nothing
    common: dict[str, Any] = {
        "x": drawing.values(chart.x),
        "customdata": [drawing.detail(row) for row in rows],
        "hovertemplate": "%{customdata}<extra></extra>",
    }
    actual = go.Bar(y=drawing.values(chart.actual), name=drawing.title(chart.actual), meta={"role": "accent"}, **common)
    expected = go.Scatter(
        y=drawing.values(chart.expected),
        name=drawing.title(chart.expected),
        mode="lines+markers",
        line={"dash": "dot"},
        marker={"size": 9, "symbol": "diamond"},
        meta={"role": "clicked"},
        **common,
    )
    fig = go.Figure([actual, expected])
    fig.update_xaxes(title_text=drawing.title(chart.x), tickvals=common["x"], tickangle=0)
    first = rows[0]
    expected_words, actual_words = (
        f"{drawing.title(each).lower()} {drawing.words(first, each)}" for each in (chart.expected, chart.actual)
    )
    return fig, f"{drawing.title(chart.x)} {drawing.words(first, chart.x)}: {expected_words}, {actual_words}."


def _ranked(drawing: Drawing, chart: RankedBars) -> tuple[go.Figure, str]:
    if not any(row[chart.value] for row in drawing.rows):
        return nothing_yet(drawing.nothing), drawing.nothing
    rows = [
        {
            "label": drawing.words(row, chart.label),
            "count": row[chart.value] or 0,
            "words": drawing.words(row, chart.value),
        }
        for row in drawing.rows
    ]
    most = max(drawing.rows, key=lambda row: row[chart.value] or 0)
    told = f"Most: {literal(drawing.words(most, chart.label))} with {drawing.words(most, chart.value)}."
    return ranked_bars(rows), told


def _intervals(drawing: Drawing, chart: Intervals) -> tuple[go.Figure, str]:
    rows = [row for row in drawing.rows if row[chart.value] is not None]
    if not rows:
        return nothing_yet("Nothing to compare yet."), "Nothing to compare yet."
    labels = [figure_text(_named(drawing, chart, row)) for row in rows]
    scale = max(max(abs(row[chart.low]), abs(row[chart.high])) for row in rows)
    points = go.Scatter(
        x=[row[chart.value] for row in rows],
        y=labels,
        mode="markers",
        marker={"size": 10},
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [row[chart.high] - row[chart.value] for row in rows],
            "arrayminus": [row[chart.value] - row[chart.low] for row in rows],
        },
        customdata=[drawing.detail(row) for row in rows],
        hovertemplate="%{customdata}<extra></extra>",
        showlegend=False,
    )
    fig = go.Figure([points])
    fig.add_vline(x=0, line_width=1.5, line_dash="dash", line_color="rgba(128, 134, 160, 0.9)")
    fig.update_xaxes(range=[-1.1 * scale, 1.1 * scale], title_text=drawing.title(chart.value))
    fig.update_xaxes(tickformat="+.1%")
    fig.update_yaxes(autorange="reversed", zeroline=False, rangemode="normal")
    return fig, " ".join(_said(drawing, chart, row) for row in rows)


def _named(drawing: Drawing, chart: Intervals, row: Row) -> str:
    words = ", ".join(drawing.words(row, each) for each in chart.labels)
    return words[:1].upper() + words[1:]


def _said(drawing: Drawing, chart: Intervals, row: Row) -> str:
    name = literal(_named(drawing, chart, row))
    value, low, high = (f"{100 * row[each]:+.1f}" for each in (chart.value, chart.low, chart.high))
    return f"{name}: {value} {'%' if chart.is_relative else 'points'} ({low} to {high})."
