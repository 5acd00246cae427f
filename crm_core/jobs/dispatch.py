"""What the jobs worker does with an entry: the handler of its kind gets it."""

from collections.abc import Mapping, Sequence

from crm_core.infra.consumer import Handler
from crm_core.infra.streams import Entry
from crm_core.jobs.entries import read_order

NO_JOB = "no such job"


class JobDispatcher:
    """handlers: by kind of job."""

    def __init__(self, handlers: Mapping[str, Handler]) -> None:
        self._handlers = handlers

    def handle(self, entries: Sequence[Entry]) -> Mapping[str, str]:
        """One after the other; gives {entry id: reason} for those that name no job."""
        refused: dict[str, str] = {}
        for entry in entries:
            order = read_order(entry)
            handler = self._handlers.get(order.kind) if order else None
            refused |= {entry.id: NO_JOB} if handler is None else handler([entry]) or {}
        return refused
