"""A sign of life of every worker, in Valkey: what the health page, metrics and ``doctor`` show."""

import json
import os
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import cast

import redis

from crm_core.infra.streams import redis_translated

BEAT_S = 2.0
SILENT_AFTER = timedelta(seconds=10)
"""A worker that has not been heard of for so long has died or hangs; it beats every 2 s."""
FORGOTTEN_AFTER = timedelta(hours=1)
_KEY = "workers"


WORKER_GROUPS = ("ingest", "campaigns", "delivery", "receipts", "jobs")
"""The kinds of workers that have to run: each is ``python -m workers.<name>``."""


@dataclass
class Activity:
    """What a worker is doing and has done since its start. state: idle, busy, outage,
    or waiting for the data to be brought forward. Counts are entries or steps.

    group: the kind of worker. name: of this one, the same after a restart.
    """

    group: str
    name: str
    state: str = "idle"
    handled: int = 0
    refused: int = 0
    failed: int = 0
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass(frozen=True)
class WorkerState:
    """The last sign of life of one worker. Times are aware UTC."""

    group: str
    name: str
    state: str
    handled: int
    refused: int
    failed: int
    pid: int
    host: str
    started_at: datetime
    beat_at: datetime

    def is_silent(self, now: datetime) -> bool:
        return now - self.beat_at > SILENT_AFTER


def record_heartbeat(client: redis.Redis, activity: Activity) -> None:
    """Say that the worker lives and what it does. Raises Unavailable."""
    sign = {
        **{name: getattr(activity, name) for name in ("group", "state", "handled", "refused", "failed")},
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "started_at": activity.started_at.timestamp(),
        "beat_at": time.time(),
    }
    with redis_translated():
        client.hset(_KEY, activity.name, json.dumps(sign))


def remove_heartbeat(client: redis.Redis, activity: Activity) -> None:
    """The worker ends in order: it is not to be reported as silent."""
    with redis_translated():
        client.hdel(_KEY, activity.name)


def read_workers(client: redis.Redis, now: datetime) -> list[WorkerState]:
    """Every worker heard of within the hour, by group and name."""
    with redis_translated():
        rows = cast("Mapping[bytes, bytes]", client.hgetall(_KEY))
    states = [_to_state(name.decode(), json.loads(sign)) for name, sign in rows.items()]
    heard = [state for state in states if now - state.beat_at < FORGOTTEN_AFTER]
    return sorted(heard, key=lambda state: (state.group, state.name))


def _to_state(name: str, sign: dict[str, float]) -> WorkerState:
    moments = {key: datetime.fromtimestamp(sign.pop(key), UTC) for key in ("started_at", "beat_at")}
    return WorkerState(name=name, **sign, **moments)  # type: ignore[arg-type]
