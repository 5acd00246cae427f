"""A job as it is stored in ``jobs``, for the type checker: long work with one lifecycle, whatever its kind."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, TypedDict, cast

from bson import ObjectId
from pymongo.collection import Collection

from crm_core.infra.mongo import Db, Doc


class JobState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


UNFINISHED = (JobState.QUEUED, JobState.RUNNING)
KEPT = timedelta(days=30)
"""After the last sign of life, and so after its end, a job is removed."""


class JobFields(TypedDict, total=False):
    """What every job has. Times are aware UTC.

    runs: how often a worker began with it; who holds an older number than the stored one may not write any more.
    done, total: progress, in the unit of the kind. heartbeat_at: when its worker last wrote to it. entry: id of the
    stream entry that asks for it. expires_at: when it is removed. sole: while unfinished, the only job with that value.
    """

    kind: str
    state: JobState
    runs: int
    done: int
    total: int
    created_by: str
    created_at: datetime
    started_at: datetime
    heartbeat_at: datetime
    finished_at: datetime
    cancelled_by: str
    failure: str
    result: Doc
    entry: str
    expires_at: datetime
    sole: str


class DemoFields(TypedDict, total=False):
    """params: of DemoLoader.load. positions: the last entry of each stream that it published."""

    params: dict[str, int]
    positions: dict[str, str]


class ImportFields(TypedDict, total=False):
    """records: the kind of records in the file. mapping: ``{"column", "target"}``. errors: the first rejected lines.
    position: of the last entry that it published. lifts_denials: as in ImportOptions. denials_kept: denials on record
    that it would have lifted."""

    name: str
    size: int
    format: str
    records: str
    mapping: list[dict[str, str]]
    accepted: int
    rejected: int
    errors: list[dict[str, Any]]
    position: str | None
    lifts_denials: bool
    denials_kept: int


class RehearsalFields(TypedDict, total=False):
    """clock: its virtual time. waiting: customers who wait for the end of quiet hours. revision: of the draft, when it
    was asked for."""

    campaign_id: str
    revision: int
    start_at: datetime
    clock: datetime
    waiting: int


class RefitFields(TypedDict, total=False):
    """orders: in the database when it was asked for. after: the last customer id that is done. written: customers who
    have predictions by now."""

    orders: int
    after: str
    written: int


class ExportFields(TypedDict, total=False):
    """Beside ``name`` (of whom it is), ``size`` (of the file in bytes) and ``after`` (the last customer who is in it).
    segment_id: absent for a rule that is none's. rule: as it is dumped. columns: of the file. parts: ids of the pieces
    of the file, in order. file_until: how long it is kept."""

    segment_id: str
    rule: Doc
    columns: list[str]
    parts: list[ObjectId]
    file_until: datetime


class JobChange(JobFields, DemoFields, ImportFields, RehearsalFields, RefitFields, ExportFields, total=False):
    """What one update sets."""


class Job(JobChange):
    _id: str


def ended(state: JobState, now: datetime) -> JobChange:
    """What the end of a job sets, whatever its end is."""
    return {"state": state, "finished_at": now, "expires_at": now + KEPT}


def jobs_in(db: Db) -> Collection[Job]:
    return cast("Collection[Job]", db.jobs)
