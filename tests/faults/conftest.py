"""An app of its own for each module: these tests disturb it."""

from collections.abc import Iterator

import httpx
import pytest

from crm_core.access.keys import Scope
from tests.running_app import RunningApp, start_app


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApp]:
    with start_app(tmp_path_factory.mktemp("faults")) as app:
        yield app


@pytest.fixture(scope="module")
def client(running: RunningApp) -> Iterator[httpx.Client]:
    with running.api(*Scope) as client:
        yield client
