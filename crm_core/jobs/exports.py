"""Exports of customers: asked for on a page, written by the jobs worker, taken as a file within a day."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from crm_core.access.actor import Actor
from crm_core.access.audit import AuditLog
from crm_core.access.permissions import Permission
from crm_core.audience.audited_rules import audited_rule
from crm_core.audience.contexts import RuleContexts
from crm_core.audience.segments import Segments
from crm_core.errors import Conflict, NotFound
from crm_core.infra.clock import Clock
from crm_core.infra.streams import Stream
from crm_core.jobs.export_parts import KEPT, ExportParts
from crm_core.jobs.model import Job, JobChange, JobState
from crm_core.jobs.store import JobKind, JobStore
from crm_core.rules.binding import bind
from crm_core.rules.loading import dump_rule, load_rule
from crm_core.rules.tree import AnyRule

EXPORT = JobKind(
    "export",
    "export",
    Stream.SHORT_JOBS,
    "The jobs worker gave it up, or never got it. No file is kept; ask for the export again.",
)
UNLISTED = {"rule": False, "parts": False, "columns": False}
"""A rule may name a million customers."""


@dataclass(frozen=True)
class ExportFile:
    """size: in bytes. parts: of it, in order; reading raises NotFound when they are gone meanwhile."""

    name: str
    size: int
    parts: Iterator[bytes] = field(repr=False)


class Exports:
    """Each call raises Unavailable while a server is away."""

    def __init__(
        self,
        store: JobStore,
        parts: ExportParts,
        segments: Segments,
        contexts: RuleContexts,
        audit: AuditLog,
        clock: Clock,
    ) -> None:
        self._store = store
        self._parts = parts
        self._segments = segments
        self._contexts = contexts
        self._audit = audit
        self._clock = clock

    def start_segment(self, segment_id: str, *, actor: Actor) -> Job:
        """Ask the jobs worker for the customers of a segment, by its rule of now. Raises NotFound, BadRule."""
        actor.require(Permission.EXPORT_CUSTOMERS)
        segment = self._segments.get(segment_id)
        return self._start(load_rule(segment["rule"]), segment["name"], {"segment_id": segment_id}, actor)

    def start_rule(self, rule: AnyRule, name: str, *, actor: Actor) -> Job:
        """The same for whom a rule reaches. name: of these customers, for people. Raises BadRule."""
        actor.require(Permission.EXPORT_CUSTOMERS)
        return self._start(rule, name, {}, actor)

    def cancel(self, export_id: str, *, actor: Actor) -> Job:
        """Write no more, and keep no file. Raises NotFound, and Conflict when it has ended otherwise."""
        actor.require(Permission.EXPORT_CUSTOMERS)
        return self._store.cancel(EXPORT, export_id, actor=actor)

    def recent(self, *, actor: Actor, limit: int = 5) -> list[Job]:
        """Those of the last day, whoever asked for them, the newest first, without their rules and parts.

        One that no worker has or will get shows as failed.
        """
        actor.require(Permission.EXPORT_CUSTOMERS)
        since = {"$gt": self._clock() - KEPT}
        found, _ = self._store.page(EXPORT, limit=limit, fields=dict(UNLISTED), created_at=since)
        return found

    def open(self, export_id: str, *, actor: Actor) -> ExportFile:
        """The file, audited as taken. Raises NotFound, also for one that is not kept any more, and Conflict for one
        that is not whole."""
        actor.require(Permission.EXPORT_CUSTOMERS)
        job = self._store.get(EXPORT, export_id)
        if job["state"] != JobState.DONE:
            raise Conflict(f"This export is {job['state']}; there is a file once it is done.")
        if job["file_until"] <= self._clock():
            raise NotFound(f"This file was kept for {KEPT.days} day and is gone. Export the customers again.")
        details = {"name": job["name"], "customers": job["done"], **_segment(job)}
        self._audit.record(actor, "export.download", export_id, details)
        return ExportFile(file_name(job), job["size"], self._parts.read(job["parts"]))

    def _start(self, rule: AnyRule, name: str, fields: JobChange, actor: Actor) -> Job:
        bind(rule, self._contexts.context())
        dumped = dump_rule(rule)
        asked: JobChange = {**fields, "name": name, "rule": dumped, "size": 0, "parts": []}
        details = {"name": name, **_segment(asked), "rule": audited_rule(dumped, self._audit.pseudonyms)}
        return self._store.ask(EXPORT, asked, actor=actor, action="export.start", details=details)


def file_name(job: Job) -> str:
    """Such as ``loyal-customers-2026-06-15.csv``."""
    words = re.sub(r"\W+", "-", job["name"].lower()).strip("-") or "customers"
    return f"{words}-{job['created_at']:%Y-%m-%d}.csv"


def _segment(job: JobChange) -> dict[str, str]:
    return {"segment": job["segment_id"]} if "segment_id" in job else {}
