"""The database under the kept snapshot is restarted, or put back from a backup that knows less than the snapshot."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from crm_core.infra.clock import utc_now
from crm_core.rules.text.parsing import parse_text
from crm_core.services import Services, build_services
from crm_core.settings import Settings
from tests.actors import TEST
from tests.faults.test_outages import Server
from tests.integration.feeding import store_customers
from tests.integration.kept import Apps, note_loads


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    found = Server("mongodb", tmp_path)
    yield found
    found.stop()


def count(services: Services) -> int:
    rule = parse_text("visits >= 1", services.rule_contexts.context())
    return services.previews.preview(rule, is_fresh=True, actor=TEST).count


def test_a_restart_is_gone_on_from_and_a_backup_is_loaded_anew(
    server: Server, servers: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    apps = Apps(server.ready.with_servers(redis_url=servers.redis_url), utc_now)
    data = apps.settings.data_dir / "mongodb"
    with apps.started() as services:
        store_customers(services, {"id": "a", "visits": 1})
    loads = note_loads(monkeypatch)

    server.stop()
    shutil.copytree(data, data.with_name("backup"))
    server.start()
    with apps.started() as services:
        store_customers(services, {"id": "b", "visits": 1})
        assert count(services) == 2
    assert loads == []

    server.stop()
    shutil.rmtree(data)
    data.with_name("backup").rename(data)
    server.start()
    other = build_services(apps.settings)
    store_customers(other, {"id": "c", "visits": 1}, {"id": "d", "visits": 1})
    other.close()
    with apps.started() as services:
        assert count(services) == 3, "of b the database knows nothing any more"
    assert loads == [1]
