"""Small pieces that several pages share: header, status badge, empty state, time with its exact UTC."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages._ui.formats import literal, relative_time, utc_exact

CARD_PX: Final = 150
"""Least width of a metric card: four side by side on a desk, two on a phone."""

# Campaign state: colour and icon of its badge, and the message state whose colour its icon has in a table. The word is
# always there, so nothing hangs on colour alone.
CAMPAIGN_STATES: Final[Mapping[str, tuple[str, str, str]]] = MappingProxyType(
    {
        "draft": ("gray", "edit_note", "pending"),
        "scheduled": ("violet", "schedule", "held_out"),
        "preparing": ("blue", "hourglass_top", "sent"),
        "sending": ("blue", "bolt", "sent"),
        "paused": ("orange", "pause_circle", "clicked"),
        "completed": ("green", "check_circle", "opened"),
        "cancelled": ("gray", "block", "pending"),
        "failed": ("red", "error", "failed"),
    }
)


def status_badge(state: str) -> str:
    """Markdown badge of a campaign state, icon and word; for wherever Markdown goes (not in a dataframe)."""
    tint, icon, _ = CAMPAIGN_STATES.get(state, ("gray", "help", ""))
    return tinted_badge(tint, icon, state)


def tinted_badge(tint: str, icon: str, word: str) -> str:
    """Markdown badge. tint: one of Streamlit's colours. icon: name of a Material symbol. The word says it all."""
    return f":{tint}-badge[:material/{icon}: {literal(word)}]"


def page_header(title: str, caption: str | None = None) -> DeltaGenerator:
    """Title with an optional line below it; returns the place for buttons, right of it (below on a phone).

    ``with page_header("Campaigns", "Newest first"): st.button("New campaign", type="primary")``
    """
    row = st.container(
        key="page_header",
        horizontal=True,
        horizontal_alignment="distribute",
        vertical_alignment="center",
    )
    with row.container(width="content", gap=None):
        st.title(literal(title), anchor=False, width="content")
        if caption:
            st.caption(caption, width="content")
    return row.container(horizontal=True, width="content", vertical_alignment="center", gap="xsmall")


def pick_section(page: str, labels: Mapping[str, str]) -> str:
    """The section of a page that is shown, by its name, which is in the link; without one there, the first.

    A link that leads to another one is followed on the page itself, too.
    """
    first, key, written = next(iter(labels)), f"{page}_section", f"{page}_section_written"
    linked = st.query_params.get("section")
    if key not in st.session_state or linked != st.session_state.get(written):
        st.session_state[key] = linked if linked in labels else first
    chosen = st.segmented_control(
        "Section",
        list(labels),
        required=True,
        format_func=labels.__getitem__,
        key=key,
        label_visibility="collapsed",
        wrap=True,
    )
    section = chosen or first
    st.query_params["section"] = st.session_state[written] = section
    return section


def noted_metric(place: DeltaGenerator, label: str, value: str, note: str) -> None:
    """A figure with a grey line below it that is no change, such as its share."""
    place.metric(label, value, note, delta_color="off", delta_arrow="off")


def empty_state(icon: str, title: str, text: str) -> DeltaGenerator:
    """What to see where there is nothing yet; returns the place for the button of the next step.

    icon: name of a Material symbol, such as "campaign".
    """
    with st.container(key="empty_state", border=True, horizontal_alignment="center", gap="xsmall"):
        st.markdown(f":gray[:material/{icon}:]", text_alignment="center")
        st.markdown(f"**{literal(title)}**", text_alignment="center")
        st.caption(text, text_alignment="center")
        return st.container(horizontal=True, horizontal_alignment="center", gap="xsmall")


def time_caption(prefix: str, then: datetime, now: datetime) -> None:
    """A small line such as "Updated 3 minutes ago", with the exact UTC time on hover and focus."""
    st.caption(f"{prefix} {relative_time(then, now)}", help=utc_exact(then), width="content")


def place_in(options: Sequence[Any], value: Any) -> int | None:
    """Where it is among the options of a list, None if nowhere."""
    return options.index(value) if value in options else None
