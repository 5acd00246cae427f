"""The parts of conditions that name a segment, or customers one by one."""

import re
from collections.abc import Sequence
from functools import partial

import streamlit as st

from crm_core.errors import CrmError, InvalidInput
from crm_core.rules.tree import MAX_ID, MAX_LIST
from pages._ui import queries
from pages._ui.formats import literal, number
from pages.builder.board.reading import Reading
from pages.builder.board.session import act, opened_now
from pages.builder.board.tree import Condition, Draft
from pages.builder.board.words import Words, count_of
from pages.builder.widgets import choice_field, commit, hold, key_of

MAX_FOUND = 20
MIN_LETTERS = 2


def edit_segment(condition: Condition, words: Words) -> None:
    """One of the saved segments by name; not the one that is open."""
    own = opened_now().segment
    offered = [segment_id for segment_id in words.segments if own is None or segment_id != own.id]
    key = key_of(condition.id, "segment_id")
    choice_field(
        "Customers of the segment",
        key,
        condition.draft.get("segment_id"),
        offered,
        partial(commit, condition.id, key, lambda segment_id: {"segment_id": segment_id}),
        format_func=lambda segment_id: words.segments.get(segment_id, "a segment that is not in the list"),
        placeholder="Choose a segment" if offered else "No other segment is saved yet",
    )
    st.caption("Evaluated anew with the segment's rules whenever this audience is counted.")


def edit_list(condition: Condition, reading: Reading) -> None:
    """Find customers and add them, or type and paste ids."""
    ids: Sequence[str] = condition.draft.get("customer_ids") or ()
    _find_customers(condition, reading)
    key = key_of(condition.id, "customer_ids")
    st.text_area(
        "Customer ids",
        hold(key, "\n".join(ids)),
        key=key,
        on_change=commit,
        args=(condition.id, key, read_ids),
        height=120,
        placeholder="one on each line, or with commas between them",
        help=f"At most {number(MAX_LIST)}. An id that no customer has counts nobody.",
    )
    if ids:
        known = reading.ask(partial(queries.known_customers, tuple(ids)), None)
        st.caption(count_of(len(ids), "id") + ("." if known is None else f", {number(known)} of them known."))


def read_ids(text: str | None) -> Draft:
    """Ids apart by lines or commas, each once. Raises InvalidInput for too many, or one that is too long."""
    ids = list(dict.fromkeys(part.strip() for part in re.split(r"[\n,;]", text or "") if part.strip()))
    if len(ids) > MAX_LIST:
        raise InvalidInput(f"A rule can name {number(MAX_LIST)} customers; these are {number(len(ids))}.")
    if too_long := next((each for each in ids if len(each) > MAX_ID), None):
        raise InvalidInput(f"“{too_long[:30]}…” is no customer id: they have at most {MAX_ID} characters.")
    return {"customer_ids": ids or None}


def _find_customers(condition: Condition, reading: Reading) -> None:
    left, right = st.columns(2, gap="small", vertical_alignment="bottom")
    text = left.text_input("Find customers", key=key_of(condition.id, "find"), placeholder="name, e-mail, phone or id")
    found: dict[str, str] = {}
    if len(text.strip()) >= MIN_LETTERS:
        try:
            found = reading.ask(partial(queries.find_customers, text.strip(), MAX_FOUND), found)
        except CrmError as exc:
            st.caption(literal(str(exc)))
    key = key_of(condition.id, "found")
    right.selectbox(
        "Add a customer",
        list(found),
        None,
        format_func=lambda customer_id: found.get(customer_id, customer_id),
        key=key,
        on_change=_add_customer,
        args=(condition.id, key),
        placeholder=f"{len(found)} found" if found else "search first",
        disabled=not found,
    )


def _add_customer(condition_id: int, key: str) -> None:
    picked = st.session_state[key]
    st.session_state[key] = None
    if not picked:
        return

    def held(draft: Draft) -> list[str]:
        return [*dict.fromkeys([*(draft.get("customer_ids") or ()), picked])]

    act(lambda board: board.with_draft(condition_id, {"customer_ids": held(board.condition(condition_id).draft)}))
