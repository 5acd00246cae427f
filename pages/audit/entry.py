"""One audit entry with all that it says."""

import json
from typing import Any

import pandas as pd
import streamlit as st

from crm_core.access.audit import is_change
from crm_core.access.audit_reading import AuditEntry
from crm_core.errors import InvalidInput
from crm_core.rules.loading import load_rule
from pages._ui.deps import actor, services
from pages._ui.formats import literal, number, utc_exact
from pages._ui.guard import errors_in_words
from pages._ui.rule_words import rule_words
from pages.audit.words import action_words, value_words


@st.dialog("Audit entry", icon=":material/history:", width="medium", on_dismiss="rerun")
def entry_dialog(entry_id: str) -> None:
    with errors_in_words():
        entry = services().audit_reader.get(entry_id, actor=actor())
        st.subheader(action_words(entry.action), anchor=False)
        facts = pd.DataFrame(_facts(entry), columns=["", "value"])
        st.table(facts, border="horizontal", hide_index=True, hide_header=True, alt="Who, when, what, from where")
        _show_details(entry.details)


def _facts(entry: AuditEntry) -> list[tuple[str, str]]:
    who = f"{entry.actor} ({entry.actor_kind})"
    facts = [("When", utc_exact(entry.at)), ("Who", who), ("Action", entry.action), ("On", entry.target or "–")]
    if entry.origin:
        facts.append(("From", entry.origin))
    if entry.begun_at:
        facts.insert(0, ("Begun", utc_exact(entry.begun_at)))
    if entry.count:
        facts.append(("Times within the hour", number(entry.count)))
    return [(label, literal(value)) for label, value in facts]


def _show_details(details: dict[str, Any]) -> None:
    changed = {name: value for name, value in details.items() if is_change(value)}
    other = {name: value for name, value in details.items() if name not in changed}
    for name, value in other.items():
        st.markdown(f"**{literal(name.replace('_', ' ').capitalize())}**: {literal(value_words(value))}")
    for name, value in changed.items():
        st.markdown(f"**{literal(name.replace('_', ' ').capitalize())}**")
        before, after = st.columns(2)
        for place, label, end in ((before, "Before", "from"), (after, "After", "to")):
            with place:
                st.caption(label)
                _show_value(value[end])


def _show_value(value: Any) -> None:
    if isinstance(value, dict) and (words := _rule_words(value)):
        st.markdown(words)
    elif isinstance(value, dict | list) and value:
        st.code(json.dumps(value, indent=2, ensure_ascii=False, default=str), language="json", wrap_lines=True)
    else:
        st.markdown(literal(value_words(value)))


def _rule_words(value: dict[str, Any]) -> str | None:
    """None for what is no rule, or a rule whose customers are not kept here."""
    if "kind" not in value:
        return None
    try:
        return rule_words(load_rule(value))
    except InvalidInput:
        return None
