"""Whom a campaign goes to: a saved segment, or the rule that a link from the builder names."""

from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st

from crm_core.audience.model import Segment
from crm_core.audience.preview import Preview
from crm_core.errors import InvalidInput, NotFound
from crm_core.rules.loading import load_rule
from crm_core.rules.tree import AnyRule
from pages._ui import queries
from pages._ui.deps import services
from pages._ui.formats import literal
from pages._ui.links import go_to, link_to
from pages._ui.rule_words import rule_words
from pages._ui.widgets import empty_state

BOARD = "board"
"""The query parameter with the id of a rule that is not saved."""


@dataclass(frozen=True)
class Chosen:
    """segment: None for a rule of the campaign's own. result: None when the rule cannot be evaluated."""

    rule: AnyRule
    segment: Segment | None
    result: Preview | None

    @property
    def lack(self) -> str | None:
        """What is still needed for a launch."""
        noun = "a segment" if self.segment else "an audience"
        if self.result is None:
            return f"{noun} that can be evaluated"
        return None if self.result.count else f"{noun} that has customers"


def choose_audience() -> Chosen | None:
    """The card's content: what is chosen, in words, and how to choose something else."""
    shared = _shared_rule()
    segment = None if shared else _choose_segment()
    rule = shared or (load_rule(segment["rule"]) if segment else None)
    if rule is None:
        return None
    result = _evaluate(rule)
    if shared:
        _offer_other_ways()
    return Chosen(rule, segment, result)


def _shared_rule() -> AnyRule | None:
    wanted = st.query_params.get(BOARD)
    if wanted is None:
        return None
    try:
        return services().shared_rules.get(wanted)
    except NotFound as exc:
        st.warning(f"{literal(str(exc))} Choose a segment, or build the audience again.", icon=":material/link_off:")
        return None


def _choose_segment() -> Segment | None:
    names = services().segments.names()
    wanted = _linked_segment(names)
    if not names:
        with empty_state("groups", "No segment yet", "A campaign goes to a segment. Build one first."):
            if st.button("Build an audience", icon=":material/filter_alt:", type="primary"):
                go_to("audience_builder")
        return None
    ids = list(names)
    picked = st.selectbox(
        "Segment",
        ids,
        ids.index(wanted) if wanted else None,
        format_func=names.__getitem__,
        key="new_campaign_segment",
        placeholder="Choose a segment",
    )
    return services().segments.get(picked) if picked else None


def _linked_segment(names: Mapping[str, str]) -> str | None:
    """The segment that the page was opened with, if it is still there."""
    wanted = st.query_params.get("segment")
    if wanted and wanted not in names:
        reason = f"There is no segment with the id {wanted!r}. It may have been removed."
        st.warning(literal(reason), icon=":material/search_off:")
        return None
    return wanted


def _evaluate(rule: AnyRule) -> Preview | None:
    """How many match now, or the reason why nobody can say; the rest of the page goes on."""
    try:
        result = queries.preview(rule)
    except InvalidInput as exc:
        st.error(f"The rules cannot be evaluated: {literal(str(exc))}", icon=":material/error:")
        return None
    st.caption(rule_words(rule))
    return result


def _offer_other_ways() -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        link_to("audience_builder", "Back to the builder", ":material/filter_alt:", board=st.query_params[BOARD])
        st.button(
            "Take a saved segment instead",
            icon=":material/groups:",
            type="tertiary",
            key="new_campaign_to_segment",
            on_click=_forget_shared,
        )


def _forget_shared() -> None:
    st.query_params.pop(BOARD, None)
