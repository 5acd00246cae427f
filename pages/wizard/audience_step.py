"""First step: whom it goes to, whom it leaves out, and how many of them can be reached."""

from typing import Final

import streamlit as st

from crm_core.campaigns.drafting.options import MAX_RECENT_DAYS
from crm_core.channels.registry import CHANNELS
from crm_core.rules.tree import ListRule
from pages._ui.channels import reason_words
from pages._ui.charts import show_chart
from pages._ui.deps import actor, services
from pages._ui.formats import number, percent
from pages._ui.guard import show_error
from pages._ui.links import go_to
from pages._ui.rule_words import rule_words
from pages._ui.tables import customer_table
from pages._ui.waterfall import Bar, height_of, waterfall
from pages._ui.widgets import empty_state, noted_metric
from pages.wizard.draft import Draft, audience
from pages.wizard.picked_customers import pick_customers
from pages.wizard.reach import Reach

KINDS: Final = {"segment": "Saved segment", "rule": "Rules", "customers": "Chosen customers"}
MAX_NAME: Final = 100


def show_audience_step(draft: Draft, reach: Reach) -> None:
    left, right = st.columns([3, 2], gap="medium")
    with left:
        with st.container(border=True):
            _name(draft)
            _choose(draft)
            if reach.error:
                show_error(reach.error)
            elif reach.rule is not None and draft.rule is not None:
                st.caption(rule_words(draft.rule))
        with st.container(border=True):
            st.subheader("Leave out", anchor=False)
            _exclusions(draft)
    with right:
        _show_reach(draft, reach)


def _name(draft: Draft) -> None:
    st.text_input(
        "Campaign name",
        max_chars=MAX_NAME,
        placeholder="such as Spring thank-you",
        **draft.bind("name", "" if draft.is_unnamed else draft["name"], lambda name: {"name": name}),
    )


def _choose(draft: Draft) -> None:
    key = draft.key("audience_kind")
    st.session_state.setdefault(key, _kind_of(draft))
    kind = st.segmented_control("Audience", list(KINDS), required=True, format_func=KINDS.__getitem__, key=key)
    match kind:
        case "rule":
            _choose_rule(draft)
        case "customers":
            pick_customers(draft)
        case _:
            _choose_segment(draft)


def _kind_of(draft: Draft) -> str:
    if draft["segment_id"] or draft.rule is None:
        return "segment"
    return "customers" if isinstance(draft.rule, ListRule) else "rule"


def _choose_segment(draft: Draft) -> None:
    names = services().segments.names()
    if not names:
        with empty_state("groups", "No segment yet", "Build an audience, or choose customers one by one."):
            if st.button("Build an audience", icon=":material/filter_alt:", type="primary"):
                go_to("audience_builder")
        return
    chosen = draft["segment_id"] if draft["segment_id"] in names else None
    st.selectbox(
        "Segment",
        list(names),
        format_func=names.__getitem__,
        placeholder="Choose a segment",
        **draft.bind("segment_id", chosen, lambda segment_id: audience(segment_id=segment_id), options=list(names)),
    )


def _choose_rule(draft: Draft) -> None:
    rule = draft.rule
    if rule is None or draft["segment_id"] or isinstance(rule, ListRule):
        st.caption("Build them, then continue to a campaign there: they come back here, also without being saved.")
        if st.button("Open the builder", icon=":material/filter_alt:", key=draft.key("to_builder")):
            draft.opened.awaits_rule = True
            go_to("audience_builder")
        return
    if st.button("Change these rules in the builder", icon=":material/filter_alt:", key=draft.key("to_builder")):
        draft.opened.awaits_rule = True
        go_to("audience_builder", board=services().shared_rules.share(rule, actor=actor()))


def _exclusions(draft: Draft) -> None:
    names = services().segments.names()
    kept = [each for each in draft.excluded if each in names]
    st.multiselect(
        "Customers of these segments",
        list(names),
        format_func=names.__getitem__,
        placeholder="None" if names else "There is no segment yet",
        disabled=not names,
        **draft.bind("exclude_segment_ids", kept, lambda ids: {"exclude_segment_ids": ids}, default="default"),
    )
    st.number_input(
        "Recipients of any campaign in the last … days",
        min_value=1,
        max_value=MAX_RECENT_DAYS,
        placeholder="Nobody is left out for this",
        value=None,
        **draft.bind(
            "exclude_recent_days",
            draft["exclude_recent_days"],
            lambda days: {"exclude_recent_days": days},
            default=None,
        ),
    )


def _show_reach(draft: Draft, reach: Reach) -> None:
    result = reach.result
    with st.container(border=True):
        if result is None:
            st.markdown("**Reach**")
            st.caption("Choose an audience to see how many it reaches, and who of them gets no message.")
            return
        matched, messaged = st.columns(2)
        share = f"{percent(reach.matched, result.total)} of {number(result.total)}"
        noted_metric(matched, "Match now", number(reach.matched), share)
        over = reach.over(draft.channel.name)
        if over is None:
            st.caption("They are counted in the database: how many can be reached is counted in the review.")
            return
        noted_metric(messaged, "Will be messaged", number(over.count), f"over {CHANNELS.label(draft.channel.name)}")
        bars = [Bar("Match now", reach.matched)]
        left = reach.matched
        lost = {"In an excluded segment": reach.excluded, **{reason_words(why): n for why, n in over.reasons.items()}}
        for label, count in lost.items():
            if count:
                left -= count
                bars.append(Bar(label, left, -count))
        bars.append(Bar("Will be messaged", over.count))
        words = f"{number(over.count)} of {number(reach.matched)} will be messaged over {draft.channel.label}."
        show_chart(waterfall(bars), key="wizard_reach", summary=words, height=height_of(len(bars)))
        st.caption(f"Exact as of {result.as_of:%H:%M:%S} UTC. Counted once more at launch.")
    if result.sample:
        with st.container(border=True):
            st.markdown("**Some of them**")
            currency = services().workspace.current().currency
            customer_table(result.sample[:3], currency, key="wizard_sample")
