"""Segments: the saved rules, each with its exact size."""

import streamlit as st

from crm_core.audience.model import Segment
from crm_core.errors import CrmError
from crm_core.rules.loading import load_rule
from pages._ui.deps import actor, services
from pages._ui.exports import export_button, show_exports
from pages._ui.formats import literal, number
from pages._ui.guard import errors_in_words, show_error
from pages._ui.links import go_to
from pages._ui.lists import PER_PAGE, pick_page, search_and_choose
from pages._ui.rule_words import rule_words
from pages._ui.widgets import empty_state, page_header, time_caption
from pages.builder.links import open_in_builder

SORTS = {"updated_at": "Newest", "count": "Largest", "name": "Name"}


@st.dialog("Delete this segment?", icon=":material/delete:")
def delete_dialog(segment: Segment) -> None:
    st.markdown(f"**{literal(segment['name'])}** is removed from the list. No customer and no message is deleted.")
    st.caption("Campaigns that were launched to it keep their audience; drafts that name it need another one.")
    if not st.button("Delete segment", type="primary", key="segments_delete_confirm"):
        return
    try:
        services().segments.remove(segment["_id"], actor=actor())
    except CrmError as exc:
        show_error(exc)
        return
    st.session_state["segments_deleted"] = segment["name"]
    st.rerun()


def show_segment(segment: Segment) -> None:
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
            to_open = st.button("Open in builder", key=f"segments_open_{segment_id}", icon=":material/filter_alt:")
            export_button(
                "Export customers",
                f"segments_export_{segment_id}",
                lambda: services().exports.start_segment(segment_id, actor=actor()),
            )
            to_count = st.button(
                "Count again", key=f"segments_count_{segment_id}", icon=":material/refresh:", type="tertiary"
            )
            if st.button("Delete …", key=f"segments_delete_{segment_id}", icon=":material/delete:", type="tertiary"):
                delete_dialog(segment)
        with errors_in_words():  # within its card: the others are shown all the same
            if to_open:
                open_in_builder("segment", segment_id)
            if to_count:
                services().segments.recount(segment_id)
                st.rerun()


with page_header("Segments", "Saved audiences. Each is counted anew when a campaign is launched to it."):
    if st.button("New segment", type="primary", icon=":material/add:"):
        open_in_builder("new")
show_exports()
search, sort = search_and_choose("segments", "Sort by", SORTS)
place = st.container()
skip = pick_page("segments", services().segments.count_found(search))
segments = services().segments.search(search, sort=sort, skip=skip, limit=PER_PAGE)
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
if deleted := st.session_state.pop("segments_deleted", None):
    st.toast(f"Segment {literal(deleted)} is deleted.", icon=":material/check_circle:")
