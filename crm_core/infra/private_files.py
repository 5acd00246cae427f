"""Files that hold passwords or personal data: for their owner alone."""

import os
from pathlib import Path


def write_private(path: Path, text: str) -> None:
    """Replace ``path`` in one step with a file that only its owner may read."""
    draft = path.with_suffix(".tmp")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
