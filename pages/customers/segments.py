"""The segments that a customer is in or not, each with why."""

from collections.abc import Mapping
from operator import itemgetter
from typing import Final

import streamlit as st

from crm_core.audience.model import Segment
from crm_core.customers.model import Customer
from crm_core.errors import InvalidInput
from crm_core.rules.engines.explaining import Explanation
from crm_core.rules.loading import load_rule
from pages._ui.deps import actor, services
from pages._ui.explanation import draw_explanation, verdict_badge, why
from pages._ui.formats import literal, number
from pages._ui.links import go_to, link_to
from pages._ui.widgets import empty_state, tinted_badge

MOST: Final = 50
Told = Mapping[str, Explanation | InvalidInput]


def show_segments(customer: Customer) -> None:
    names = dict(sorted(services().segments.names().items(), key=itemgetter(1)))
    if not names:
        with empty_state(
            "groups", "No segment yet", "A segment is a rule with a name; here you will see who is in it."
        ):
            if st.button("Build an audience", icon=":material/filter_alt:"):
                go_to("audience_builder")
        return
    shown, is_chosen = _choose(names)
    rules = {each["_id"]: load_rule(each["rule"]) for each in shown}
    told = services().memberships.explain_all(customer["id"], rules, actor=actor())
    as_of = services().clock()
    for segment in sorted(shown, key=lambda each: _rank(told[each["_id"]])):
        _show_segment(segment, told[segment["_id"]], customer, is_open=is_chosen)
    st.caption(f"{_count_words(told, len(names))} Evaluated at {as_of:%H:%M:%S} UTC.")


def _choose(names: Mapping[str, str]) -> tuple[list[Segment], bool]:
    """The one that was chosen, or the first ones by name. names: by id."""
    chosen = st.selectbox(
        "Segment", list(names), index=None, format_func=names.__getitem__, key="customer_segment",
        placeholder="All segments, or choose one",
    )  # fmt: skip
    if chosen is None:
        return services().segments.search("", sort="name", skip=0, limit=MOST), False
    return [services().segments.get(chosen)], True


def _rank(told: Explanation | InvalidInput) -> int:
    if isinstance(told, InvalidInput):
        return 2
    return 0 if told.matches else 1


def _show_segment(segment: Segment, told: Explanation | InvalidInput, customer: Customer, *, is_open: bool) -> None:
    segment_id, name = segment["_id"], literal(segment["name"])
    if isinstance(told, InvalidInput):
        badge = tinted_badge("orange", "error", "cannot be evaluated")
        with st.expander(f"{badge} {name}", expanded=is_open, key=f"customer_segment_{segment_id}"):
            st.warning(literal(str(told)), icon=":material/error:")
        return
    reason = literal(why(told, customer))
    badge = verdict_badge(is_match=told.matches, words=("in", "not in"))
    label = f"{badge} **{name}**" + (f" · {reason}" if reason else "")
    with st.expander(label, expanded=is_open, key=f"customer_segment_{segment_id}_{is_open}", on_change="rerun") as row:
        if row.open:
            draw_explanation(told, customer, key=segment_id)
            link_to("audience_builder", "Open in builder", icon=":material/filter_alt:", segment=segment_id)


def _count_words(told: Told, all_segments: int) -> str:
    ticked = sum(isinstance(each, Explanation) and each.matches for each in told.values())
    words = f"In {number(ticked)} of {number(len(told))} segment{'s' * (len(told) != 1)}."
    is_cut = len(told) == MOST < all_segments
    return (
        f"{words} These are the first {MOST} of {number(all_segments)} by name; choose any above." if is_cut else words
    )
