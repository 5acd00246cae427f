"""Pages run in this process, on real servers: what the services of a test hold is what they show."""

from collections.abc import Iterator
from functools import cache

import pytest
import streamlit as st
from streamlit.components.v2 import manifest_scanner
from streamlit.runtime import context

from crm_core.services import Services, install
from tests.ui.shop import Shop, make_shop


@pytest.fixture(scope="session", autouse=True)
def _installed_packages_are_read_once() -> Iterator[None]:
    """AppTest looks for components in the metadata of all packages, for each page anew: half of the time."""
    with pytest.MonkeyPatch.context() as patched:
        scan = manifest_scanner.scan_component_manifests
        patched.setattr(manifest_scanner, "scan_component_manifests", cache(scan))
        yield


@pytest.fixture(autouse=True)
def _no_browser_is_connected(monkeypatch: pytest.MonkeyPatch) -> None:
    """Streamlit's test runner has a mock in its place, whose address is no text."""
    monkeypatch.setattr(context, "_get_client_context", lambda: None)


@pytest.fixture(autouse=True)
def _nothing_remembered() -> Iterator[None]:
    """What pages have read for one test is not shown to the next."""
    st.cache_data.clear()
    yield
    st.cache_data.clear()


@pytest.fixture
def workspace(services: Services) -> Iterator[Services]:
    """The services that pages are handed: an empty workspace at first."""
    install(services)
    yield services
    install(None)


@pytest.fixture
def shop(workspace: Services) -> Shop:
    """A small shop, stored in the workspace."""
    made = make_shop()
    made.store_in(workspace)
    return made
