"""The app stops in order when it is told to, and leaves no child behind."""

import signal

import pytest
from websockets.sync.client import connect

from crm_core.hosting.folder import DataFolder
from tests.faults.site import Site
from tests.running_app import STOP_TIMEOUT_S
from tests.waiting import eventually


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_told_to_stop_while_a_page_is_open_it_ends_with_all_its_children(site: Site, number: signal.Signals) -> None:
    app = site.app
    # two servers, five workers and what they fork from, the vendor
    children = eventually(app.children, lambda found: len(found) >= 9, "all processes")
    try:
        with connect(app.url.replace("http", "ws", 1) + "/_stcore/stream"):
            app.process.send_signal(number)
            app.process.wait(STOP_TIMEOUT_S)
        assert [child for child in children if child.is_running()] == []
        assert DataFolder(app.data_dir).read_runtime() is None
    finally:
        app.kill()  # should it not have stopped
