"""Figures about an audience: the waterfall, its profile against everyone, and what another threshold would do."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import plotly.graph_objects as go

from pages._ui.formats import figure_text, number, percent

MINUS: Final = "\u2212"
LABEL: Final = 26
_ROW_PX: Final = 27
_DIGIT_PX: Final = 8


@dataclass(frozen=True)
class Bar:
    """One row of a waterfall. count: who is left after it. change: None for a total, which stands on the axis."""

    label: str
    count: int
    change: int | None = None


def waterfall(bars: Sequence[Bar]) -> go.Figure:
    """Rows from top to bottom. A change is drawn where it is taken away or added, with its number beside it."""
    starts = [0 if bar.change is None else min(bar.count, bar.count - bar.change) for bar in bars]
    lengths = [bar.count if bar.change is None else abs(bar.change) for bar in bars]
    texts = [number(bar.count) if bar.change is None else signed(bar.change) for bar in bars]
    trace = go.Bar(
        base=starts,
        x=lengths,
        y=list(range(len(bars))),
        orientation="h",
        text=texts,
        textposition="outside",
        customdata=[[figure_text(bar.label), number(bar.count)] for bar in bars],
        hovertemplate="%{customdata[0]}<br>%{text} · %{customdata[1]} left<extra></extra>",
        meta={"role": ["accent" if bar.change is None else "muted" for bar in bars]},
        showlegend=False,
    )
    fig = go.Figure([trace])
    greatest = max([1, *(start + length for start, length in zip(starts, lengths, strict=True))])
    fig.update_layout(margin_r=_DIGIT_PX * max(map(len, texts), default=0) + 14, bargap=0.35)
    fig.update_xaxes(visible=False, range=[0, greatest])
    fig.update_yaxes(autorange="reversed", zeroline=False, showgrid=False, **_rows([bar.label for bar in bars]))
    return fig


def height_of(rows: int) -> int:
    """Pixels for so many rows of a waterfall or a profile."""
    return _ROW_PX * max(rows, 2) + 12


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
    fig.update_yaxes(autorange="reversed", zeroline=False, showgrid=False, **_rows([share.label for share in shares]))
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


def signed(change: int) -> str:
    """ "−46,837", "+12", "0"."""
    return f"{MINUS}{number(-change)}" if change < 0 else f"+{number(change)}" if change else "0"


def shortened(text: str, most: int = LABEL) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def _rows(labels: Sequence[str]) -> dict[str, object]:
    """Rows may have equal labels: what tells them apart is their number."""
    shown = [figure_text(shortened(each)) for each in labels]
    return {"tickmode": "array", "tickvals": list(range(len(labels))), "ticktext": shown}
