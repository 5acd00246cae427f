"""Waits until the records that were accepted are stored."""

from collections.abc import Callable

from crm_core.errors import Unavailable
from crm_core.imports.running.connection import ApiConnection
from crm_core.imports.running.ingestion_status import StreamStatus, fetch_status

STILL_S = 120.0
POLL_S = 0.2


def wait_until_stored(connection: ApiConnection, kind: str, position: str | None, tell: Callable[[int], None]) -> None:
    """Return when the stream of ``kind`` is stored up to ``position``, or altogether when that is unknown.

    tell: called with how many records wait, again and again. Raises Unavailable when nothing moves for two minutes.
    """
    moved, last = connection.pause.now(), None
    while not (status := _fetch(connection, kind)).has_stored(position):
        tell(status.waiting)
        if last is None or status.oldest != last.oldest or status.waiting < last.waiting:
            moved = connection.pause.now()
        elif connection.pause.now() - moved > STILL_S:
            raise Unavailable(
                f"{status.waiting:,} records wait to be stored, and none was for {STILL_S:.0f} s; none is lost. "
                "Is the ingest worker running? The same command goes on waiting."
            )
        last = status
        connection.pause.sleep(POLL_S)


def _fetch(connection: ApiConnection, kind: str) -> StreamStatus:
    status = fetch_status(connection)
    if status is None or kind not in status.streams:
        raise cannot_wait(connection)
    return status.streams[kind]


def cannot_wait(connection: ApiConnection) -> Unavailable:
    return Unavailable(
        f"The API at {connection.url} cannot say what is stored: it is of an older version. Import without --wait."
    )
