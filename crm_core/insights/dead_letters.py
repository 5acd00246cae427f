"""What workers could not handle, for those who may see customers: its data names them."""

from crm_core.access.actor import Actor
from crm_core.access.permissions import Permission
from crm_core.access.personal_reads import PersonalReads
from crm_core.infra.dead_letters import DeadLetter
from crm_core.infra.monitor import Monitor


class DeadLetters:
    def __init__(self, monitor: Monitor, reads: PersonalReads) -> None:
        self._monitor = monitor
        self._reads = reads

    def latest(self, *, limit: int, actor: Actor) -> list[DeadLetter]:
        """The newest first."""
        self._reads.require(actor, "dead_letters.read")
        return self._monitor.dead_letters(limit=limit)

    def count(self, *, actor: Actor) -> int:
        actor.require(Permission.READ_FIGURES)
        return self._monitor.dead_count()
