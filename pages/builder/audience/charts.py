"""Figures about an audience: its profile against everyone, and what another threshold would do."""

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from pages._ui.formats import figure_text, number, percent
from pages._ui.waterfall import row_ticks


@dataclass(frozen=True)
class Share:
    """One row of a profile, with how many of each have it."""

    label: str
    audience: int
    everyone: int


def profile(shares: Sequence[Share], *, audience: int, everyone: int) -> go.Figure:
    """What part of the audience and of everyone is in each row. audience, everyone: how many these are."""
    rows = list(range(len(shares)))
    traces = [
        go.Bar(
            name=name,
            x=[100 * part / whole if whole else 0 for part in parts],
            y=rows,
            orientation="h",
            customdata=[
                [figure_text(share.label), number(part), percent(part, whole)]
                for share, part in zip(shares, parts, strict=True)
            ],
            hovertemplate="%{customdata[0]}<br>%{customdata[2]}, %{customdata[1]} customers<extra>" + name + "</extra>",
            meta={"role": role},
        )
        for name, role, whole, parts in (
            ("This audience", "accent", audience, [share.audience for share in shares]),
            ("Everyone", "muted", everyone, [share.everyone for share in shares]),
        )
    ]
    fig = go.Figure(traces)
    fig.update_layout(barmode="group", bargap=0.3, bargroupgap=0.05)
    fig.update_xaxes(ticksuffix=" %", nticks=5)
    fig.update_yaxes(
        autorange="reversed", zeroline=False, showgrid=False, **row_ticks([share.label for share in shares])
    )
    return fig


def threshold_curve(
    thresholds: Sequence[float], counts: Sequence[int], *, chosen: int, labels: Sequence[str]
) -> go.Figure:
    """Customers over the threshold, the chosen one marked. labels: of the thresholds, for hovering."""
    line = go.Scatter(
        x=list(thresholds),
        y=list(counts),
        mode="lines",
        fill="tozeroy",
        customdata=[[figure_text(label), number(count)] for label, count in zip(labels, counts, strict=True)],
        hovertemplate="%{customdata[0]}: %{customdata[1]} customers<extra></extra>",
        meta={"role": "accent"},
        showlegend=False,
    )
    mark = go.Scatter(
        x=[thresholds[chosen]] * 2,
        y=[0, counts[chosen]],
        mode="lines+markers",
        line={"dash": "dot"},
        hoverinfo="skip",
        meta={"role": "text"},
        showlegend=False,
    )
    fig = go.Figure([line, mark])
    fig.update_xaxes(nticks=6)
    fig.update_yaxes(nticks=5)
    return fig
