"""Waterfalls: from a total through what is taken away and added to another."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import plotly.graph_objects as go

from pages._ui.formats import figure_text, number

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
    fig.update_yaxes(autorange="reversed", zeroline=False, showgrid=False, **row_ticks([bar.label for bar in bars]))
    return fig


def height_of(rows: int) -> int:
    """Pixels for so many rows of a waterfall or a profile."""
    return _ROW_PX * max(rows, 2) + 12


def signed(change: int) -> str:
    """ "−46,837", "+12", "0"."""
    return f"{MINUS}{number(-change)}" if change < 0 else f"+{number(change)}" if change else "0"


def shortened(text: str, most: int = LABEL) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def row_ticks(labels: Sequence[str]) -> dict[str, object]:
    """Rows may have equal labels: what tells them apart is their number."""
    shown = [figure_text(shortened(each)) for each in labels]
    return {"tickmode": "array", "tickvals": list(range(len(labels))), "ticktext": shown}
