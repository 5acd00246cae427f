"""A process that writes copies of the snapshot, one after another, until it is killed: ``-m`` with the folder."""

import sys
from itertools import count
from pathlib import Path

import numpy as np

from benchmarks.columns import make_columns
from crm_core.audience.reach import LAYOUT
from crm_core.audience.snapshot.disk.files import write_file
from crm_core.audience.snapshot.disk.folder import CopyFolder
from crm_core.audience.snapshot.disk.form import to_form
from crm_core.audience.snapshot.ids import IdTable
from crm_core.audience.snapshot.shard import Sends, Shard

SIZE = 20_000


def make_shard(size: int) -> Shard:
    no_sends = Sends(np.empty(0, np.int32), np.empty(0, np.int64), np.empty(0, np.int8))
    ids = IdTable.of([f"c{row:07d}" for row in range(size)])
    return Shard(make_columns(size), ids, np.zeros(size, dtype=LAYOUT.dtype), no_sends)


def main(path: Path) -> None:
    folder, form = CopyFolder(path), to_form(make_shard(SIZE))
    folder.prepare()
    for number in count():
        head = {"number": number, "shard": form.structure}
        folder.write(lambda file, head=head: write_file(file, head, form.arrays), size=0, times_forgotten=0)  # type: ignore[misc]
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
