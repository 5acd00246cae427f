"""What a link or another page wants on the board; over unsaved changes it is asked for first."""

from dataclasses import dataclass
from typing import Final, Literal

import streamlit as st

from crm_core.errors import NotFound
from pages._ui.deps import services
from pages._ui.guard import show_way_back
from pages._ui.links import go_to
from pages.builder.board.session import forget_changes, is_unsaved, open_segment, open_shared, opened_now, start_anew

WANTED: Final = "builder_wanted"
Kind = Literal["segment", "board", "new"]


@dataclass(frozen=True)
class Wanted:
    """What is to be put on the board: a segment or a shared rule by its id, or nothing at all."""

    kind: Kind
    id: str = ""


def open_in_builder(kind: Kind, wanted_id: str = "") -> None:
    """From another page: go to the builder with it, also when it was opened before and changed since."""
    st.session_state[WANTED] = Wanted(kind, wanted_id)
    go_to("audience_builder", **({} if kind == "new" else {kind: wanted_id}))


def is_asking() -> bool:
    """Whether something is still to be put on the board."""
    return WANTED in st.session_state


def follow_link() -> None:
    """Put on the board what is wanted, or ask. Raises Unavailable."""
    wanted = _wanted()
    if wanted is None:
        return
    st.session_state[WANTED] = wanted  # until it is answered, or the database answers
    if is_unsaved():
        _ask(wanted)
    else:
        _open(wanted)


def _wanted() -> Wanted | None:
    explicit: Wanted | None = st.session_state.get(WANTED)
    if explicit:
        return explicit
    if "segment" in st.query_params:
        wanted = Wanted("segment", st.query_params["segment"])
    elif "board" in st.query_params:
        wanted = Wanted("board", st.query_params["board"])
    else:
        return None
    return None if wanted == _open_now() else wanted


def _open_now() -> Wanted:
    opened = opened_now()
    if opened.segment:
        return Wanted("segment", opened.segment.id)
    return Wanted("board", opened.shared) if opened.shared else Wanted("new")


def _open(wanted: Wanted) -> None:
    try:
        if wanted.kind == "segment":
            open_segment(services().segments.get(wanted.id))
        elif wanted.kind == "board":
            open_shared(wanted.id, services().shared_rules.get(wanted.id))
        else:
            start_anew()
    except NotFound:  # the board stays as it is
        noun = "segment" if wanted.kind == "segment" else "shared audience"
        show_way_back(noun, wanted.id, "segments", "All segments")
    st.session_state.pop(WANTED)


def _ask(wanted: Wanted) -> None:
    what = {"segment": "the segment", "board": "the shared rules", "new": "an empty board"}[wanted.kind]
    with st.container(border=True, key="builder_question"):
        st.markdown(f":material/help: **Your board has unsaved changes.** Discard them and open {what}?")
        with st.container(horizontal=True):
            st.button("Discard and open", type="primary", on_click=_discard, args=(wanted,))
            st.button("Keep my board", on_click=_keep)


def _discard(wanted: Wanted) -> None:
    """The discarded board can be had back by undo."""
    forget_changes()
    st.session_state[WANTED] = wanted


def _keep() -> None:
    st.session_state.pop(WANTED, None)
    show_in_link()


def show_in_link() -> None:
    """The address of the page names what is open, so that it can be sent or loaded again."""
    opened = _open_now()
    wanted: dict[str, str] = {} if opened.kind == "new" else {opened.kind: opened.id}
    if st.query_params.to_dict() != wanted:
        st.query_params.from_dict(wanted)
