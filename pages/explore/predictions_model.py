"""The models behind the predictions, with the meaning of each parameter."""

import streamlit as st

from crm_core.predictions.calibration import day_in_words
from crm_core.predictions.model import PredictionFit
from crm_core.predictions.results import PurchaseParameters, SpendingParameters
from pages._ui.deps import services
from pages._ui.formats import money, number

HEAD = "| parameter | value | what it says |\n| --- | ---: | --- |\n"


def show_models(fit: PredictionFit) -> None:
    st.subheader("The models", anchor=False)
    assert fit["purchases"] is not None
    left, right = st.columns(2, gap="medium")
    with left.container(border=True, height="stretch"):
        _show_purchases(fit["purchases"], fit)
    with right.container(border=True, height="stretch"):
        if fit["spending"]:
            _show_spending(fit["spending"])
        else:
            st.markdown("**How much: not offered**")
            st.caption(str(fit["spending_reason"]))
    with st.expander("What is predicted, and how", icon=":material/help:"):
        st.markdown(_fields())


def _show_purchases(found: PurchaseParameters, fit: PredictionFit) -> None:
    a, b = found["a"], found["b"]
    rows = [
        ("r", f"{found['r']:.3f}", "the smaller, the more customers differ in how often they order"),
        ("α", f"{found['alpha']:.3f}", f"weeks; r / α = {found['r'] / found['alpha']:.3f} orders a week at first"),
        ("a", f"{a:.3f}", f"a / (a + b) = {a / (a + b):.0%} leave after an order on average"),
        ("b", f"{b:.3f}", "the smaller a and b, the more customers differ in that"),
    ]
    st.markdown("**How often: BG/NBD**")
    st.markdown(_table(rows))
    st.caption(
        f"Log-likelihood {_signed(found['log_likelihood'])} over {number(fit['customers'])} customers, from "
        f"{day_in_words(str(fit['first_day']))} to {day_in_words(str(fit['last_day']))}."
    )


def _show_spending(found: SpendingParameters) -> None:
    currency = services().workspace.current().currency
    mean = found["p"] * found["gamma"] / (found["q"] - 1)
    rows = [
        ("p", f"{found['p']:.3f}", "the larger, the more alike are the orders of one customer"),
        ("q", f"{found['q']:.3f}", "the larger, the more alike are customers"),
        ("γ", money(round(found["gamma"]), currency), f"p γ / (q − 1) = {money(round(mean), currency)} per order"),
    ]
    st.markdown("**How much: Gamma-Gamma**")
    st.markdown(_table(rows))
    st.caption(
        f"Log-likelihood {_signed(found['log_likelihood'])} over {number(found['customers'])} customers who spent "
        f"anything. Correlation of how often and how much: {found['correlation']:.2f}; the model takes it for 0."
    )


def _signed(figure: float) -> str:
    return f"{figure:,.1f}".replace("-", "−")


def _table(rows: list[tuple[str, str, str]]) -> str:
    return HEAD + "\n".join(f"| {' | '.join(cells)} |".replace("$", r"\$") for cells in rows)


def _fields() -> str:
    rows = [row for row in services().schema.customers.fields if row.part]
    lines = [f"- **{row.label}** (`{row.name}`): {row.about}" for row in rows]
    return "\n".join(
        [
            *lines,
            "",
            "Orders of one day count as one, and those that are cancelled, refunded or voided not at all. The models "
            "know orders only: no season, no campaign, no price. Each fit, once a day, makes new ones.",
        ]
    )
