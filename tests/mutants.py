"""Plants small bugs in the core, one at a time, and shows those that the tests let live: ``make mutants``.

Works on a copy of the product in ``test-artifacts/mutants``, and keeps it for a look at what came of it.
``mutmut browse`` in there shows each bug; ``mutmut show`` prints one.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from crm_core.hosting.platform import open_platform
from crm_core.settings import Settings
from tests.conftest import SERVERS
from tests.databases import as_tester

ROOT = Path(__file__).parents[1]
WORK = ROOT / "test-artifacts" / "mutants"
MUTATED = ("crm_core", "pages", "pyproject.toml", "tests")
"""What mutmut copies by itself."""
FAST = ("tests/unit", "tests/property")
ALONE = (
    "doctor*",
    "embedded",
    "full_valkey",
    "heartbeat",
    "server_logs",
    "sessions",
    "streams",
    "supervisor",
    "vendor*",
)
"""Integration tests that start, stop or fill servers of their own."""
LIVES, UNTESTED = 0, 33
"""Exit codes by which mutmut keeps what became of a mutant: its tests passed, and none ran it."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("only", help="a folder or a file, such as crm_core/rules")
    parser.add_argument("--servers", action="store_true", help="with the tests that need MongoDB and Valkey")
    parser.add_argument("--tenth", action="store_true", help="about one in ten, for a first look")
    wanted = parser.parse_args()
    path = Path(wanted.only)
    if not (ROOT / path).exists():
        parser.error(f"there is no {wanted.only}")
    prepare(path, with_servers=wanted.servers)
    with running_servers() if wanted.servers else no_servers() as environment:
        pattern = ".".join(path.with_suffix("").parts) + (".*" if (ROOT / path).is_dir() else ".x*")
        pattern += "_*3" if wanted.tenth else ""  # mutants of a function are numbered
        children = "1" if wanted.servers else str(os.cpu_count() or 1)  # tests share one database
        command = [sys.executable, "-m", "mutmut", "run", "--max-children", children, pattern]
        subprocess.run(command, cwd=WORK, env={**os.environ, **environment}, check=True)
    show(path)
    return 0


def prepare(path: Path, *, with_servers: bool) -> None:
    """The product's files, with what is mutated and by which tests it is judged."""
    names = top_level()
    for name in names:
        source = ROOT / name
        if source.is_dir():
            shutil.rmtree(WORK / name, ignore_errors=True)
            shutil.copytree(source, WORK / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            WORK.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, WORK / name)
    chosen = {
        "also_copy": [name for name in names if name not in MUTATED],
        "only_mutate": [f"{path}/*" if (ROOT / path).is_dir() else str(path)],
        "pytest_add_cli_args_test_selection": [*FAST, *(served() if with_servers else [])],
    }
    lines = [f"{name} = {json.dumps(value)}" for name, value in chosen.items()]
    choice, config = "\n".join([(ROOT / "pyproject.toml").read_text(), *lines, ""]), WORK / "pyproject.toml"
    if not config.exists() or config.read_text() != choice:
        shutil.rmtree(WORK / "mutants", ignore_errors=True)  # made by another choice, which mutmut would not notice
    config.write_text(choice)


def top_level() -> list[str]:
    """Files and folders of the product: what Git tracks."""
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return sorted({line.split("/", 1)[0] for line in tracked.splitlines()})


def served() -> list[str]:
    """Integration tests that are content with servers that run already."""
    folder = ROOT / "tests" / "integration"
    alone = {each for name in ALONE for each in folder.glob(f"test_{name}.py")}
    return [str(each.relative_to(ROOT)) for each in sorted(folder.glob("test_*.py")) if each not in alone]


@contextmanager
def running_servers() -> Iterator[Mapping[str, str]]:
    """The environment by which tests find a mongod and a valkey-server that stay until the end."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder), mongodb_cache_gb=0.25)
        with open_platform(settings, workers=False) as ready:
            uri = as_tester(ready).mongodb_uri
            yield {SERVERS: json.dumps({"mongodb_uri": uri, "redis_url": ready.redis_url})}


@contextmanager
def no_servers() -> Iterator[Mapping[str, str]]:
    yield {}


def show(path: Path) -> None:
    """Print who lives, and the score of each folder."""
    found = {name: code for meta in metas(path) for name, code in read(meta).items()}
    for name in sorted(name for name, code in found.items() if code == LIVES):
        sys.stdout.write(f"lives  {name}\n")
    for folder in sorted({folder_of(name) for name in found}):
        sys.stdout.write(f"{score(folder, [code for name, code in found.items() if folder_of(name) == folder])}\n")


def metas(path: Path) -> Sequence[Path]:
    where = WORK / "mutants" / path
    return sorted(where.rglob("*.meta")) if where.is_dir() else [where.with_name(f"{where.name}.meta")]


def read(meta: Path) -> Mapping[str, int | None]:
    codes: Mapping[str, int | None] = json.loads(meta.read_text())["exit_code_by_key"]
    return codes


def folder_of(name: str) -> str:
    """``crm_core.rules`` of a mutant in it, or below it."""
    return ".".join(name.split(".")[:2])


def score(folder: str, codes: Sequence[int | None]) -> str:
    """A timeout, or a crash, is seen as a failing test is. Those without a code were not tried."""
    counts = Counter(
        "lives" if code == LIVES else "untested" if code == UNTESTED else "seen" for code in codes if code is not None
    )
    tested = counts["seen"] + counts["lives"]
    share = f"{100 * counts['seen'] / tested:.1f} %" if tested else "–"
    return f"{folder:24} {share:>8} seen of {tested:5} that tests reach; {counts['untested']:5} are reached by none"


if __name__ == "__main__":
    sys.exit(main())
