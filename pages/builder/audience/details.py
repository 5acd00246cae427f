"""What else there is to know of an audience, one thing at a time: who, how they differ, each rule, what if."""

from collections.abc import Mapping
from typing import Final

import pandas as pd
import streamlit as st

from crm_core.audience.eligibility import Reason
from crm_core.audience.preview import Preview
from crm_core.channels.registry import CHANNELS
from crm_core.errors import Unavailable
from crm_core.infra.text import fold
from crm_core.rules.bound import Bound
from crm_core.rules.tree import AnyRule
from pages._ui import queries
from pages._ui.channels import reason_words
from pages._ui.charts import show_chart
from pages._ui.deps import actor, services
from pages._ui.explanation import words_for
from pages._ui.explanation_words import why
from pages._ui.formats import literal, number
from pages._ui.guard import hidden_if_forbidden
from pages._ui.tables import customer_table
from pages._ui.waterfall import height_of, signed
from pages.builder.audience.charts import Share, profile
from pages.builder.audience.what_if import show_what_if
from pages.builder.audience.words import node_words, recency_shares, spend_shares, value_shares
from pages.builder.board.board import Board
from pages.builder.board.tree import path_words

DETAILS: Final[Mapping[str, str]] = {
    "sample": "Sample",
    "profile": "Profile",
    "rules": "Rules",
    "what_if": "What if",
    "reach": "Reach",
}
PROFILES: Final[Mapping[str, str]] = {
    "spend": "Spend",
    "recency": "Last order",
    "categories": "Bought",
    "city": "City",
    "category": "Favourite",
    "country": "Country",
}
PROFILE: Final = "builder_profile"


def show_detail(chosen: str, board: Board, rule: AnyRule, bound: Bound, result: Preview) -> None:
    """Raises BadRule, Unavailable."""
    match chosen:
        case "profile":
            _show_profile(rule, result)
        case "rules":
            _show_effects(bound, result)
        case "reach":
            _show_reach(result)
        case "what_if":
            show_what_if(board, rule, bound, result)
        case _:
            with hidden_if_forbidden():
                _show_sample(rule, result)


def _show_sample(rule: AnyRule, result: Preview) -> None:
    if not result.count:
        st.caption("Nobody matches. Loosen a rule, or let ANY of the rules be enough.")
        return
    found, currency = services(), services().workspace.current().currency
    records = found.previews.sample(rule, queries.SAMPLE, actor=actor())
    records = result.sample if records is None else records
    told, ids = {}, [record["id"] for record in records]
    for name, explanation in found.memberships.explain_many(rule, ids, actor=actor()).items():
        record = next(each for each in records if each["id"] == name)
        told[name] = why(explanation, words_for(record))
    customer_table(records, currency, key="builder_sample", why=told)
    shown = len(records)
    st.caption(
        f"The first {shown} of {number(result.count)} by customer id." if result.count > shown else "All of them."
    )


def _show_profile(rule: AnyRule, result: Preview) -> None:
    chosen = st.pills(
        "Compare by", list(PROFILES), default="spend", required=True, format_func=PROFILES.__getitem__, key=PROFILE
    )
    shares = _shares(rule, chosen or "spend")
    if shares is None:
        st.caption("A profile needs the customers in memory; these rules are counted in the database.")
        return
    if not result.count:
        st.caption("Nobody matches, so there is nothing to compare with everyone.")
        return
    rows = [share for share in shares if share.everyone]
    most = max(rows, key=lambda share: share.audience / result.count - share.everyone / result.total, default=None)
    summary = f"This audience against everyone. Most over-represented: {literal(most.label)}." if most else "No values."
    height = 2 * height_of(len(rows)) + 50
    show_chart(
        profile(rows, audience=result.count, everyone=result.total),
        key="builder_profile_chart",
        summary=summary,
        height=height,
    )


def _shares(rule: AnyRule, chosen: str) -> list[Share] | None:
    previews, currency = services().previews, services().workspace.current().currency
    if chosen == "spend":
        bands = previews.spend(rule, actor=actor())
        return None if bands is None else spend_shares(bands, currency)
    if chosen == "recency":
        bands = previews.recency(rule, actor=actor())
        return None if bands is None else recency_shares(bands)
    values = previews.values(rule, chosen, actor=actor())
    return None if values is None else value_shares(values, _spelling(chosen))


def _spelling(field: str) -> Mapping[str, str]:
    """The snapshot knows texts as they compare, people as they were typed."""
    try:
        return {fold(text): text for text in queries.options(field)}
    except Unavailable:
        return {}


def _show_reach(result: Preview) -> None:
    """Each channel, with why the rest get nothing."""
    if result.deliverable is None:
        st.caption("This needs the customers in memory; these rules are counted in the database.")
        return
    reasons = [reason for reason in Reason if any(some.reasons.get(reason) for some in result.deliverable.values())]
    rows = [
        {
            "Channel": CHANNELS.label(channel),
            "Will be messaged": number(some.count),
            **{reason_words(reason): number(some.reasons.get(reason, 0)) for reason in reasons},
        }
        for channel, some in result.deliverable.items()
    ]
    st.table(pd.DataFrame(rows).set_index("Channel"))
    st.caption("Each customer is counted for the first reason that holds; every row adds up to the audience.")


def _show_effects(bound: Bound, result: Preview) -> None:
    if result.effects is None:
        st.caption("This needs the customers in memory; these rules are counted in the database.")
        return
    if not result.effects:
        st.caption("There is no rule yet: everyone matches.")
        return
    currency = services().workspace.current().currency
    rows = [
        {
            "Rule": literal(f"{path_words(effect.place)} {node_words(bound, effect.place, currency)}"),
            "Alone": number(effect.alone),
            "Without it": number(effect.without),
            "Change": signed(effect.without - result.count),
        }
        for effect in result.effects
    ]
    st.table(pd.DataFrame(rows).set_index("Rule"))
    st.caption("Alone: who match this rule by itself. Without it: who match all the others. Change: what that adds.")
