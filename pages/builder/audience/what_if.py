"""What if a threshold were another one: the audience over it, and a button to take the value."""

from typing import Final

import streamlit as st

from crm_core.audience.curve import Curve
from crm_core.audience.preview import Preview
from crm_core.money import money_formatter
from crm_core.rules.bound import Bound, BoundField, BoundRecords, Place, node_at, walk_bound
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
    places = [place for place, each in walk_bound(bound) if isinstance(each, BoundField | BoundRecords)]
    found = ((place, services().previews.curve(rule, place, actor=actor())) for place in places)
    curves = {place: curve for place, curve in found if curve}
    if not curves:
        st.caption("No rule has a threshold to move. Add one such as “Total spend more than …”.")
        return
    place = _pick_place(board, bound, list(curves))
    _show_curve(board, bound, place, curves[place], result)


def _pick_place(board: Board, bound: Bound, places: list[Place]) -> Place:
    currency = services().workspace.current().currency
    selected = board.place_of(board.selected)
    first = places.index(selected) if selected in places else 0
    picked = st.selectbox(
        "Rule",
        places,
        first,
        format_func=lambda place: f"{path_words(place)} {node_words(bound, place, currency)}",
        key=f"{PICKED}_{board.revision}_{board.selected}",
    )
    return picked if picked is not None else places[0]


def _show_curve(board: Board, bound: Bound, place: Place, curve: Curve, result: Preview) -> None:
    labels = [_threshold_words(bound, place, value) for value in curve.thresholds]
    positions = list(range(len(labels)))
    position = st.select_slider(
        "What if it were",
        positions,
        curve.current,
        format_func=labels.__getitem__,
        key=f"{PICKED}_at_{board.revision}_{'_'.join(map(str, place))}",
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
    node_id = _node_of(board, place)
    st.button(
        f"Use {literal(labels[at])}",
        icon=":material/check:",
        key="builder_use_threshold",
        disabled=at == curve.current or node_id is None,
        on_click=_use,
        args=(node_id, curve.thresholds[at]),
    )


def _use(node_id: int, value: float) -> None:
    act(lambda board: board.with_value(node_id, value))


def _node_of(board: Board, place: Place) -> int | None:
    return next((node.id for _, node in board.nodes if board.place_of(node.id) == place), None)


def _threshold_words(bound: Bound, place: Place, value: float) -> str:
    """ "$300", "90 days", "3"."""
    node = node_at(bound, place)
    assert isinstance(node, BoundField | BoundRecords)
    if node.operator.takes is Takes.DAYS:
        return f"{value:,} days" if value != 1 else "1 day"
    kind = node.field.type if isinstance(node, BoundField) else node.type
    return money_formatter(services().workspace.current().currency)(value) if kind is FieldType.MONEY else f"{value:,}"
