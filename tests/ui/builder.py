"""The audience builder as tests use it: rules are added by the list, and read from the session."""

from typing import Any

from crm_core.rules.loading import dump_rule
from pages.builder.board.board import Board
from pages.builder.board.history import History
from pages.builder.board.session import HISTORY
from pages.builder.board.tree import path_words
from tests.ui.page import Page, plain

ADD = "Add a rule without dragging"
SAVE, USE = "Save segment", "Use in campaign"


def builder_with(*fields: str) -> Page:
    page = Page("audience_builder")
    for label in fields:
        page.choose(ADD, label)
    return page


def matches(page: Page) -> int:
    return int(page.metric("Customers match").replace(",", ""))


def board_on(page: Page) -> Board:
    history: History = page.test.session_state[HISTORY]
    return history.present


def rule_of(page: Page) -> dict[str, Any]:
    return dump_rule(board_on(page).to_rule())


def rules_of(page: Page) -> list[Any]:
    """What stands in the outermost group."""
    rules: list[Any] = rule_of(page)["rules"]
    return rules


def pick(page: Page, *path: int) -> None:
    """Select the node at this path of child indexes for editing."""
    place = path_words(path)
    name = next(each for each in page.widget("Edit rule").options if plain(each).split(" ")[0] == place)
    page.choose("Edit rule", name)
