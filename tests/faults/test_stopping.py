"""The app stops in order when it is told to, and leaves no child behind."""

import signal
from pathlib import Path

import pytest
from websockets.sync.client import connect

from crm_core.infra.embedded.folder import DataFolder
from tests.running_app import STOP_TIMEOUT_S, start_app


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_told_to_stop_while_a_page_is_open_it_ends_with_all_its_children(
    tmp_path: Path, number: signal.Signals
) -> None:
    with start_app(tmp_path) as app:
        children = app.children()
        assert len(children) >= 8  # two servers, five workers, the vendor
        with connect(app.url.replace("http", "ws", 1) + "/_stcore/stream"):
            app.process.send_signal(number)
            app.process.wait(STOP_TIMEOUT_S)
        assert [child for child in children if child.is_running()] == []
        assert DataFolder(tmp_path).read_runtime() is None
