"""Customers chosen one by one: found by a search, pasted, or listed in a file."""

from collections.abc import Iterable, Sequence
from typing import Final

import streamlit as st

from crm_core.errors import CrmError
from crm_core.rules.tree import MAX_LIST, ListRule
from pages._ui import queries
from pages._ui.csv_rows import read_rows
from pages._ui.deps import actor, services
from pages._ui.formats import literal, number
from pages._ui.guard import show_error
from pages.wizard.draft import Draft, audience, save

FOUND_AT_ONCE: Final = 20
NAMED: Final = 10
"""Of what nobody has, so many are named."""
HEADS: Final = ("id", "customer_id", "customer id", "email", "e-mail", "email address")
NOTE: Final = "wizard_picked_note"


def pick_customers(draft: Draft) -> None:
    rule = draft.rule
    ids = list(rule.customer_ids) if isinstance(rule, ListRule) and not draft["segment_id"] else []
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(f"**{number(len(ids))}** chosen, of at most {number(MAX_LIST)}.", width="content")
        if ids:
            st.button("Choose none", type="tertiary", on_click=save, args=(audience(),), key=draft.key("pick_none"))
    if ids:
        more = f" and {number(len(ids) - NAMED)} more" if len(ids) > NAMED else ""
        st.caption(literal(", ".join(ids[:NAMED])) + more)
    _search(draft, ids)
    pasted = st.text_area(
        "Paste customer ids or e-mail addresses",
        key=draft.key("pick_pasted"),
        height=90,
        placeholder="One a line, or with commas between",
    )
    if st.button("Add these", key=draft.key("pick_add"), disabled=not pasted.strip()):
        _add(draft, ids, pasted.replace(",", "\n").replace(";", "\n").splitlines())
    file = st.file_uploader("Or a file with a column of them", type=["csv", "txt"], key=draft.key("pick_file"))
    if file and st.button("Add those of the file", key=draft.key("pick_add_file")):
        _add(draft, ids, _listed(file.getvalue()))
    if note := st.session_state.pop(NOTE, None):
        st.info(note, icon=":material/person_search:")


def _search(draft: Draft, ids: Sequence[str]) -> None:
    text = st.text_input("Find a customer", placeholder="Name, e-mail, phone or id", key=draft.key("pick_search"))
    if not text.strip():
        return
    try:
        found = queries.find_customers(text, FOUND_AT_ONCE)
    except CrmError as exc:
        show_error(exc)
        return
    chosen = st.pills(
        "Add", [each for each in found if each not in ids], format_func=found.__getitem__, key=draft.key("pick_found")
    )
    if not found:
        st.caption("Nobody fits.")
    if chosen:
        _store(draft, [*ids, chosen])


def _add(draft: Draft, ids: Sequence[str], given: Iterable[str]) -> None:
    wanted = list(dict.fromkeys(each.strip() for each in given if each.strip()))
    known = services().customer_search.identify(wanted, actor=actor())
    unknown = [each for each in wanted if each not in known]
    named_ids = list(dict.fromkeys(customer_id for found in known.values() for customer_id in found))
    added = list(dict.fromkeys([*ids, *named_ids]))
    words = [f"{number(len(added) - len(ids))} added."]
    if twice := len(named_ids) - len(added) + len(ids):
        words.append(f"{number(twice)} were chosen already.")
    if unknown:
        named = ", ".join(f"“{literal(each)}”" for each in unknown[:NAMED])
        words.append(f"Nobody has {number(len(unknown))} of them: {named}{' …' if len(unknown) > NAMED else ''}.")
    st.session_state[NOTE] = " ".join(words)
    _store(draft, added)


def _store(draft: Draft, ids: Sequence[str]) -> None:
    save(audience(ids=ids))
    st.rerun()


def _listed(data: bytes) -> list[str]:
    """The cells of the column that is named as one of ids or of addresses; of a file without such a head its first."""
    rows = read_rows(data)
    head = [cell.strip().lower() for cell in rows[0]] if rows else []
    place = next((head.index(name) for name in HEADS if name in head), None)
    if place is None:
        return [row[0] for row in rows]
    return [row[place] for row in rows[1:] if len(row) > place]
