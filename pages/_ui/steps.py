"""Steps of a funnel as bars of HTML: a share and a count to the right of each, readable on a phone."""

from collections.abc import Sequence
from html import escape

import streamlit as st

from crm_core.insights.charts import Funnel
from crm_core.insights.frame import Row
from pages._ui.formats import number, percent


def show_steps(rows: Sequence[Row], chart: Funnel) -> None:
    whole = rows[0][chart.count] if rows else 0
    if not whole:
        st.caption("Nothing was sent in this range.")
        return
    shown = "".join(
        _step(row[chart.step].capitalize(), row[chart.step], row[chart.count], whole, _share(row[chart.share]), "")
        for row in rows
    )
    st.html(f'<div class="funnel" role="list">{shown}</div>')
    st.caption("Percent of the step above; ordered, of those that count as touched.")


def _share(share: float | None) -> str:
    return "" if share is None else percent(share, 1)


def funnel_step(
    label: str, role: str, count: int, whole: int, before: int | None, lost: str, *, css: str = "step"
) -> str:
    """One step. role: of its colour. whole: what fills the bar. before: the count that its share is of. lost: plain
    words of what became of the others."""
    return _step(label, role, count, whole, "" if before is None else percent(count, before), lost, css=css)


def _step(label: str, role: str, count: int, whole: int, share: str, lost: str, *, css: str = "step") -> str:
    shade = "light-dark(#c5cbd9, #3b4258)" if role == "muted" else f"var(--state-{role}, var(--accent-text, #4F46E5))"
    width = 100 * count / whole if whole else 0
    return (
        f'<div class="{css}" role="listitem"><b>{label}</b><span class="lost">{escape(lost)}</span>'
        f'<span class="share">{share}</span>'
        f'<b class="count">{number(count)}</b>'
        f'<span class="track" aria-hidden="true"><i style="width: {width:.2f}%; background: {shade}"></i></span>'
        "</div>"
    )
