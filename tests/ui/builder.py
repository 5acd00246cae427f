"""The audience builder as tests use it: rules are added by the list, and read from the session."""

from typing import Any

from crm_core.rules.loading import dump_rule
from pages._ui.board import Board
from pages._ui.board_session import BOARD
from tests.ui.page import Page

ADD = "Add a rule without dragging"
SAVE, USE = "Save segment", "Use in campaign"


def builder_with(*fields: str) -> Page:
    page = Page("audience_builder")
    for label in fields:
        page.choose(ADD, label)
    return page


def matches(page: Page) -> int:
    return int(page.metric("Customers match").replace(",", ""))


def rules_of(page: Page) -> list[Any]:
    held: Board = page.test.session_state[BOARD]
    rules: list[Any] = dump_rule(held.to_rule())["rules"]
    return rules
