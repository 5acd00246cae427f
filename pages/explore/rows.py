"""The rows of an answer as a table, and the way from one of them to the audience builder."""

from typing import Any

import pandas as pd
import streamlit as st

from crm_core.access.permissions import Permission
from crm_core.insights.frame import Unit
from crm_core.insights.question import Question
from pages._ui.deps import actor, services
from pages._ui.formats import number
from pages._ui.insights import Insight
from pages._ui.rule_words import rule_words
from pages._ui.units import in_words
from pages.builder.links import open_in_builder

SHOWN = 500
RIGHT = (Unit.COUNT, Unit.MONEY, Unit.SHARE, Unit.NUMBER, Unit.DAYS)


def leads_to_board(question: Question) -> bool:
    """Whether the customers of a row can be found by a rule, and its reader may go on with one."""
    return question.rule is not None and actor().may(Permission.WRITE_SEGMENTS)


def show_rows(insight: Insight) -> None:
    """A click on a row takes its customers to the board, where the question can say who they are."""
    question, rows = insight.question, insight.rows[:SHOWN]
    if not rows:
        return
    currency = services().workspace.current().currency
    table = pd.DataFrame({each.title: [in_words(row[each.id], each.unit, currency) for row in rows]
                          for each in question.columns})  # fmt: skip
    has_rule = leads_to_board(question)
    st.caption(
        f"{number(len(insight.rows))} rows."
        + (" Pick one to see its customers in the audience builder." if has_rule else "")
    )
    config = {each.title: st.column_config.TextColumn(alignment="right" if each.unit in RIGHT else "left")
              for each in question.columns}  # fmt: skip
    event: Any = st.dataframe(
        table,
        hide_index=True,
        column_config=config,
        key=f"rows_{question.name}",
        on_select="rerun" if has_rule else "ignore",
        selection_mode="single-row",
    )
    if has_rule and event.selection.rows:
        offer_rule(insight, event.selection.rows[0], key="of_table")


def offer_rule(insight: Insight, place: int, *, key: str) -> None:
    """The rule that finds the customers of a row, and the way to the board with it."""
    found = services()
    row = insight.rows[place]
    rule = found.insights.rule_of(insight.question, insight.answer, row)
    if rule is None:
        st.caption("No rule finds just these customers.")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{number(row['customers'])} customers:** {rule_words(rule)}", width="stretch")
        to_board = st.button("Open in the audience builder", type="primary", icon=":material/filter_alt:", key=key)
    if to_board:
        open_in_builder("board", found.shared_rules.share(rule, actor=actor()))
