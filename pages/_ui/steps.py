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
    before: int | None = None
    shown = []
    for row in rows:
        count = row[chart.count]
        role = row[chart.step]
        shown.append(funnel_step(role.capitalize(), role, count, whole, before, ""))
        before = count
    st.html(f'<div class="funnel" role="list">{"".join(shown)}</div>')
    st.caption("Percent of the step above.")


def funnel_step(
    label: str, role: str, count: int, whole: int, before: int | None, lost: str, *, css: str = "step"
) -> str:
    """One step. role: of its colour. whole: what fills the bar. before: the count that its share is of. lost: plain
    words of what became of the others."""
    shade = "light-dark(#c5cbd9, #3b4258)" if role == "muted" else f"var(--state-{role}, var(--accent-text, #4F46E5))"
    width = 100 * count / whole if whole else 0
    share = "" if before is None else percent(count, before)
    return (
        f'<div class="{css}" role="listitem"><b>{label}</b><span class="lost">{escape(lost)}</span>'
        f'<span class="share">{share}</span>'
        f'<b class="count">{number(count)}</b>'
        f'<span class="track" aria-hidden="true"><i style="width: {width:.2f}%; background: {shade}"></i></span>'
        "</div>"
    )
