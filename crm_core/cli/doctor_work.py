"""The doctor's look at the workers and at what waits for them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta

from redis.exceptions import RedisError

from crm_core.cli.doctor_check import Check, Fault, problem, warning
from crm_core.cli.doctor_places import Places
from crm_core.cli.doctor_valkey import connect_once
from crm_core.errors import Unavailable
from crm_core.infra.clock import utc_now
from crm_core.infra.heartbeat import SILENT_AFTER, WorkerState
from crm_core.infra.heartbeat import WORKER_GROUPS as GROUPS
from crm_core.infra.monitor import WORKED, Monitor, StreamState
from crm_core.infra.streams import INGESTED, Stream

WORKERS = "workers"
STREAMS = "streams"
LONG = timedelta(minutes=1)
"""Entries are handled within a second; one that waits for so long is worth a look."""


def check_workers(places: Places) -> Check:
    """Each kind of worker, and each one heard of within the hour."""
    return _ask(WORKERS, places, _look_at_workers)


def check_streams(places: Places) -> Check:
    return _ask(STREAMS, places, _look_at_streams)


def _ask(name: str, places: Places, look: Callable[[Monitor, Places], Check]) -> Check:
    unseen = warning("They cannot be seen without Valkey.", "See Valkey above first.")
    if places.settings.redis_url is None:
        return Check(name, faults=(unseen,))
    try:
        with connect_once(places.settings.redis_url) as client:
            return look(Monitor(client, utc_now), places)
    except (Unavailable, RedisError, OSError, ValueError):
        return Check(name, faults=(unseen,))


def _look_at_workers(monitor: Monitor, places: Places) -> Check:
    now, states = utc_now(), monitor.workers()
    alive = [state for state in states if not state.is_silent(now)]
    groups = [group for group in GROUPS if group in {state.group for state in alive}]
    found = f"Heard of within {SILENT_AFTER.seconds} s: {', '.join(groups) or 'none'}."
    faults = [_missing(group, places) for group in GROUPS if group not in {state.group for state in states}]
    faults += [_silent(state, now, places) for state in states if state.is_silent(now)]
    faults += [_cut_off(state) for state in alive if state.state == "outage"]
    return Check(WORKERS, found, tuple(faults), rows=[_worker_row(state, now) for state in states])


def _missing(group: str, places: Places) -> Fault:
    return problem(f"No worker {group} was heard of within the hour.", _revive(group, places.pid(group)))


def _silent(state: WorkerState, now: datetime, places: Places) -> Fault:
    silence = (now - state.beat_at).total_seconds()
    found = f"Worker {state.name} (process {state.pid} on {state.host}) has been silent for {silence:,.0f} s."
    is_ours = places.pid(state.group) == state.pid
    return problem(found, _revive(state.group, state.pid if is_ours else None))


def _revive(group: str, pid: int | None) -> str:
    if pid is not None:
        log = f"logs/{group}.log in the data folder may say why"
        return f"If it stays so, end process {pid}: the app starts it anew. {log}."
    return f"Start it with python -m workers.{group}, or set CRM_RUN_WORKERS=true for the app to run it."


def _cut_off(state: WorkerState) -> Fault:
    found = f"Worker {state.name} waits for a server that it cannot reach."
    return warning(found, "It goes on by itself when MongoDB, Valkey and the vendor answer it.")


def _look_at_streams(monitor: Monitor, places: Places) -> Check:
    now = utc_now()
    *states, buried = monitor.streams((*WORKED, Stream.DEAD))
    dead, limit = buried.waiting, places.settings.max_backlog
    waiting = ", ".join(f"{state.waiting:,} {state.stream.label}" for state in states if state.waiting)
    faults = [fault for state in states for fault in _of_stream(state, now, limit)]
    if dead:
        advice = "The Data page of the app shows them and why."
        faults.append(warning(f"{dead:,} could not be handled and were set aside.", advice))
    found = f"Waiting: {waiting or 'nothing'}. Dead letters: {dead:,}."
    return Check(STREAMS, found, tuple(faults), rows=[_stream_row(state, now) for state in (*states, buried)])


def _of_stream(state: StreamState, now: datetime, limit: int) -> Sequence[Fault]:
    advice = "See the workers; several of a kind can run side by side."
    if state.stream in INGESTED and state.waiting >= limit:
        found = f"{state.stream.label.capitalize()} have reached CRM_MAX_BACKLOG: the API takes no more for now."
        return [problem(found, advice)]
    if state.lag(now) > LONG:
        seconds = state.lag(now).total_seconds()
        return [warning(f"The oldest of {state.stream.label} has waited for {seconds:,.0f} s.", advice)]
    return []


def _stream_row(state: StreamState, now: datetime) -> Mapping[str, object]:
    return {
        "stream": state.stream.label,
        "accepted": state.accepted,
        "handled": state.handled,
        "waiting": state.waiting,
        "lag_s": round(state.lag(now).total_seconds(), 3),
    }


def _worker_row(state: WorkerState, now: datetime) -> Mapping[str, object]:
    moments = {name: getattr(state, name).isoformat() for name in ("started_at", "beat_at")}
    return {**asdict(state), **moments, "is_silent": state.is_silent(now)}
