"""Heatmaps of insights, whose cells can be pointed at and clicked."""

from collections.abc import Sequence
from typing import Any, Final

import plotly.graph_objects as go

from crm_core.insights.charts import Heatmap
from crm_core.insights.frame import Row, Unit
from pages._ui.charts import nothing_yet
from pages._ui.formats import money_short
from pages._ui.insight_drawing import Drawing
from pages._ui.units import WEEKDAYS, on_axis

MAX_TEXTS: Final = 200
"""Cells with text; in more of them it could not be read."""


def heatmap(drawing: Drawing, chart: Heatmap) -> tuple[go.Figure, str]:
    rows = [row for row in drawing.rows if row[chart.value] is not None]
    if not any(row[chart.value] for row in rows):
        return nothing_yet(drawing.nothing), drawing.nothing
    xs, ys = (sorted({row[axis] for row in rows}) for axis in (chart.x, chart.y))
    cells = {(row[chart.x], row[chart.y]): row for row in rows}
    grid = [[cells.get((x, y)) for x in xs] for y in ys]
    shows_text = bool(chart.text) and len(rows) <= MAX_TEXTS
    heat = go.Heatmap(
        x=[_tick(drawing, chart.x, x) for x in xs],
        y=[_tick(drawing, chart.y, y) for y in ys],
        z=[[on_axis(row[chart.value], drawing.unit(chart.value), drawing.digits) if row else None for row in line]
           for line in grid],
        hoverinfo="skip",
        text=[[_cell_text(drawing, row, chart.text) for row in line] for line in grid] if shows_text else None,
        texttemplate="%{text}" if shows_text else None,
        showscale=False,
        zmin=0,
        zmax=max((row[chart.value] for row in _scaled(chart, rows)), default=1) or 1,
    )  # fmt: skip
    fig = go.Figure([heat, _cells(drawing, chart)])
    fig.update_layout(hovermode="closest", hoverdistance=-1)
    fig.update_xaxes(type="category", title_text=drawing.title(chart.x), side="bottom", showline=False)
    fig.update_yaxes(type="category", showline=False, zeroline=False, rangemode="normal", showgrid=False)
    fig.update_xaxes(range=[-0.5, len(xs) - 0.5])  # no room beside them for the points that lie over the cells
    ends = (-0.5, len(ys) - 0.5)
    fig.update_yaxes(
        range=ends if chart.y_rising else ends[::-1], title_text=drawing.title(chart.y) if chart.y_rising else None
    )
    if drawing.unit(chart.x) is Unit.HOUR:
        fig.update_xaxes(title_text=None, tickvals=[_tick(drawing, chart.x, hour) for hour in range(0, 24, 3)])
    return fig, _most(drawing, chart, rows)


def _scaled(chart: Heatmap, rows: Sequence[Row]) -> Sequence[Row]:
    return [row for row in rows if row[chart.x]] if chart.first_is_whole else rows


def _cells(drawing: Drawing, chart: Heatmap) -> go.Scatter:
    """What can be pointed at and clicked, one point for each row: cells of a heatmap cannot be selected."""
    return go.Scatter(
        x=[_tick(drawing, chart.x, row[chart.x]) for row in drawing.rows],
        y=[_tick(drawing, chart.y, row[chart.y]) for row in drawing.rows],
        mode="markers",
        marker={"size": 26, "opacity": 0, "symbol": "square"},
        customdata=[drawing.detail(row) for row in drawing.rows],
        hovertemplate="%{customdata}<extra></extra>",
        showlegend=False,
    )


def _most(drawing: Drawing, chart: Heatmap, rows: Sequence[Row]) -> str:
    if drawing.unit(chart.x) is Unit.HOUR:
        most = max(rows, key=lambda row: row[chart.value])
        hour = f"{most[chart.x]:02}:00 to {(most[chart.x] + 1) % 24:02}:00"
        return f"Most on {drawing.words(most, chart.y)}, {hour}: {drawing.words(most, chart.value)}."
    most = max(_scaled(chart, rows) or rows, key=lambda row: row[chart.value])
    where = ", ".join(f"{drawing.title(each).lower()} {drawing.words(most, each)}" for each in (chart.y, chart.x))
    return f"Highest at {where}: {drawing.words(most, chart.value)}."


def _tick(drawing: Drawing, column: str, value: Any) -> str:
    match drawing.unit(column):
        case Unit.WEEKDAY:
            return WEEKDAYS[value]
        case Unit.HOUR:
            return f"{value:02}"
        case Unit.MONTH:
            return f"{value:%b %Y}"
        case _:
            return str(value)


def _cell_text(drawing: Drawing, row: Row | None, columns: Sequence[str]) -> str:
    if row is None:
        return ""
    return "<br>".join(_in_short(drawing, row, column) for column in columns if row[column])


def _in_short(drawing: Drawing, row: Row, column: str) -> str:
    match drawing.unit(column):
        case Unit.SHARE:
            return f"{100 * row[column]:.0f} %"
        case Unit.MONEY:
            return money_short(row[column], drawing.currency)
        case _:
            return drawing.words(row, column)
