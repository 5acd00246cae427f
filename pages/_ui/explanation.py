"""Why a customer is in an audience or not: the rule as a tree, each condition with what the customer has and lacks."""

from collections.abc import Iterator
from typing import Final

import streamlit as st

from crm_core.customers.model import Customer
from crm_core.rules.bound import BoundGroup, BoundSegment
from crm_core.rules.engines.explaining import Explanation
from pages._ui import explanation_words
from pages._ui.branding import ASSETS
from pages._ui.deps import services
from pages._ui.explanation_words import ExplanationWords, spelling_of
from pages._ui.formats import literal
from pages._ui.widgets import tinted_badge

_GROUPS: Final = {"all": "**ALL** of these", "any": "**ANY** of these", "none": "**NONE** of these"}
_EMPTY: Final = {"all": "everyone", "any": "nobody", "none": "everyone"}


def draw_explanation(found: Explanation, record: Customer | None = None, *, key: str) -> None:
    """The tree. record: the customer, for texts as they were typed. key: distinguishes several on a page."""
    st.html(ASSETS / "explanation.css")
    with st.container(key=f"explanation_{key}"):
        st.markdown("\n".join(tree_lines(found, words_for(record))))


def why(found: Explanation, record: Customer | None = None) -> str:
    """One line of plain text: the values that make the customer match."""
    return explanation_words.why(found, words_for(record))


def words_for(record: Customer | None) -> ExplanationWords:
    settings = services().workspace.current()
    return ExplanationWords(settings.currency, services().clock(), spelling_of(record) if record else {}, settings.zone)


def verdict_badge(*, is_match: bool, words: tuple[str, str] = ("yes", "no")) -> str:
    """Icon, word and colour."""
    return tinted_badge("green", "check", words[0]) if is_match else tinted_badge("red", "close", words[1])


def tree_lines(found: Explanation, words: ExplanationWords, depth: int = 0) -> Iterator[str]:
    """A Markdown list, groups with their parts indented below them."""
    yield f"{'  ' * depth}- {verdict_badge(is_match=found.matches)} {_words(found, words)}"
    for child in found.children:
        yield from tree_lines(child, words, depth + 1)


def _words(found: Explanation, words: ExplanationWords) -> str:
    if isinstance(found.bound, BoundGroup):
        kind = found.bound.rule.kind
        return _GROUPS[kind] + ("" if found.children else f": empty, so {_EMPTY[kind]}")
    label, asked = (literal(text) for text in words.condition(found))
    if isinstance(found.bound, BoundSegment):
        return f"{label} **{asked}**"
    lacking = words.lacking(found)
    return f"**{label}** {asked} · {literal(words.actual(found))}" + (f" · **{literal(lacking)}**" if lacking else "")
