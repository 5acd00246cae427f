"""How far an upgrade of the data has come, in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from crm_core.errors import Unavailable
from crm_core.upgrades.lease import LEASE
from crm_core.upgrades.upgrade import Upgrade
from crm_core.upgrades.version import DataVersion

TITLE = "Your data are being brought forward to this version"
PROMISE = "Nothing is stored or sent before that is done."
INDEXES = "indexes"
"""What the last step builds: those of a newer program."""


@dataclass(frozen=True)
class UpgradeProgress:
    """step: from 1. title: of the step. noun: what is counted; total: about how many there are of it, 0 if they are
    not counted. beat_at: the last sign of life of who does it. failure: why it stopped, None while it goes on."""

    step: int
    steps: int
    title: str
    noun: str
    done: int
    total: int
    beat_at: datetime | None = None
    failure: str | None = None

    @property
    def fraction(self) -> float:
        """Of all steps, which count as equally long."""
        within = min(1.0, self.done / self.total) if self.total else 0.0
        return (self.step - 1 + within) / self.steps

    @property
    def position(self) -> str:
        """ "step 2 of 5 (channels of messages), 120,000 of 1,000,000 messages"."""
        count = f", {min(self.done, self.total):,} of {self.total:,} {self.noun}" if self.total else ""
        return f"step {self.step} of {self.steps} ({self.title}){count}"

    @property
    def sentence(self) -> str:
        return f"{TITLE}: {self.position}."


class Upgrading(Unavailable):
    """The data are not in the form of this program yet."""

    def __init__(self, progress: UpgradeProgress) -> None:
        reason = f" It has stopped: {progress.failure}" if progress.failure else ""
        super().__init__(f"{progress.sentence} {PROMISE}{reason}")
        self.progress = progress


def to_progress(stored: DataVersion, steps: Sequence[Upgrade]) -> UpgradeProgress:
    """Of the upgrade in hand. After the steps come the indexes."""
    version, mark, lease = stored["version"], stored.get("mark"), stored.get("lease")
    begun_at, is_last = stored.get("begun_at", version), version >= len(steps)
    title = INDEXES if is_last else steps[version].title
    walks = () if is_last else steps[version].walks
    return UpgradeProgress(
        step=version - begun_at + 1,
        steps=len(steps) - begun_at + 1,
        title=title,
        noun=walks[min(mark["walk"], len(walks) - 1)].collection if mark and walks else "collections",
        done=mark["done"] if mark else 0,
        total=mark["total"] if mark else 0,
        beat_at=lease["until"] - LEASE if lease else None,
        failure=stored.get("failure"),
    )
