"""What a widget of the builder reports when it is just taken off the page changes nothing."""

from typing import Any

import pytest
import streamlit as st

from crm_core.rules.loading import load_rule
from pages.builder.board.session import act, board_now, show_rule
from pages.builder.board.tree import Condition
from pages.builder.widgets import commit, key_of

RULE = {
    "kind": "all",
    "rules": [
        {"kind": "field", "field": "last_order_at", "op": "more_than_days_ago", "value": 90},
        {"kind": "field", "field": "visits", "op": "lt", "value": 3},
    ],
}


@pytest.fixture(autouse=True)
def state(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Of a session with this rule on the board."""
    kept: dict[str, Any] = {}
    monkeypatch.setattr(st, "session_state", kept)
    show_rule(load_rule(RULE))
    return kept


def conditions() -> list[Condition]:
    return [node for _, node in board_now().nodes if isinstance(node, Condition)]


@pytest.mark.parametrize(("picked", "value", "then"), [(1, None, 90), (0, None, None), (1, 30, 30), (0, 30, 30)])
def test_nothing_is_a_change_of_the_condition_that_is_edited_alone(
    state: dict[str, Any], picked: int, value: int | None, then: int | None
) -> None:
    first = conditions()[0].id
    act(lambda board: board.select(conditions()[picked].id))
    key = key_of(first, "value_days")
    state[key] = value
    commit(first, key, lambda days: {"value": days})
    assert conditions()[0].draft.get("value") == then
