"""One app for all of these tests that run in this process: each leaves it running, with data of its own in it."""

from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import pytest

from crm_core.access.scopes import Scope
from tests.faults.site import Site
from tests.running_app import RunningApp


@pytest.fixture(scope="package")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with ExitStack() as stack:
        yield Site(tmp_path_factory.mktemp("faults"), stack)


@pytest.fixture(scope="module")
def running(site: Site) -> RunningApp:
    """For modules that do not end the app itself."""
    return site.app


@pytest.fixture(scope="package")
def client(site: Site) -> Iterator[httpx.Client]:
    """At whatever process serves the app by then."""
    with site.app.api(*Scope) as client:
        yield client
