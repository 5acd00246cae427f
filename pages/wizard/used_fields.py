"""What a message uses of a customer: what it says where a field is empty, and for how many that is so."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from crm_core.campaigns.drafting.message_fields import AttributeTypes, MessageField
from crm_core.campaigns.drafting.template import used_fields
from crm_core.errors import InvalidInput
from crm_core.rules.tree import AnyRule, FieldRule, GroupRule
from pages._ui import queries
from pages._ui.formats import number

_FALLBACK = re.compile(r"\{\{-?\s*([\w.]+)[^}]*?\|\s*default:\s*(?:\"([^\"]*)\"|'([^']*)')")


@dataclass(frozen=True)
class UsedField:
    """says: what stands in its place when it is empty, of each text that uses it. empty: customers; None: not known."""

    label: str
    says: Sequence[str]
    empty: int | None


def find_used(texts: Iterable[str | None], rule: AnyRule | None, attributes: AttributeTypes) -> list[UsedField]:
    written = [text for text in texts if text]
    fields = {field for text in written for field in used_fields(text, attributes)}
    return [
        UsedField(field.label, _fallbacks(field, written), _count_empty(field, rule))
        for field in sorted(fields, key=lambda field: field.label)
    ]


def show_used(used: Sequence[UsedField], audience: int) -> None:
    """audience: how many it was counted for."""
    if not used:
        return
    rows = [
        {
            "Field used": field.label,
            "If empty, it says": " · ".join(f"“{each}”" if each else "nothing" for each in field.says) or "nothing",
            "Empty for": "not counted" if field.empty is None else f"{number(field.empty)} of {number(audience)}",
        }
        for field in used
    ]
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        column_config={"Empty for": st.column_config.TextColumn(alignment="right")},
    )


def _fallbacks(field: MessageField, texts: Sequence[str]) -> list[str]:
    found = [
        double or single for text in texts for path, double, single in _FALLBACK.findall(text) if path == field.path
    ]
    return list(dict.fromkeys(found))


def _count_empty(field: MessageField, rule: AnyRule | None) -> int | None:
    """A first name can be found in the name."""
    if rule is None:
        return None
    names = ("first_name", "name") if field.name == "first_name" else (field.name,)
    empty = tuple(FieldRule(field=name, op="is_not_set") for name in names)
    try:
        return queries.preview(GroupRule(kind="all", rules=(rule, *empty))).count
    except InvalidInput:  # a field of messages that rules do not know
        return None
