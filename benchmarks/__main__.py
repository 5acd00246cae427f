"""``make bench``: every benchmark, or those named, each on servers of its own in a folder that is removed after it."""

import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks import audience, campaigns, ingestion, insights, pages, previews, rules
from tests.running_app import RunningApp, start_app


def _on_an_app(measure: Callable[[RunningApp], None]) -> Callable[[Path], None]:
    """An app whose limits a benchmark never meets: it shall measure the work, not the refusal of it."""

    def run(folder: Path) -> None:
        with start_app(folder, CRM_API_RATE="1000000", CRM_API_BURST="5000000", CRM_MAX_BACKLOG="10000000") as app:
            measure(app)

    return run


BENCHMARKS: dict[str, Callable[[Path], None]] = {
    "ingestion": _on_an_app(ingestion.run),
    "previews": _on_an_app(previews.run),
    "campaigns": _on_an_app(campaigns.run),
    "pages": _on_an_app(pages.run),
    "rules": _on_an_app(rules.run),
    "audience": audience.run,
    "insights": insights.run,
}


def main(names: list[str]) -> None:
    if unknown := set(names) - set(BENCHMARKS):
        sys.exit(f"No benchmark is named {', '.join(sorted(unknown))}; there are {', '.join(BENCHMARKS)}.")
    for name in names or BENCHMARKS:
        with tempfile.TemporaryDirectory() as folder:
            print(f"{name}:", flush=True)
            BENCHMARKS[name](Path(folder))


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))  # an exception, so that what was started ends too
    main(sys.argv[1:])
