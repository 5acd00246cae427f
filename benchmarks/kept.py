"""The snapshot on disk: from start to exact counts with it, and how long it takes to write and to read."""

import tempfile
import time
from pathlib import Path

from benchmarks.report import median_of, time_of
from crm_core.audience.snapshot.disk.files import read_arrays, read_head, write_file
from crm_core.audience.snapshot.disk.folder import CopyFolder
from crm_core.audience.snapshot.disk.form import Form, from_form, to_form
from crm_core.audience.snapshot.disk.trimming import trimmed
from crm_core.audience.snapshot.keeper import Status
from crm_core.audience.snapshot.shard import Shard
from crm_core.audience.snapshot.version import Part, Version
from crm_core.infra.mongo import connect
from crm_core.rules.tree import AnyRule
from crm_core.services import Services, build_services
from crm_core.settings import Settings
from crm_core.upgrades.steps import STEPS
from tests.actors import TEST

CHANGED = 10_000
READY_S = 1200.0


def start_snapshot(services: Services) -> None:
    services.snapshot.start(services.open_snapshot_copy(len(STEPS)))
    services.snapshot.wait_until(lambda state: state.status is Status.READY, READY_S)


def start_again(settings: Settings, services: Services, rule: AnyRule, loaded_s: float) -> None:
    """Stop in order, and start with the snapshot that is kept; again with changes that were made in between."""
    stopped = time_of(services.close)
    size = (settings.data_dir / "snapshot" / "columns").stat().st_size
    took = _exact_count(settings, rule)
    print(
        f"    stopped in {stopped:.1f} s, {size / 1e6:.0f} MB on disk; from start to exact counts {took:.2f} s "
        f"(goal ≤ 3), loading anew {loaded_s:.1f} s, {loaded_s / took:.0f} times as long"
    )
    ids = [f"customer-{row * 11 % 100_000:07d}" for row in range(CHANGED)]
    db = connect(str(settings.mongodb_uri), settings.mongodb_database)
    with db.client:
        db.customers.update_many({"_id": {"$in": ids}}, {"$inc": {"visits": 1}})
    print(f"    with {CHANGED:,} customers changed while it was down {_exact_count(settings, rule):.2f} s")


def _exact_count(settings: Settings, rule: AnyRule) -> float:
    """How long it takes from no services at all to a count in memory, in s; it is what MongoDB counts."""
    started = time.perf_counter()
    services = build_services(settings)
    start_snapshot(services)
    found = services.previews.in_memory(rule, actor=TEST)
    took = time.perf_counter() - started
    assert found is not None
    assert found.count == services.audience.count(rule, now=services.clock())
    services.close()
    return took


def keep_and_read(shard: Shard) -> None:
    """Without a database. What was just written the system still has in its memory."""
    with tempfile.TemporaryDirectory() as name:
        folder = CopyFolder(Path(name) / "snapshot")
        folder.prepare()
        written = time_of(lambda: _write(folder, shard))
        with folder.open() as file:
            size = file.seek(0, 2)
        read = median_of(lambda: _read(folder), runs=3)
    print(f"    {size / 1e6:.0f} MB kept on disk in {written:.2f} s, read and checked in {read:.2f} s")


def _write(folder: CopyFolder, shard: Shard) -> None:
    form = to_form(trimmed(Version((Part.whole(shard),))))
    folder.write(lambda file: write_file(file, {"shard": form.structure}, form.arrays), size=0, times_forgotten=0)


def _read(folder: CopyFolder) -> Shard:
    with folder.open() as file:
        head = read_head(file)
        return from_form(Form(head["shard"], read_arrays(file, head)))
