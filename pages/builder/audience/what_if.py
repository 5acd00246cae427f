"""What if a threshold, a rank or a window were another one: the audience over it, and a button to take the value."""

from typing import Final

import streamlit as st

from crm_core.audience.curve import Curve, Knob, knobs_of
from crm_core.audience.preview import Preview
from crm_core.money import money_formatter
from crm_core.rules.bound import Bound, BoundField, BoundRecords, Place, node_at
from crm_core.rules.fields import FieldType
from crm_core.rules.operators import Takes
from crm_core.rules.tree import AnyRule
from pages._ui.charts import show_chart
from pages._ui.deps import actor, services
from pages._ui.formats import literal, number, percent
from pages._ui.waterfall import signed
from pages.builder.audience.charts import threshold_curve
from pages.builder.audience.words import node_words
from pages.builder.board.board import Board
from pages.builder.board.session import act
from pages.builder.board.tree import path_words

PICKED: Final = "builder_what_if"
HEIGHT: Final = 220


def show_what_if(board: Board, rule: AnyRule, bound: Bound, result: Preview) -> None:
    """Raises BadRule, Unavailable."""
    if result.steps is None:
        st.caption("This needs the customers in memory; these rules are counted in the database.")
        return
    knobs = knobs_of(bound)
    if not knobs:
        st.caption("No rule has a threshold to move. Add one such as “Total spend more than …”.")
        return
    knob = _pick_knob(board, bound, knobs)
    if curve := services().previews.curve(rule, knob, actor=actor()):
        _show_curve(board, bound, knob, curve, result)


def _pick_knob(board: Board, bound: Bound, knobs: list[Knob]) -> Knob:
    selected = board.place_of(board.selected)
    picked = st.selectbox(
        "Rule",
        knobs,
        next((number for number, knob in enumerate(knobs) if knob.place == selected), 0),
        format_func=lambda knob: _knob_words(bound, knob),
        key=f"{PICKED}_{board.revision}_{board.selected}",
    )
    return picked if picked is not None else knobs[0]


def _knob_words(bound: Bound, knob: Knob) -> str:
    words = node_words(bound, knob.place, services().workspace.current().currency)
    return f"{path_words(knob.place)} {words}{': its window' if knob.member == 'within_days' else ''}"


def _show_curve(board: Board, bound: Bound, knob: Knob, curve: Curve, result: Preview) -> None:
    labels = [_threshold_words(bound, knob, value) for value in curve.thresholds]
    positions = list(range(len(labels)))
    position = st.select_slider(
        "What if it were",
        positions,
        curve.current,
        format_func=labels.__getitem__,
        key=f"{PICKED}_at_{board.revision}_{knob.member}_{'_'.join(map(str, knob.place))}",
    )
    at = int(position)
    count = curve.counts[at]
    change = f" ({signed(count - result.count)})" if count != result.count else ""
    st.markdown(f"**{number(count)}** customers{change}, {percent(count, result.total)} of all")
    show_chart(
        threshold_curve(curve.thresholds, curve.counts, chosen=at, labels=labels),
        key="builder_curve",
        summary=(
            f"{number(curve.counts[0])} customers at {literal(labels[0])}, "
            f"{number(curve.counts[-1])} at {literal(labels[-1])}."
        ),
        height=HEIGHT,
    )
    node_id = _node_of(board, knob.place)
    st.button(
        f"Use {literal(labels[at])}",
        icon=":material/check:",
        key="builder_use_threshold",
        disabled=at == curve.current or node_id is None,
        on_click=_use,
        args=(node_id, knob, curve.thresholds[at]),
    )


def _use(node_id: int, knob: Knob, value: float) -> None:
    act(lambda board: board.with_draft(node_id, {knob.member: value}))


def _node_of(board: Board, place: Place) -> int | None:
    return next((node.id for _, node in board.nodes if board.place_of(node.id) == place), None)


def _threshold_words(bound: Bound, knob: Knob, value: float) -> str:
    """ "$300", "90 days", "10 %", "3"."""
    node = node_at(bound, knob.place)
    assert isinstance(node, BoundField | BoundRecords)
    if knob.member == "value" and node.operator.takes is Takes.PERCENT:
        return f"{value:g} %"
    if knob.member == "within_days" or node.operator.takes is Takes.DAYS:
        return f"{value:,} days" if value != 1 else "1 day"
    kind = node.field.type if isinstance(node, BoundField) else node.type
    return money_formatter(services().workspace.current().currency)(value) if kind is FieldType.MONEY else f"{value:,}"
