"""Publishing to a server that is there, away, or frozen."""

import os
import signal
from typing import Any

import pytest

from crm_core.errors import Unavailable
from crm_core.hosting.folder import DataFolder
from crm_core.infra.streams import Publisher, Stream, connect_redis
from crm_core.services import Services
from crm_core.settings import Settings


def test_a_frozen_server_counts_as_away_until_it_answers_again(servers: Settings, services: Services) -> None:
    runtime = DataFolder(servers.data_dir).read_runtime()
    assert runtime
    pid = runtime.children["valkey"].pid
    publisher = Publisher(connect_redis(servers.redis_url or "", timeout_s=0.1))
    publisher.publish(Stream.JOBS, [b"before"])
    os.kill(pid, signal.SIGSTOP)
    try:
        with pytest.raises(Unavailable, match="does not answer"):
            publisher.publish(Stream.JOBS, [b"meanwhile"])
    finally:
        os.kill(pid, signal.SIGCONT)
    publisher.publish(Stream.JOBS, [b"after"])
    entries: Any = services.redis.xrange(Stream.JOBS)
    kept = [fields[b"d"] for _, fields in entries]
    assert (kept[0], kept[-1]) == (b"before", b"after")
