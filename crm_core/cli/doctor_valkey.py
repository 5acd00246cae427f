"""The doctor's look at Valkey or Redis: there, new enough, and keeping what it is given."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, cast

import redis
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, RedisError, ResponseError
from redis.retry import Retry

from crm_core.cli.doctor_check import ANSWER_S, Check, Fault, problem, warning
from crm_core.cli.doctor_places import START, Places
from crm_core.hosting.valkey import SYNC
from crm_core.infra.streams import connect_redis

VALKEY = "valkey"
OLDEST = 7
"""The first that says how many entries a stream ever had (XINFO STREAM, entries-added). Source: Redis manual."""
_VARIABLE = "redis_url"
_KEEP = "Set appendonly yes and appendfsync always in its configuration (hosted: turn on persistence)."
Seen = Mapping[str, Any]


def connect_once(url: str) -> redis.Redis:
    """A client that tries once, and waits shortly."""
    client = connect_redis(url, timeout_s=ANSWER_S)
    client.set_retry(Retry(NoBackoff(), 0))
    return client


def check_valkey(places: Places) -> Check:
    url = places.settings.redis_url
    if url is None:
        return Check(VALKEY, faults=(problem("No Valkey or Redis is known.", f"{START} Or set CRM_REDIS_URL."),))
    try:
        with connect_once(url) as client:
            return _look(client, places.origin(VALKEY, _VARIABLE), is_ours=places.pid(VALKEY) is not None)
    except (RedisError, OSError, ValueError) as exc:
        return Check(VALKEY, faults=(_to_fault(exc, places),))


def _look(client: redis.Redis, origin: str, *, is_ours: bool) -> Check:
    """is_ours: started by the app, which gives it its configuration."""
    client.ping()
    seen: dict[str, Any] = {"appendfsync": SYNC} if is_ours else {}
    with suppress(ResponseError):  # hosted servers forbid their users one or the other
        seen |= client.info()
    with suppress(ResponseError):
        seen |= cast("Seen", client.config_get("appendonly", "appendfsync", "maxmemory-policy"))
    version = seen.get("valkey_version") or seen.get("redis_version")
    name = "Valkey" if "valkey_version" in seen else "Redis"
    memory = seen.get("used_memory_human", "of unknown size")
    found = f"{name} {version or 'of unknown version'}, {origin}; {memory} of memory used."
    return Check(VALKEY, found, (*_of_server(seen), *_of_keeping(seen)), version and str(version))


def _of_server(seen: Seen) -> list[Fault]:
    faults = []
    version = str(seen.get("redis_version", ""))  # Valkey says here which Redis it is compatible with
    if not version:
        faults.append(warning("Could not be seen: its version.", f"See that it is {OLDEST} or newer."))
    elif int(version.partition(".")[0]) < OLDEST:
        faults.append(problem(f"It is older than {OLDEST}.", f"Move to Redis {OLDEST}, any Valkey, or newer."))
    if seen.get("role", "master") != "master":
        faults.append(problem("It is a replica, which takes no writes.", "Name its primary in CRM_REDIS_URL."))
    return faults


def _of_keeping(seen: Seen) -> list[Fault]:
    """Whether what was accepted outlives a restart, and a full memory."""
    faults = []
    kept = {"1": True, "yes": True, "0": False, "no": False}.get(str(seen.get("aof_enabled", seen.get("appendonly"))))
    policy, sync = seen.get("maxmemory_policy", seen.get("maxmemory-policy")), seen.get("appendfsync")
    if kept is False:
        faults.append(problem("It keeps no append-only file: a restart loses accepted records.", _KEEP))
    if policy not in {None, "noeviction"}:
        found = f"Its maxmemory-policy is {policy}: it may throw accepted records away when memory runs out."
        faults.append(problem(found, "Set maxmemory-policy noeviction."))
    if kept and sync not in {None, "always"}:
        faults.append(warning(f"Its appendfsync is {sync}: a power cut loses the last moments.", _KEEP))
    hidden = [name for name, value in _keeping(kept, policy, sync).items() if value is None]
    if hidden:
        advice = "See with its provider that it keeps an append-only file and never evicts."
        faults.append(warning(f"Could not be seen: its {', '.join(hidden)}.", advice))
    return faults


def _keeping(kept: bool | None, policy: object, sync: object) -> dict[str, object]:
    named = {"appendonly": kept, "maxmemory-policy": policy}
    return named if kept is False else {**named, "appendfsync": sync}


def _to_fault(exc: Exception, places: Places) -> Fault:
    if isinstance(exc, AuthenticationError):  # also when it wants a password and none is given
        return problem("Valkey refuses the user or the password.", "Correct both in CRM_REDIS_URL.")
    if isinstance(exc, ValueError):
        return problem(
            "The address of Valkey cannot be read.",
            "Correct CRM_REDIS_URL; signs such as @ : / in user and password are written as %40 %3A %2F.",
        )
    return problem(f"Valkey does not answer: {str(exc).rstrip('.')}.", places.remedy(VALKEY, _VARIABLE))
