"""Explore: every question of the registry, with its choices, its chart and its data. The link has what is chosen."""

import streamlit as st

from crm_core.errors import InvalidInput
from crm_core.insights.asking import BeingLoaded, NotInMemory
from crm_core.insights.charts import Figures
from crm_core.insights.question import Topic
from crm_core.insights.registry import QUESTIONS
from crm_core.rules.days import day_of
from pages._ui.date_range import pick_range
from pages._ui.deps import services
from pages._ui.guard import show_error
from pages._ui.insights import (
    Insight,
    ask,
    follow_figures,
    show_figures,
    show_insight,
    show_loading,
    show_not_in_memory,
)
from pages._ui.widgets import page_header, pick_section
from pages.explore.choices import choose
from pages.explore.rows import leads_to_board, offer_rule, show_rows

TALL = 460
FIGURES_S = 10.0
DEFAULT_RANGE = "12m"
TOPIC = "explore_topic"


def pick_question() -> str:
    """By its topic first; the link has the question."""
    linked = st.query_params.get("section", "")
    st.session_state[TOPIC] = (QUESTIONS.get(linked) or next(iter(QUESTIONS.values()))).topic
    topic = st.segmented_control(
        "Topic", list(Topic), required=True, key=TOPIC, on_change=_follow_topic, label_visibility="collapsed"
    )
    return pick_section("explore", {name: each.title for name, each in QUESTIONS.items() if each.topic == topic})


def _follow_topic() -> None:
    st.query_params["section"] = next(name for name, each in QUESTIONS.items() if each.topic == st.session_state[TOPIC])


def show(name: str) -> None:
    question, found = QUESTIONS[name], services()
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        wanted = choose(question)
        if question.days:
            today = day_of(found.clock(), found.rule_contexts.zone())
            period = pick_range(today, key=f"explore_range_{name}", default=DEFAULT_RANGE)
            wanted |= {"from": str(period.first), "to": str(period.last)}
    try:
        follow_figures(FIGURES_S)
        show_answer(ask(name, wanted))
    except BeingLoaded as exc:
        show_loading(exc)
    except NotInMemory as exc:
        show_not_in_memory(exc)
    except InvalidInput as exc:
        show_error(exc)


def show_answer(insight: Insight) -> None:
    question = insight.question
    if isinstance(question.chart, Figures):
        show_figures(insight, key=question.name)
    else:
        picked = show_insight(insight, key=question.name, height=TALL, is_pickable=leads_to_board(question))
        if picked is not None and picked < len(insight.rows):
            offer_rule(insight, picked, key="of_chart")
    show_rows(insight)


page_header("Explore", "Questions about customers, orders and messages; each view is a link.")
show(pick_question())
