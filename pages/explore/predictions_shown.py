"""A fit that is offered: the verdict, the outlook, the chart of its check, and the models with their parameters."""

from collections.abc import Mapping
from typing import Final

import streamlit as st

from crm_core.predictions.calibration import VERDICTS, day_in_words, trust_of, trust_sentence
from crm_core.predictions.model import PredictionFit
from crm_core.predictions.results import Check
from crm_core.predictions.trust import Trust
from crm_core.rules.tree import AnyRule, FieldRule, GroupRule
from pages._ui.deps import actor, services
from pages._ui.formats import money, money_short, number
from pages._ui.guard import errors_in_words
from pages._ui.insights import ask, show_insight
from pages._ui.widgets import CARD_PX
from pages.builder.links import open_in_builder
from pages.explore.predictions_model import show_models

AUDIENCES: Final[Mapping[str, AnyRule]] = {
    "Valuable, at risk": GroupRule(
        kind="all",
        rules=(
            FieldRule(field="predicted.value_1y", op="in_top_percent", value=25),
            FieldRule(field="predicted.churn_risk", op="gte", value=50),
        ),
    ),
    "Likely to order soon": FieldRule(field="predicted.orders_90d", op="gte", value=0.5),
    "Most valuable tenth": FieldRule(field="predicted.value_1y", op="in_top_percent", value=10),
}


def show_fit(fit: PredictionFit) -> None:
    check = fit["check"]
    assert check is not None
    _show_verdict(check)
    _show_outlook(fit)
    show_insight(ask("bgnbd", {}), key="predictions_check")
    _offer_audiences()
    show_models(fit)


def _show_verdict(check: Check) -> None:
    trust = trust_of(check)
    words = f"**{VERDICTS[trust]}** {trust_sentence(check)}"
    if trust is Trust.GOOD:
        st.success(words, icon=":material/verified:")
    else:
        st.warning(words, icon=":material/balance:")


def _show_outlook(fit: PredictionFit) -> None:
    outlook, currency = fit["outlook"], services().workspace.current().currency
    assert outlook is not None
    since = f"From {day_in_words(str(fit['last_day']))}, the day of the last order, on. Orders of one day count as one."
    value = outlook["value_1y_minor"]
    figures = [
        ("Customers", number(fit["customers"]), "Who have ordered, and so have predictions."),
        ("Came back", number(fit["repeaters"]), "Ordered on more than one day."),
        ("Orders in 90 days", number(round(outlook["orders_90d"])), f"Expected of these customers. {since}"),
    ]
    if value is not None:
        exactly = f"Expected of these customers: {money(value, currency)}. {since}"
        figures.append(("Value in a year", money_short(value, currency), exactly))
    with st.grid(4, min_column_width=CARD_PX, gap="small"):
        for label, shown, about in figures:
            st.metric(label, shown, help=about, border=True)
    if fit["spending_reason"]:
        st.caption(f":material/info: No order values and no value in a year. {fit['spending_reason']}")


def _offer_audiences() -> None:
    st.subheader("Use them", anchor=False)
    st.markdown("In rules, as any other field; these open in the audience builder:")
    with st.container(horizontal=True, gap="small"):
        for number_, (label, rule) in enumerate(AUDIENCES.items()):
            if st.button(label, icon=":material/filter_alt:", key=f"predictions_audience_{number_}"):
                with errors_in_words():
                    _open(rule)


def _open(rule: AnyRule) -> None:
    open_in_builder("board", services().shared_rules.share(rule, actor=actor()))
