"""Files stay short enough to read, tests are named in one line, and pages are found and cached in one way."""

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

from pages._ui.links import PAGES
from tests.running_app import ROOT

MAX_LINES = {"app.py": 300, "crm_core": 300, "pages": 300, "workers": 300, "benchmarks": 300, "tests": 400}
MAX_TEST_NAME = 80
CACHES = {"cache_data", "cache_resource"}
LINKING = {"go_to", "link_to"}


def sources(*places: str) -> list[Path]:
    return [
        path for place in places for path in sorted({ROOT / place, *(ROOT / place).rglob("*.py")}) if path.is_file()
    ]


def nodes(paths: Iterable[Path]) -> Iterator[tuple[str, ast.AST]]:
    """Every node of these files, with the file's path below the project."""
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            yield str(path.relative_to(ROOT)), node


def test_no_file_is_longer_than_its_limit() -> None:
    too_long = {
        str(path.relative_to(ROOT)): length
        for place, limit in MAX_LINES.items()
        for path in sources(place)
        if (length := len(path.read_text("utf-8").splitlines())) > limit
    }
    assert not too_long, "split them by what they are about"


def test_no_name_of_a_test_has_80_characters() -> None:
    names = [node.name for _, node in nodes(sources("tests")) if isinstance(node, ast.FunctionDef)]
    tests = [name for name in names if name.startswith("test_")]
    assert len(tests) > 1000
    assert [name for name in tests if len(name) >= MAX_TEST_NAME] == []


def test_only_modules_named_queries_cache_what_pages_read() -> None:
    """Each remembered answer has its lifetime there, in sight of the others."""
    caching = {
        path
        for path, node in nodes(sources("app.py", "pages"))
        for decorator in (node.decorator_list if isinstance(node, ast.FunctionDef) else ())
        if CACHES & {part.attr for part in ast.walk(decorator) if isinstance(part, ast.Attribute)}
    }
    assert caching
    assert {Path(path).name for path in caching} == {"queries.py"}


def links() -> Iterator[tuple[str, str]]:
    """Each link between pages that the code names: the file below ``pages/`` it stands in, and the page it opens."""
    for path, node in nodes(sources("pages")):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in LINKING:
            names = [name.value for name in node.args[:1] if isinstance(name, ast.Constant)]
            yield from ((path.removeprefix("pages/"), str(name)) for name in names)


def test_every_page_is_in_the_navigation_or_linked_from_another_page() -> None:
    hidden = {name: page.file for name, page in PAGES.items() if not page.is_listed}
    assert hidden, "of these, a link is asked for"
    for name, file in hidden.items():
        assert {path for path, linked in links() if linked == name} - {file}, name
