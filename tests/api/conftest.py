"""Clients of the shared app."""

from collections.abc import Iterator

import httpx
import pytest

from crm_core.access.scopes import Scope
from tests.running_app import RunningApp, start_app

SECOND_SECRET = "the next secret"


@pytest.fixture(scope="package")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApp]:
    """The whole product as a user starts it, shared by tests that do not disturb each other."""
    with start_app(tmp_path_factory.mktemp("app")) as running:
        yield running


@pytest.fixture(scope="package")
def client(app: RunningApp) -> Iterator[httpx.Client]:
    """Its key may do everything and has the name "test"."""
    with app.client(app.create_key(*Scope, name="test")) as client:
        yield client


@pytest.fixture(scope="package")
def keyless(app: RunningApp) -> Iterator[httpx.Client]:
    with app.client() as client:
        yield client


@pytest.fixture(scope="package")
def customers_reader(app: RunningApp) -> Iterator[httpx.Client]:
    """Its key has the scope customers:read and no other."""
    with app.api(Scope.CUSTOMERS_READ) as client:
        yield client


@pytest.fixture(scope="package")
def segments_reader(app: RunningApp) -> Iterator[httpx.Client]:
    """Its key has the scope segments:read and no other."""
    with app.api(Scope.SEGMENTS_READ) as client:
        yield client


@pytest.fixture(scope="package")
def small_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApp]:
    """An app that soon has enough: 1,000 waiting records, and for a key without a rate of its own 4 requests.

    The vendor's secret is being replaced.
    """
    folder = tmp_path_factory.mktemp("small")
    with start_app(
        folder,
        CRM_MAX_BACKLOG="1000",
        CRM_API_RATE="2",
        CRM_API_BURST="4",
        CRM_VENDOR_SECOND_SECRET=SECOND_SECRET,
    ) as running:
        yield running
