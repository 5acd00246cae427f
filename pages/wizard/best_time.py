"""When customers open messages or buy, as a suggestion for the start, with its reason as a picture."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import streamlit as st

from crm_core.insights.asking import BeingLoaded, NotInMemory
from crm_core.insights.frame import Row
from pages._ui.deps import services
from pages._ui.formats import number
from pages._ui.insights import Insight, ask, show_insight
from pages._ui.units import LONG_WEEKDAYS, day_words
from pages.wizard.draft import Draft

DAYS: Final = 90
FEWEST: Final = 100
"""So many openings, or orders, say something about hours."""
CHART_PX: Final = 210
ACTS: Final = (
    ("opened", "messages opened", " Openings also follow the hours at which messages were sent."),
    ("ordered", "orders placed", ""),
)
"""What happens, its words, and what is to be known of it."""


def suggest_time(draft: Draft) -> None:
    """Of the segment that the draft is for, else of everybody: by what they open, or where that is little by orders."""
    zone = ZoneInfo(services().workspace.current().time_zone)
    now = services().clock().astimezone(zone)
    for act, words, note in ACTS:
        try:
            found = ask("hours", {"of": act, "segment": draft["segment_id"] or "", **_range(now.date())})
        except (BeingLoaded, NotInMemory):
            st.caption("The best time is told once the figures are in memory.")
            return
        total = sum(row["count"] for row in found.rows)
        if total >= FEWEST:
            _show(draft, found, f"{number(total)} {words}", note, now)
            return
    st.caption(f"Too little was opened or ordered in the last {DAYS} days to tell the best time.")


def _show(draft: Draft, found: Insight, whole: str, note: str, now: datetime) -> None:
    best = best_hour(found.rows)
    when = next_time(best["weekday"], best["hour"], now)
    hours = f"{best['hour']:02}:00 to {(best['hour'] + 1) % 24:02}:00"
    st.markdown(
        f"**Best time: {LONG_WEEKDAYS[best['weekday']]}, {hours}.** {number(best['count'])} of {whole} "
        f"in the last {DAYS} days fell into that hour.{note}"
    )
    label = f"Start on {day_words(when.date())} at {when:%H:%M}"
    st.button(label, icon=":material/schedule:", key=draft.key("best_time"), on_click=_take, args=(draft, when))
    show_insight(found, key="best_time", height=CHART_PX)


def _take(draft: Draft, when: datetime) -> None:
    for name, value in (("day", when.date()), ("clock", when.time()), ("zone", str(when.tzinfo))):
        st.session_state[draft.key(name)] = value


def best_hour(rows: Sequence[Row]) -> Row:
    """The hour of the week in which most happened, the first of several."""
    return max(rows, key=lambda row: row["count"])


def next_time(weekday: int, hour: int, now: datetime) -> datetime:
    """When that hour comes next, on the clocks of ``now``; at least an hour ahead."""
    ahead = (weekday - now.weekday()) % 7
    found = datetime.combine(now.date() + timedelta(days=ahead), time(hour), now.tzinfo)
    return found if found - now >= timedelta(hours=1) else found + timedelta(days=7)


def _range(today: date) -> dict[str, str]:
    return {"from": str(today - timedelta(days=DAYS - 1)), "to": str(today)}
