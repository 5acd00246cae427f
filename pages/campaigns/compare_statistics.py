"""What can be said of the differences between campaigns, and what it does not say of their messages."""

from collections.abc import Iterator, Sequence
from typing import Final

import streamlit as st

from crm_core.campaigns.model import Campaign
from crm_core.channels.registry import CHANNELS
from crm_core.errors import NotFound
from crm_core.insights.asking import BeingLoaded, NotInMemory
from crm_core.insights.frame import Row, Unit
from crm_core.insights.questions.campaign_lift import NOT_ENOUGH
from crm_core.insights.questions.campaigns_compared import FEWEST
from pages._ui import link_table as table
from pages._ui.deps import services
from pages._ui.formats import literal, number
from pages._ui.insights import Insight, ask, show_insight
from pages._ui.units import in_words
from pages.campaigns.compared import DEFAULT_DAYS, choose_days, offer_to_look

DAYS: Final = "compare_days"
FIGURES: Final = (
    ("orders", Unit.COUNT),
    ("orders_per_1000", Unit.NUMBER),
    ("revenue", Unit.MONEY),
    ("revenue_per_1000", Unit.MONEY),
)
ROW_PX: Final = 42
AXIS_PX: Final = 80
COLUMNS: Final = (
    table.Column("Campaign", shape="wide plain cut"),
    table.Column("Orders", "right", about="Attributed to its messages by last touch"),
    table.Column("Orders per 1,000", "right", about="Of delivered messages"),
    table.Column("Revenue", "right", about="Of these orders"),
    table.Column("Revenue per 1,000", "right", about="Of delivered messages"),
    table.Column(
        "Against its holdout",
        shape="wide",
        about="Revenue of a customer it was meant for, against one held out by chance",
    ),
)


def show_statistics(ids: Sequence[str]) -> None:
    found = list(find(ids))
    launched = [each for each in found if each.get("launched_at")]
    if drafts := [literal(each["name"]) for each in found if not each.get("launched_at")]:
        st.caption(f"Not launched yet, so left out of what is compared: {', '.join(drafts)}.")
    if len(launched) < FEWEST:
        st.caption("It takes two campaigns that were launched to say whether they differ.")
        return
    st.info(_caution(launched), icon=":material/groups:")
    wanted = {"campaigns": ",".join(each["_id"] for each in launched)}
    try:
        _show_rates(ask("campaigns_compared", wanted))
        _show_revenue(wanted)
    except (BeingLoaded, NotInMemory) as exc:
        offer_to_look(exc)


def find(ids: Sequence[str]) -> Iterator[Campaign]:
    """Those that are there."""
    for campaign_id in ids:
        try:
            yield services().campaigns.watch(campaign_id)
        except NotFound:
            continue


def _caution(launched: Sequence[Campaign]) -> str:
    words = (
        "**These campaigns went to different customers**, so a difference between them need not come from the message. "
        "Only variants and holdouts are split by chance."
    )
    *others, last = dict.fromkeys(CHANNELS[each["channel"]].label for each in launched)
    if others:
        words += f" They went over {', '.join(others)} and {last}, which do not report opens in the same way."
    return words


def _show_rates(compared: Insight) -> None:
    def below() -> None:
        verdicts: dict[str, list[str]] = {}
        for row in compared.rows:
            verdicts.setdefault(row["campaign"], []).append(f"{row['measure']}: **{row['verdict']}**")
        st.markdown("\n".join(f"- {literal(name)} – {', '.join(each)}." for name, each in verdicts.items()))

    against = literal(compared.rows[0]["against"])
    height = AXIS_PX + ROW_PX * len(compared.rows)
    show_insight(compared, key="campaigns_compared", title=f"Compared with {against}", height=height, below=below)


def _show_revenue(wanted: dict[str, str]) -> None:
    days = st.session_state.get(DAYS, DEFAULT_DAYS)
    earned = ask("campaigns_revenue", {**wanted, "days": str(days)})

    def below() -> None:
        table.full_table("Orders and revenue", COLUMNS, [_row(row) for row in earned.rows], key="compare_revenue")
        if younger := [row for row in earned.rows if row["days"] < days]:
            names = ", ".join(f"{literal(row['campaign'])} ({in_words(row['days'], Unit.DAYS, '')})" for row in younger)
            st.caption(f"Launched fewer than {number(days)} days ago, so with less time to bring in orders: {names}.")

    show_insight(
        earned,
        key="campaigns_revenue",
        height=AXIS_PX + ROW_PX * len(earned.rows),
        controls=lambda: choose_days(days, DAYS),
        below=below,
    )


def _row(row: Row) -> table.Row:
    currency = services().workspace.current().currency
    figures = [in_words(row[name], unit, currency) for name, unit in FIGURES]
    return table.Row("", "", [table.Cell(each) for each in (row["campaign"], *figures, _lift(row))])


def _lift(row: Row) -> str:
    if row["lift"] is None or row["verdict"] == NOT_ENOUGH:
        return str(row["verdict"])
    value, low, high = (f"{100 * row[name]:+.1f} %" for name in ("lift", "lift_low", "lift_high"))
    return f"{value} ({low} to {high}), {row['verdict']}"
