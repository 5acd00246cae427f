"""Campaigns: all of them in a table, with how they went."""

import streamlit as st

from crm_core.campaigns.listing import StateGroup
from crm_core.campaigns.states import RUNNING
from pages._ui.deps import actor, services
from pages._ui.formats import number
from pages._ui.guard import live
from pages._ui.link_table import TableSort, full_table
from pages._ui.links import go_to
from pages._ui.widgets import empty_state, page_header
from pages.campaigns import filters
from pages.campaigns.bulk import offer_export, show_chosen, show_done, table_key
from pages.campaigns.table import COLUMNS, LEGEND, LEGEND_MORE, to_row

PER_PAGE = 20
LIVE_S, CALM_S = 1.0, 5.0
"""How often the table is read anew: while something is sent, and while nothing is."""


def show_head() -> None:
    with page_header("Campaigns", "Running ones first, then the newest."):
        if st.button("New campaign", type="primary", icon=":material/add:"):
            go_to("new_campaign")


def show_table() -> None:
    """Its own part of the page, so that figures move without the controls being drawn anew."""
    chosen, sort, found = filters.wanted(), filters.wanted_sort(), services().campaign_list
    counts = found.counts(chosen, actor=actor())
    filters.show_filters(chosen, counts)
    place = st.container(gap=None)
    if not (total := counts.groups[chosen.group]):
        show_nothing(is_narrowed=filters.is_narrowed(chosen))
        return
    pages = -(-total // PER_PAGE)
    page = min(filters.wanted_page(), pages)
    skip, now = (page - 1) * PER_PAGE, services().clock()
    campaigns = found.page(chosen, sort, skip=skip, limit=PER_PAGE, actor=actor())
    counted = [services().figures.stats(each, actor=actor()) for each in campaigns]
    with place:
        chosen_place = st.container()
        events = full_table(
            "Campaigns",
            COLUMNS,
            [to_row(each, figures.value, now) for each, figures in zip(campaigns, counted, strict=True)],
            key=table_key(page),
            sort=TableSort(sort.by, sort.is_descending) if sort.by else None,
            can_choose=True,
            is_dense=True,
        )
        if events.opened:
            go_to("campaign", campaign=events.opened)
        if events.sorted:
            filters.sort_by(events.sorted)
            st.rerun(scope="fragment")
        with chosen_place:
            show_chosen([each for each in campaigns if each["_id"] in events.chosen])
        show_foot(page, pages, skip, len(campaigns), total)


def show_foot(page: int, pages: int, skip: int, shown: int, total: int) -> None:
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        as_of = f"Read at {services().clock():%H:%M:%S} UTC."
        st.caption(f"{LEGEND} {as_of}", help=LEGEND_MORE, width="content")
        with st.container(horizontal=True, width="content", vertical_alignment="center", gap="small"):
            offer_export(filters.wanted(), filters.wanted_sort())
            st.caption(f"{number(skip + 1)}–{number(skip + shown)} of {number(total)}", width="content")
            if pages > 1:
                for label, icon, to, is_end in (
                    ("Previous page", "chevron_left", page - 1, page == 1),
                    ("Next page", "chevron_right", page + 1, page == pages),
                ):
                    key = f"campaigns_{label.partition(' ')[0].lower()}"
                    st.button(
                        "",
                        icon=f":material/{icon}:",
                        help=label,
                        key=key,
                        disabled=is_end,
                        on_click=turn_to,
                        args=(to,),
                    )


def turn_to(page: int) -> None:
    st.query_params["page"] = str(page)


def show_nothing(*, is_narrowed: bool) -> None:
    chosen = filters.wanted()
    if is_narrowed:
        title = "No campaign is archived" if chosen.group is StateGroup.ARCHIVED else "No campaign fits"
        with empty_state("filter_alt_off", title, f"None {filters.filter_words(chosen)}."):
            st.button("Show all", icon=":material/filter_alt_off:", on_click=filters.clear)
        return
    with empty_state("campaign", "No campaign yet", "Choose a segment, write a message, and launch it."):
        if st.button("New campaign", icon=":material/add:", key="campaigns_first"):
            go_to("new_campaign")


show_head()
show_done()
is_live = bool(services().campaigns.in_state(*RUNNING, fields=["_id"]))
live(run_every=LIVE_S if is_live else CALM_S)(show_table)()
