"""The app stops in order when it is told to: no child left behind, nothing accepted lost, ready to start again."""

import signal
from pathlib import Path

import pytest
from websockets.sync.client import connect

from crm_core.access.keys import Scope
from crm_core.infra.embedded.folder import DataFolder
from crm_core.infra.embedded.platform import open_platform
from crm_core.services import build_services
from crm_core.settings import Settings
from tests.faults.shop import make_shop, stored_totals
from tests.running_app import STOP_TIMEOUT_S, start_app


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_told_to_stop_with_a_page_open_and_work_waiting_it_ends_with_all_its_children_and_keeps_the_work(
    tmp_path: Path, number: signal.Signals
) -> None:
    shop = make_shop("stop-", orders=1_000, customers=100)
    with start_app(tmp_path) as app, app.api(Scope.INGEST_WRITE) as client:
        children = app.children()
        assert len(children) >= 8  # two servers, five workers, the vendor
        with connect(app.url.replace("http", "ws", 1) + "/_stcore/stream"):
            assert client.post("/orders", json=shop.records).status_code == 202
            app.process.send_signal(number)
            app.process.wait(STOP_TIMEOUT_S)
        assert [child for child in children if child.is_running()] == []
        assert DataFolder(tmp_path).read_runtime() is None
    with open_platform(Settings(data_dir=tmp_path)) as ready:  # nobody holds the lock of the folder
        services = build_services(ready)
        assert stored_totals(services, shop) == shop.totals
        services.close()
