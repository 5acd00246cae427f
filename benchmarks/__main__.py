"""``make bench``: every benchmark, or those named, each on an app of its own in a folder that is removed afterwards."""

import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import chain, ingestion, rules
from tests.running_app import RunningApp, start_app

BENCHMARKS = {"ingestion": ingestion.run, "chain": chain.run, "rules": rules.run}


@contextmanager
def start_unlimited(folder: Path) -> Iterator[RunningApp]:
    """An app whose limits a benchmark never meets: it shall measure the work, not the refusal of it."""
    with start_app(folder, CRM_API_RATE="1000000", CRM_API_BURST="5000000", CRM_MAX_BACKLOG="10000000") as app:
        yield app


def main(names: list[str]) -> None:
    if unknown := set(names) - set(BENCHMARKS):
        sys.exit(f"No benchmark is named {', '.join(sorted(unknown))}; there are {', '.join(BENCHMARKS)}.")
    for name in names or BENCHMARKS:
        with tempfile.TemporaryDirectory() as folder, start_unlimited(Path(folder)) as app:
            print(f"{name}:", flush=True)
            BENCHMARKS[name](app)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))  # an exception, so that what was started ends too
    main(sys.argv[1:])
