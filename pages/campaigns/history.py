"""What was done to a campaign: who launched, paused, resumed it, and when."""

from typing import Final

import streamlit as st

from crm_core.access.actor import ActorKind
from crm_core.campaigns.history import MAX_SHOWN, Step
from pages._ui.deps import actor, services
from pages._ui.formats import number, relative_time, utc_exact
from pages._ui.link_table import Cell, Column, Row, link_table
from pages._ui.widgets import empty_state
from pages.audit.words import action_words

COLUMNS: Final = (
    Column("When", shape="plain tight"),
    Column("What", shape="wide"),
    Column("Who", shape="plain"),
    Column("Details", shape="wide plain"),
)
ICONS: Final = {
    "launch": "rocket_launch", "pause": "pause", "resume": "play_arrow", "cancel": "block", "retry": "replay",
    "create": "add", "update": "edit", "duplicate": "content_copy", "schedule": "schedule", "unschedule": "event_busy",
    "archive": "archive", "unarchive": "unarchive", "sending": "bolt", "completed": "check_circle", "failed": "error",
}  # fmt: skip


def show_history(campaign_id: str) -> None:
    steps = services().campaign_history.of(campaign_id, actor=actor())
    if not steps:
        empty_state(
            "history", "Nothing is on record", "Campaigns that came with the demo shop were run by nobody here."
        )
        return
    link_table("History", COLUMNS, [_row(step) for step in steps], key="campaign_history")
    if len(steps) == MAX_SHOWN:
        st.caption(f"The last {MAX_SHOWN} are shown.")


def _row(step: Step) -> Row:
    verb = step.action.partition(".")[2]
    cells = [
        Cell(relative_time(step.at, services().clock()), utc_exact(step.at)),
        Cell(action_words(step.action), icon=ICONS.get(verb, "bolt")),
        Cell("ClientNest" if step.kind is ActorKind.SYSTEM and step.by == "system" else step.by),
        _details(step),
    ]
    return Row("", "", cells)


def _details(step: Step) -> Cell:
    changed = ", ".join(name.replace("_", " ") for name in step.fields)
    words = f"Changed: {changed}" if changed else ""
    if step.edits and step.edits > 1 and step.begun_at:
        since = f"in {number(step.edits)} edits, the first {relative_time(step.begun_at, services().clock())}"
        return Cell(f"{words} ({since})" if words else since.capitalize(), utc_exact(step.begun_at))
    return Cell(words)
