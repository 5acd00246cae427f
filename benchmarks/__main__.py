"""``make bench``: every benchmark on an app of its own, in a folder that is removed afterwards."""

import tempfile
from pathlib import Path

from benchmarks import chain
from tests.running_app import start_app

if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder, start_app(Path(folder)) as app:
        chain.run(app)
