"""Segments: the saved rules, each with its exact size."""

import streamlit as st

from crm_core.infra.mongo import Doc
from crm_core.rules.tree import load_rule
from pages._ui.deps import services
from pages._ui.formats import literal, number
from pages._ui.links import go_to
from pages._ui.rule_words import rule_words
from pages._ui.widgets import empty_state, page_header, time_caption

PER_PAGE = 10
SORTS = {"updated_at": "Newest", "count": "Largest", "name": "Name"}


def show_segment(segment: Doc) -> None:
    segment_id = segment["_id"]
    with st.container(border=True):
        words, size = st.columns([5, 1], vertical_alignment="center")
        with words:
            st.markdown(f"**{literal(segment['name'])}**")
            st.caption(rule_words(load_rule(segment["rule"])))
            time_caption("Counted", segment["counted_at"], services().clock())
        size.metric("Customers", number(segment["count"]))
        with st.container(horizontal=True, gap="small"):
            if st.button("Use in campaign", key=f"segments_use_{segment_id}", icon=":material/arrow_forward:"):
                go_to("new_campaign", segment=segment_id)
            if st.button("Open in builder", key=f"segments_open_{segment_id}", icon=":material/filter_alt:"):
                st.session_state.pop("builder_opened", None)  # as it is saved, also when it was changed there
                go_to("audience_builder", segment=segment_id)
            if st.button("Count again", key=f"segments_count_{segment_id}", icon=":material/refresh:", type="tertiary"):
                services().segments.recount(segment_id)
                st.rerun()


with page_header("Segments", "Saved audiences. Each is counted anew when a campaign is launched to it."):
    if st.button("New segment", type="primary", icon=":material/add:"):
        go_to("audience_builder")
controls = st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute")
search = controls.text_input("Search", key="segments_search", placeholder="Part of the name", width=320)
sort = controls.segmented_control(
    "Sort by", list(SORTS), default="updated_at", required=True, format_func=SORTS.__getitem__, key="segments_sort"
)
place = st.container()
found = services().segments.search(search, sort=sort or "updated_at", skip=0, limit=0)[1]
pages = max(1, -(-found // PER_PAGE))
number_of_page = st.pagination(pages, key="segments_page") if pages > 1 else 1
segments, _ = services().segments.search(
    search, sort=sort or "updated_at", skip=(number_of_page - 1) * PER_PAGE, limit=PER_PAGE
)
with place:
    for segment in segments:
        show_segment(segment)
    if not segments and search:
        st.caption(f"No segment has “{literal(search)}” in its name.")
    elif not segments:
        with empty_state(
            "groups", "No segment yet", "A segment is a rule with a name, such as “loyal customers in Pune”."
        ):
            if st.button("Build an audience", icon=":material/filter_alt:", key="segments_build"):
                go_to("audience_builder")
