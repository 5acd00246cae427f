"""A process that is killed while it writes the snapshot to disk leaves the copy of before, whole, and nothing else."""

import random
import subprocess
import sys
import time
from pathlib import Path

from crm_core.audience.snapshot.disk.files import read_arrays, read_head
from crm_core.audience.snapshot.disk.folder import CopyFolder
from crm_core.audience.snapshot.disk.form import Form, from_form
from tests.faults.copying import SIZE
from tests.running_app import ROOT

KILLS = 6
LONGEST_WRITE_S = 0.1


def write_until_killed(path: Path, dice: random.Random) -> int:
    """Returns the number of the copy that was surely written."""
    command = [sys.executable, "-m", "tests.faults.copying", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as writer:
        assert writer.stdout
        first = writer.stdout.readline()
        time.sleep(dice.uniform(0, LONGEST_WRITE_S))
        writer.kill()
        return int((first + writer.stdout.read()).split()[-1])


def test_whoever_is_killed_while_writing_leaves_the_last_whole_copy(tmp_path: Path) -> None:
    dice = random.Random(7)
    path = tmp_path / "snapshot"
    were_cut = 0
    for _ in range(KILLS):
        written = write_until_killed(path, dice)
        were_cut += (path / "columns.new").exists()
        folder = CopyFolder(path)
        folder.prepare()
        assert not (path / "columns.new").exists()
        with folder.open() as file:
            head = read_head(file)
            shard = from_form(Form(head["shard"], read_arrays(file, head)))
        assert head["number"] in (written, written + 1)
        assert (shard.size, len(shard.ids), shard.ids[f"c{SIZE - 1:07d}"]) == (SIZE, SIZE, SIZE - 1)
    assert were_cut, "no kill came while something was written"
