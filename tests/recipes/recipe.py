"""The recipes of CONTRIBUTING.md: read from it, carried out on a copy of the code, and proved there."""

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from crm_core.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "CONTRIBUTING.md"
PROOFS = Path(__file__).parent / "proofs"
COPIED = ("crm_core", "pages", "workers", "tests")
"""What a recipe may change or its proof may use."""
_SECTION = re.compile(r"^### (?P<title>.+?)$(?P<body>.*?)(?=^##|\Z)", re.M | re.S)
_BLOCK = re.compile(r"^```diff\n(?P<diff>.*?)^```$", re.M | re.S)
TIMEOUT_S = 120


@dataclass(frozen=True)
class Hunk:
    """before: lines that stand in the file once; after: what replaces them. A new file has nothing before."""

    before: str
    after: str


@dataclass(frozen=True)
class Recipe:
    """changes: the hunks of each file, by its path."""

    title: str
    changes: dict[str, list[Hunk]]

    def carry_out(self, copy: Path) -> None:
        for path, hunks in self.changes.items():
            for hunk in hunks:
                _apply(copy / path, hunk)


def read_recipes() -> dict[str, Recipe]:
    """Those with a diff, by title."""
    sections = _SECTION.finditer(DOCUMENT.read_text("utf-8"))
    recipes = [Recipe(found["title"], _read_changes(found["body"])) for found in sections]
    return {recipe.title: recipe for recipe in recipes if recipe.changes}


def prove(recipe: Recipe, proof: str, folder: Path, settings: Settings) -> None:
    """Carry the recipe out on a copy of the code in ``folder`` and run the proof there, in a process of its own."""
    for name in COPIED:  # with what Python has compiled: it tells changed files by their times
        shutil.copytree(ROOT / name, folder / name)
    recipe.carry_out(folder)
    done = subprocess.run(
        [sys.executable, "-m", f"tests.recipes.proofs.{proof}"],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(folder), **settings.to_env()},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 0, f"{recipe.title}: {done.stdout}{done.stderr}"


def _read_changes(body: str) -> dict[str, list[Hunk]]:
    changes: dict[str, list[Hunk]] = {}
    for block in _BLOCK.finditer(body):
        header, *hunks = re.split(r"^@@.*\n", block["diff"], flags=re.M)
        changes[header.removeprefix("+++ ").strip()] = [_read_hunk(lines) for lines in hunks]
    return changes


def _read_hunk(text: str) -> Hunk:
    lines = text.splitlines(keepends=True)
    before = "".join(line[1:] for line in lines if line[0] in " -")
    return Hunk(before, "".join(line[1:] for line in lines if line[0] in " +"))


def _apply(path: Path, hunk: Hunk) -> None:
    if not hunk.before:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(hunk.after, "utf-8")
        return
    text = path.read_text("utf-8")
    assert text.count(hunk.before) == 1, (
        f"{path.name} holds these lines {text.count(hunk.before)} times:\n{hunk.before}"
    )
    path.write_text(text.replace(hunk.before, hunk.after), "utf-8")
