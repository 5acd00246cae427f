"""What of the campaigns is listed: controls whose values are in the address of the page, so that it can be sent."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

import streamlit as st

from crm_core.campaigns.listing import SORTS, CampaignCounts, CampaignFilter, CampaignSort, StateGroup
from crm_core.channels.registry import CHANNELS
from pages._ui.deps import services
from pages._ui.formats import literal, number

GROUPS: Final = {
    StateGroup.ALL: "All",
    StateGroup.DRAFTS: "Drafts",
    StateGroup.SCHEDULED: "Scheduled",
    StateGroup.RUNNING: "Running",
    StateGroup.DONE: "Done",
    StateGroup.ARCHIVED: "Archived",
}
NAMES: Final = ("state", "channel", "search", "owner", "tag", "from", "to", "sort", "page")
"""In the address."""
PREFIX: Final = "campaigns_"
MAX_TEXT: Final = 100


def wanted() -> CampaignFilter:
    """As the address says; what it cannot mean is left out."""
    found = st.query_params
    days = {name: _day(found.get(name)) for name in ("from", "to")}
    zone = services().workspace.current().zone
    return CampaignFilter(
        group=StateGroup(found["state"]) if found.get("state") in {*StateGroup} else StateGroup.ALL,
        channels=tuple(name for name in found.get_all("channel") if CHANNELS.get(name)),
        text=found.get("search", "")[:MAX_TEXT],
        owner=found.get("owner"),
        tag=found.get("tag"),
        start=datetime.combine(days["from"], time(), zone).astimezone(UTC) if days["from"] else None,
        end=datetime.combine(days["to"] + timedelta(days=1), time(), zone).astimezone(UTC)
        if days["from"] and days["to"]
        else None,
    )


def wanted_sort() -> CampaignSort:
    """Such as ``sort=-sent`` for the largest first."""
    text = st.query_params.get("sort", "")
    by = text.removeprefix("-")
    return CampaignSort(by, text.startswith("-")) if by in SORTS else CampaignSort()


def wanted_page() -> int:
    """From 1 on."""
    text = st.query_params.get("page", "")
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 6 else 1


def sort_by(name: str) -> None:
    """The other way round when it is sorted by that already."""
    now = wanted_sort()
    is_descending = not now.is_descending if now.by == name else name not in _RISING
    put("sort", f"-{name}" if is_descending else name)


_RISING: Final = {"name", "segment_name", "created_by", "channel", "tags", "state"}
"""What is sorted from A to Z at first."""


def put(name: str, value: str | list[str] | None) -> None:
    """Into the address; the first page is shown again."""
    st.query_params.pop("page", None)
    if value:
        st.query_params[name] = value
    else:
        st.query_params.pop(name, None)


def is_narrowed(chosen: CampaignFilter) -> bool:
    return chosen != CampaignFilter()


def clear() -> None:
    """All of them, sorted as at first."""
    for name in NAMES:
        st.query_params.pop(name, None)
        st.session_state.pop(f"{PREFIX}{name}", None)
    st.session_state.pop(f"{PREFIX}days", None)


def show_filters(chosen: CampaignFilter, counts: CampaignCounts) -> None:
    both = st.container(gap="xsmall")
    first = both.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", gap="small")
    with first:
        _choose_group(chosen, counts)
        _choose_channels(chosen, counts)
    with both.container(horizontal=True, vertical_alignment="center", gap="small", key="campaigns_filters"):
        _seed("search", chosen.text)
        st.text_input(
            "Search",
            key=f"{PREFIX}search",
            placeholder="Name, segment or tag",
            icon=":material/search:",
            label_visibility="collapsed",
            max_chars=MAX_TEXT,
            on_change=_follow,
            args=("search", str.strip),
        )
        _choose_days()
        _choose("owner", "Any owner", counts.owners, chosen.owner)
        _choose("tag", "Any tag", counts.tags, chosen.tag)


def _choose_group(chosen: CampaignFilter, counts: CampaignCounts) -> None:
    _seed("state", chosen.group)
    groups = [
        group for group in GROUPS if group is not StateGroup.ARCHIVED or counts.groups[group] or group is chosen.group
    ]
    st.segmented_control(
        "State",
        groups,
        required=True,
        format_func=lambda group: f"{GROUPS[group]} :gray[{number(counts.groups[group])}]",
        key=f"{PREFIX}state",
        label_visibility="collapsed",
        wrap=True,
        on_change=_follow,
        args=("state", lambda group: None if group is StateGroup.ALL else str(group)),
    )


def _choose_channels(chosen: CampaignFilter, counts: CampaignCounts) -> None:
    _seed("channel", list(chosen.channels))
    used = [name for name in CHANNELS if counts.channels.get(name) or name in chosen.channels]
    if len(used) < 2 and not chosen.channels:
        return
    st.pills(
        "Channel",
        used,
        selection_mode="multi",
        format_func=lambda name: (
            f":material/{CHANNELS[name].icon}: {CHANNELS.label(name)} :gray[{number(counts.channels.get(name, 0))}]"
        ),
        key=f"{PREFIX}channel",
        label_visibility="collapsed",
        wrap=True,
        on_change=_follow,
        args=("channel", list),
    )


def _choose(name: str, nobody: str, options: tuple[str, ...] | list[str] | Any, chosen: str | None) -> None:
    """One of ``options``, or none of them."""
    _seed(name, chosen)
    shown = [*options, *([chosen] if chosen and chosen not in options else [])]
    st.selectbox(
        name.capitalize(),
        shown,
        index=None,
        placeholder=nobody,
        key=f"{PREFIX}{name}",
        label_visibility="collapsed",
        on_change=_follow,
        args=(name, lambda value: value),
        width=150,
    )


def _choose_days() -> None:
    """From a day on, or from one day to another."""
    found = [_day(st.query_params.get(name)) for name in ("from", "to")]
    days: Any = tuple(day for day in found if day) if found[0] else ()
    st.date_input(
        "Days",
        value=days,
        key=f"{PREFIX}days",
        format="YYYY-MM-DD",
        label_visibility="collapsed",
        on_change=_follow_days,
        width=250,
    )


def _follow(name: str, to_text: Callable[[Any], Any]) -> None:
    put(name, to_text(st.session_state[f"{PREFIX}{name}"]))


def _follow_days() -> None:
    days = st.session_state[f"{PREFIX}days"]
    first, last = (*days, None, None)[:2] if isinstance(days, tuple) else (days, None)
    put("from", first.isoformat() if first else None)
    put("to", last.isoformat() if last else None)


def _seed(name: str, value: Any) -> None:
    """The control shows what the address says when the page is opened."""
    st.session_state.setdefault(f"{PREFIX}{name}", value)


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


def filter_words(chosen: CampaignFilter) -> str:
    """What was asked for, where nothing fits."""
    parts: Mapping[str, str | None] = {
        "“{}”": chosen.text or None,
        "by {}": chosen.owner,
        "with the tag {}": chosen.tag,
        "over {}": ", ".join(map(CHANNELS.label, chosen.channels)) or None,
        "among {}": None if chosen.group is StateGroup.ALL else GROUPS[chosen.group].lower(),
        "in these days": "x" if chosen.start or chosen.end else None,
    }
    return literal(" ".join(words.format(value) for words, value in parts.items() if value))
