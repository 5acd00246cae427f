"""Apps with the settings that the front door reads."""

from collections.abc import Iterator

import pytest

from tests.running_app import RunningApp, start_app

PUBLIC_URL = "https://crm.example.com"
CLOUD_URL = "https://our-crm.streamlit.app"


@pytest.fixture(scope="package")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApp]:
    """The whole product as a user starts it, shared by tests that do not disturb each other."""
    with start_app(tmp_path_factory.mktemp("app")) as running:
        yield running


@pytest.fixture(scope="package")
def public_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApp]:
    """One that people reach under a name of its own, through a proxy on this machine."""
    folder = tmp_path_factory.mktemp("public")
    with start_app(folder, CRM_PUBLIC_URL=PUBLIC_URL, CRM_TRUSTED_PROXIES="127.0.0.1, 10.0.0.0/8") as running:
        yield running


@pytest.fixture(scope="package")
def cloud_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApp]:
    """One on Streamlit Community Cloud."""
    folder = tmp_path_factory.mktemp("cloud")
    with start_app(folder, CRM_PUBLIC_URL=CLOUD_URL, CRM_HOSTING="community-cloud") as running:
        yield running
