"""What can be done with the campaigns that are chosen in the table."""

from collections.abc import Sequence
from typing import Final

import streamlit as st

from crm_core.campaigns.drafting.drafts import ARCHIVABLE
from crm_core.campaigns.list_csv import to_csv
from crm_core.campaigns.listing import CampaignFilter, CampaignSort
from crm_core.campaigns.model import Campaign
from crm_core.errors import CrmError
from pages._ui.deps import actor, services
from pages._ui.formats import literal, number
from pages._ui.guard import show_error
from pages._ui.links import go_to

ROUND: Final = "campaigns_round"
"""Counts how often the choice was given up: another table begins with nothing chosen."""
MOST_COMPARED: Final = 5
DONE: Final = "campaigns_done"


def table_key(page: int) -> str:
    return f"campaigns_table_{page}_{st.session_state.get(ROUND, 0)}"


def show_chosen(chosen: Sequence[Campaign]) -> None:
    """A bar, while something is chosen."""
    if not chosen:
        return
    with st.container(key="campaigns_chosen", horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**{number(len(chosen))} chosen**", width="content")
        st.button("Clear", icon=":material/close:", type="tertiary", key="campaigns_clear", on_click=give_up)
        _offer_comparison(chosen)
        _offer_changes(chosen)
        st.download_button(
                "Export", lambda: to_csv(chosen), "campaigns.csv", "text/csv", icon=":material/download:",
                key="campaigns_export_chosen", on_click="ignore",
            )  # fmt: skip


def offer_export(wanted: CampaignFilter, sort: CampaignSort) -> None:
    me = actor()
    st.download_button(
        "Export list",
        lambda: to_csv(services().campaign_list.all_of(wanted, sort, actor=me)),
        "campaigns.csv",
        "text/csv",
        icon=":material/download:",
        key="campaigns_export",
        type="tertiary",
        on_click="ignore",
    )


def _offer_comparison(chosen: Sequence[Campaign]) -> None:
    if len(chosen) < 2:
        return
    is_too_many = len(chosen) > MOST_COMPARED
    words = f"Up to {MOST_COMPARED} campaigns stand side by side." if is_too_many else None
    if st.button(
        "Compare", icon=":material/compare_arrows:", key="campaigns_compare", disabled=is_too_many, help=words
    ):
        go_to("compare_campaigns", campaigns=",".join(each["_id"] for each in chosen))


def _offer_changes(chosen: Sequence[Campaign]) -> None:
    if st.button("Archive …", icon=":material/archive:", key="campaigns_archive"):
        _ask_to_archive(chosen)
    if len(chosen) == 1 and st.button("Duplicate", icon=":material/content_copy:", key="campaigns_duplicate"):
        copy = services().campaigns.duplicate(chosen[0]["_id"], actor=actor())
        go_to("campaign", campaign=copy["_id"])


@st.dialog("Archive these campaigns?", icon=":material/archive:")
def _ask_to_archive(chosen: Sequence[Campaign]) -> None:
    can = [each for each in chosen if each["state"] in ARCHIVABLE and not each.get("archived_at")]
    names = ", ".join(f"**{literal(each['name'])}**" for each in can[:5])
    more = f" and {number(len(can) - 5)} more" if len(can) > 5 else ""
    if can:
        st.markdown(f"{names}{more} leave the list. Nothing is deleted; they stay under “Archived”.")
    if left := len(chosen) - len(can):
        words = "1 stays: it is" if left == 1 else f"{number(left)} stay: they are"
        st.caption(f"{words} scheduled, running or archived already.")
    if not st.button(f"Archive {number(len(can))}", type="primary", key="campaigns_archive_confirm", disabled=not can):
        return
    try:
        for each in can:
            services().campaigns.archive(each["_id"], actor=actor())
    except CrmError as exc:
        show_error(exc)
        return
    st.session_state[DONE] = f"{number(len(can))} archived."
    give_up()
    st.rerun()


def give_up() -> None:
    st.session_state[ROUND] = st.session_state.get(ROUND, 0) + 1


def show_done() -> None:
    if done := st.session_state.pop(DONE, None):
        st.toast(done, icon=":material/check_circle:")
