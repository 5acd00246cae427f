"""Whoever is told who acts asks whether that actor may."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

CORE = Path(__file__).resolve().parents[2] / "crm_core"
PASSED_ON = {
    "access/audit.py": "writes down what was allowed",
    "access/audit_counts.py": "writes down what was allowed",
    "campaigns/store.py": "a part of Campaigns",
    "jobs/store.py": "a part of each kind of job",
}
"""Files whose functions are called by services that have asked."""


def public_methods(path: Path) -> Iterator[ast.FunctionDef]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            arguments = [*node.args.args, *node.args.kwonlyargs]
            if any(isinstance(each.annotation, ast.Name) and each.annotation.id == "Actor" for each in arguments):
                yield node


def told_who_acts() -> list[tuple[str, ast.FunctionDef]]:
    files = [(str(path.relative_to(CORE)), path) for path in sorted(CORE.rglob("*.py"))]
    return [(name, node) for name, path in files if name not in PASSED_ON for node in public_methods(path)]


@pytest.mark.parametrize(("file", "function"), told_who_acts(), ids=lambda each: getattr(each, "name", each))
def test_a_service_that_is_told_who_acts_asks_for_a_permission(file: str, function: ast.FunctionDef) -> None:
    calls = [node for node in ast.walk(function) if isinstance(node, ast.Call)]
    assert any(isinstance(call.func, ast.Attribute) and call.func.attr == "require" for call in calls)


def test_services_that_ask_are_found() -> None:
    assert len(told_who_acts()) > 20
