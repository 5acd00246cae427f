"""Every action that is written to the audit log is shown in words on its page."""

import ast
from collections.abc import Iterator

from pages.audit.words import ACTIONS
from tests.running_app import ROOT

WRITERS = {"record", "entry", "note"}
"""Methods of the audit log and its counts; the action is the second argument."""


def actions_written() -> Iterator[str]:
    for file in (ROOT / "crm_core").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in WRITERS:
                action = node.args[1] if len(node.args) > 1 else None
                if isinstance(action, ast.Constant) and isinstance(action.value, str) and "." in action.value:
                    yield action.value


def test_every_action_of_the_audit_log_has_words() -> None:
    written = set(actions_written())
    assert {"key.create", "sign_in.failed", "sign_in.refused", "messages.read"} <= written
    assert written <= set(ACTIONS)
