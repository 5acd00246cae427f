"""Compare campaigns: those of the link side by side, each with its variants, as their figures are."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from urllib.parse import urlencode

import streamlit as st

from crm_core.campaigns.counts import variants_of
from crm_core.campaigns.drafting.content import content_of
from crm_core.campaigns.messages.message_log import Stats, reached_in
from crm_core.campaigns.model import Campaign
from crm_core.campaigns.states import RUNNING
from crm_core.channels.registry import CHANNELS
from crm_core.schema.message_states import MessageState
from pages._ui.deps import actor, services
from pages._ui.formats import NONE, number, percent
from pages._ui.guard import live, show_way_back
from pages._ui.link_table import Cell, Column, Row, full_table
from pages._ui.links import go_to, link_to
from pages._ui.widgets import page_header
from pages.campaigns.bulk import MOST_COMPARED
from pages.campaigns.compare_statistics import find, show_statistics
from pages.campaigns.results import rate_cell
from pages.campaigns.table import when_cell

M = MessageState
COLUMNS = (
    Column("Campaign", shape="wide plain cut", is_link=True),
    Column("When", about="Launched, starts, or drafted"),
    Column("Audience", "right", about="Of a variant: those who are to get it"),
    Column("Sent", "right", about="Handed over, whatever came of it"),
    Column("Delivered", "right", about="At least, with the percent of sent"),
    Column("Opened", "right", about="At least, with the percent of delivered"),
    Column("Clicked", "right", about="With the percent of delivered"),
    Column("Failed", "right", about="With the percent of sent"),
    Column("Skipped", "right", about="With the percent of the audience"),
    Column("Held out", "right", about="With the percent of the audience"),
)
RUNNING_S, CALM_S = 2.0, 10.0
"""How often the figures are read anew: while messages are sent, and while none are."""
SUBJECT_CHARS = 80


def show_table(ids: Sequence[str]) -> None:
    now = services().clock()
    rows = [row for campaign in find(ids) for row in rows_of(campaign, now)]
    events = full_table("Campaigns side by side", COLUMNS, rows, key="compare_table", is_dense=True)
    if events.opened:
        go_to("campaign", campaign=events.opened)
    st.caption(f"Read at {now:%H:%M:%S} UTC. Counts and rates as they are.")


def rows_of(campaign: Campaign, now: datetime) -> Iterator[Row]:
    campaign_id, channel = campaign["_id"], CHANNELS[campaign["channel"]]
    stats = services().figures.stats(campaign, actor=actor()).value
    name = Cell(campaign["name"], icon=channel.icon, icon_label=channel.label)
    held_out, skipped = (_part(stats.by_state[state], stats.audience) for state in (M.HELD_OUT, M.SKIPPED))
    href = f"campaign?{urlencode({'campaign': campaign_id})}"
    figures = _figures(stats.by_state, stats.audience)
    yield Row(campaign_id, href, [name, when_cell(campaign, now), *figures, skipped, held_out])
    for variant, by_state in _variants(campaign, stats):
        content = content_of(campaign, variant)
        text = " ".join((content["subject"] or content["message"] or "").split())
        label = Cell(f"{variant}: {text[:SUBJECT_CHARS]}", text, icon="subdirectory_arrow_right")
        meant = reached_in(by_state, M.SENT) + by_state[M.PENDING]
        yield Row("", "", [label, Cell(), *_figures(by_state, meant), *[Cell(NONE)] * 2])


def _variants(campaign: Campaign, stats: Stats) -> Iterator[tuple[str, Mapping[MessageState, int]]]:
    """None while they are being counted."""
    if not campaign.get("variants") or not stats.audience:
        return
    if details := services().figures.details(campaign, actor=actor()):
        found = variants_of(details)
        yield from ((each["name"], found[each["name"]]) for each in campaign["variants"] if each["name"] in found)


def _figures(by_state: Mapping[MessageState, int], audience: int) -> Sequence[Cell]:
    if not audience:
        return [Cell(NONE)] * 6
    sent = reached_in(by_state, M.SENT)
    rates = (rate_cell(by_state, state) for state in (M.DELIVERED, M.OPENED, M.CLICKED))
    return [Cell(number(audience)), Cell(number(sent)), *rates, _part(by_state[M.FAILED], sent)]


def _part(count: int, whole: int) -> Cell:
    return Cell(f"{number(count)} · {percent(count, whole)}" if count else NONE)


wanted = list(dict.fromkeys(filter(None, st.query_params.get("campaigns", "").split(","))))
asked = wanted[:MOST_COMPARED]
found = list(find(asked))
if found:
    link_to("campaigns", "All campaigns", icon=":material/arrow_back:")
    page_header("Compare campaigns", "Side by side, each with its variants.")
    if missing := len(asked) - len(found):
        names = "1 campaign of this link is" if missing == 1 else f"{number(missing)} campaigns of this link are"
        st.warning(f"{names} not there any more.", icon=":material/search_off:")
    if len(wanted) > MOST_COMPARED:
        st.caption(f"The first {MOST_COMPARED} of the link are shown.")
    is_live = any(each["state"] in RUNNING for each in found)
    live(run_every=RUNNING_S if is_live else CALM_S)(show_table)([each["_id"] for each in found])
    live(run_every=CALM_S)(show_statistics)([each["_id"] for each in found])
else:
    show_way_back("campaign", ", ".join(asked), "campaigns", "All campaigns")
