"""When the messages of a rehearsal go out: bars by hour, with quiet hours shaded and the last one marked."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import plotly.graph_objects as go

from crm_core.infra.mongo import Doc
from pages._ui.formats import number


def hours_chart(result: Doc, zone: ZoneInfo, quiet: tuple[time, time] | None) -> go.Figure:
    """result: of a rehearsal. quiet: the workspace's, on the clock of ``zone``."""
    width = timedelta(seconds=result["bucket_s"])
    starts = [bucket["at"].astimezone(zone).replace(tzinfo=None) for bucket in result["buckets"]]
    counts = [bucket["messages"] for bucket in result["buckets"]]
    bars = go.Bar(
        x=[start + width / 2 for start in starts],
        y=counts,
        width=width.total_seconds() * 1000 * 0.82,
        text=[number(count) for count in counts] if len(counts) <= 24 else None,
        textposition="outside",
        hovertemplate="%{x|%-d %b %H:%M}: %{y:,} messages<extra></extra>",
        meta={"role": "sent"},
        showlegend=False,
    )
    fig = go.Figure([bars])
    if starts:
        for begin, end in _nights(starts[0], starts[-1] + width, quiet):
            fig.add_vrect(x0=begin, x1=end, fillcolor="rgba(128, 134, 160, 0.16)", line_width=0, layer="below")
    if last := result["last_at"]:
        at = last.astimezone(zone).replace(tzinfo=None)
        fig.add_vline(x=at, line_dash="dash", line_width=1.5, line_color="rgba(128, 134, 160, 0.9)")
    fig.update_layout(margin_t=28)
    fig.update_xaxes(title_text=f"Time in {zone}", tickformat="%H:%M\n%a %-d %b")
    return fig


def _nights(first: datetime, last: datetime, quiet: tuple[time, time] | None) -> Iterator[tuple[datetime, datetime]]:
    """The quiet hours between two moments of the clock."""
    if quiet is None:
        return
    start, end = quiet
    day = first.date() - timedelta(days=1)
    while datetime.combine(day, start) < last:
        begin = datetime.combine(day, start)
        over = datetime.combine(day if end > start else day + timedelta(days=1), end)
        if over > first:
            yield max(begin, first), min(over, last)
        day += timedelta(days=1)
