"""MongoDB goes away and comes back: the snapshot goes on answering, says how old it is, and catches up by itself."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from crm_core.audience.preview import Source
from crm_core.audience.snapshot.keeper import Status
from crm_core.errors import Unavailable
from crm_core.infra.clock import utc_now
from crm_core.rules.text.parsing import parse_text
from crm_core.services import Services, build_services
from crm_core.settings import Settings
from tests.actors import TEST
from tests.faults.test_outages import Server
from tests.integration.feeding import store_customers

LONG_S = 60.0


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    found = Server("mongodb", tmp_path)
    yield found
    found.stop()


@pytest.fixture
def live(server: Server, servers: Settings) -> Iterator[Services]:
    """On a MongoDB that can be stopped."""
    settings = server.ready.with_servers(redis_url=servers.redis_url)
    built = build_services(settings, clock=utc_now)
    built.snapshot.start()
    built.snapshot.wait_until(lambda state: state.status is Status.READY, LONG_S)
    yield built
    built.close()


def test_the_snapshot_outlives_an_outage_and_catches_up(live: Services, server: Server) -> None:
    store_customers(live, {"id": "a", "visits": 2}, {"id": "b", "visits": 0})
    rule = parse_text("visits > 1", live.rule_contexts.context())
    assert live.previews.preview(rule, is_fresh=True, actor=TEST).count == 1
    before = live.previews.in_memory(rule, actor=TEST)
    assert before is not None
    server.stop()
    state = live.snapshot.wait_until(lambda found: found.status is Status.AWAY, LONG_S)
    during = live.previews.in_memory(rule, actor=TEST)
    assert during is not None
    assert (during.count, during.source, during.as_of) == (1, Source.MEMORY, state.as_of)
    with pytest.raises(Unavailable):  # whoever needs all that was stored gets no old number instead
        live.previews.preview(rule, is_fresh=True, actor=TEST)
    server.start()
    live.snapshot.wait_until(lambda found: found.status is Status.READY, LONG_S)
    store_customers(live, {"id": "c", "visits": 5})
    after = live.previews.preview(rule, is_fresh=True, actor=TEST)
    assert (after.count, after.source) == (2, Source.MEMORY)
