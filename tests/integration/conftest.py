"""The population that tests of rules share; they only read it."""

from collections.abc import Iterator

import pytest

from crm_core.services import Services
from crm_core.settings import Settings
from tests.integration.population import open_shop


@pytest.fixture(scope="session")
def shop(servers: Settings) -> Iterator[Services]:
    with open_shop(servers) as services:
        yield services
