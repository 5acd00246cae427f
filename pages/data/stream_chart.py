"""How fast records came in and were stored: one small chart for each stream, on one axis of time."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from crm_core.infra.samples import Throughput

# Dash as well as colour tells the lines apart: where both go the same way, the dots lie on the line.
_LINES: Final = (
    ("handled", "Stored per second", "delivered", "solid"),
    ("accepted", "Accepted per second", "clicked", "dot"),
)


def stream_rates(rates: Mapping[str, Sequence[Throughput]], *, start: datetime, end: datetime) -> go.Figure:
    """rates: by the name of the stream, in order of time. start, end: of the axis."""
    fig = make_subplots(rows=len(rates), shared_xaxes=True, vertical_spacing=0.09)
    for row, (stream, found) in enumerate(rates.items(), start=1):
        times = [_naive_utc(rate.at) for rate in found]
        for measure, name, role, dash in _LINES:
            line = go.Scatter(
                x=times,
                y=[getattr(rate, measure) for rate in found],
                mode="lines" if len(found) > 1 else "lines+markers",
                name=name,
                legendgroup=measure,
                showlegend=row == 1,
                line={"dash": dash},
                hovertemplate="%{y:,.1f}",
                meta={"role": role},
            )
            fig.add_trace(line, row=row, col=1)
        top = max((max(rate.accepted, rate.handled) for rate in found), default=0.0)
        fig.update_yaxes(title_text=stream.capitalize(), range=[0, max(1.0, top * 1.08)], nticks=4, row=row, col=1)
    fig.update_layout(hovermode="x unified")
    fig.update_xaxes(
        type="date", range=[_naive_utc(start), _naive_utc(end)], hoverformat="%H:%M:%S UTC", tickformat="%H:%M"
    )
    fig.update_xaxes(title_text="Time (UTC)", row=len(rates), col=1)
    return fig


def _naive_utc(at: datetime) -> datetime:
    """Plotly drops the offset of a datetime without converting it."""
    return at.astimezone(UTC).replace(tzinfo=None)
