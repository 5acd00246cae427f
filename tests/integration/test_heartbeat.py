"""Workers' signs of life."""

from datetime import timedelta

from crm_core.infra.heartbeat import FORGOTTEN_AFTER, SILENT_AFTER, Activity, record_heartbeat, remove_heartbeat
from crm_core.infra.monitor import Monitor
from crm_core.infra.streams import Stream
from crm_core.services import Services

SECOND = timedelta(seconds=1)


def test_a_worker_says_what_it_is_and_does(services: Services) -> None:
    activity = Activity("ingest", "ingest-host-1", state="busy", handled=5, refused=2, failed=1)
    record_heartbeat(services.redis, activity)
    (found,) = services.monitor.workers()
    assert (found.group, found.name, found.state) == ("ingest", "ingest-host-1", "busy")
    assert (found.handled, found.refused, found.failed) == (5, 2, 1)
    assert found.started_at == activity.started_at


def test_a_worker_without_heartbeat_is_silent_then_forgotten_and_an_ended_one_not(
    services: Services,
) -> None:
    activity = Activity("ingest", "ingest-host-1")
    record_heartbeat(services.redis, activity)
    (found,) = services.monitor.workers()
    assert not found.is_silent(found.beat_at + SILENT_AFTER)
    assert found.is_silent(found.beat_at + SILENT_AFTER + SECOND)
    assert Monitor(services.redis, lambda: found.beat_at + FORGOTTEN_AFTER - SECOND).workers() == [found]
    assert Monitor(services.redis, lambda: found.beat_at + FORGOTTEN_AFTER).workers() == []
    remove_heartbeat(services.redis, activity)
    assert services.monitor.workers() == []


def test_a_stream_says_what_was_accepted_what_waits_and_for_how_long(services: Services) -> None:
    (before,) = services.monitor.streams([Stream.ORDERS])
    assert (before.accepted, before.waiting, before.oldest, before.lag(services.clock())) == (0, 0, None, timedelta())
    first = services.clock() - 90 * SECOND
    for second in range(3):
        entry_id = f"{int((first + second * SECOND).timestamp() * 1000)}-0"
        services.redis.xadd(Stream.ORDERS, {"d": b"{}"}, id=entry_id)
    services.redis.xdel(Stream.ORDERS, f"{int(first.timestamp() * 1000)}-0")
    (after,) = services.monitor.streams([Stream.ORDERS])
    assert (after.accepted, after.waiting, after.handled) == (3, 2, 1)
    assert after.lag(services.clock()) == 89 * SECOND
