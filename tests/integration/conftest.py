"""The population that tests of rules share and only read, a campaign's workers with an audience, and a stream."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from crm_core.infra.mongo import connect
from crm_core.infra.streams import connect_redis
from crm_core.services import Services, build_services
from crm_core.settings import Settings
from crm_core.workspace.kinds import read_rates
from tests.databases import as_administrator, empty
from tests.engines.agreement import new_database
from tests.integration.campaign_rig import Rig
from tests.integration.feeding import store_customers
from tests.integration.population import open_shop
from tests.integration.stream_line import Line
from tests.old_data import store_old_data
from tests.workspace import lock_workspace


@pytest.fixture(scope="session")
def shop(servers: Settings) -> Iterator[Services]:
    with open_shop(servers) as services:
        yield services


@pytest.fixture
def line(servers: Settings) -> Iterator[Line]:
    assert servers.redis_url
    client = connect_redis(servers.redis_url)
    client.flushdb()
    yield Line(client)
    client.flushdb()
    client.close()


@pytest.fixture
def old(servers: Settings) -> Iterator[Settings]:
    """Settings of a database with data of version 0 and none of today's indexes, with an administrator's rights."""
    settings = as_administrator(servers).with_servers(mongodb_database="test_old")
    db = connect(str(settings.mongodb_uri), settings.mongodb_database)
    empty(db)
    store_old_data(db)
    yield settings
    db.client.drop_database(db.name)
    db.client.close()


@pytest.fixture
def rig(services: Services) -> Rig:
    denied = {"consent": {"in_app": "denied"}}
    store_customers(
        services,
        *({"id": f"c{n}", "visits": 1, "name": f"Name{n} Family"} for n in range(1, 4)),
        {"id": "c4", "visits": 2, **denied},
        {"id": "c5", "visits": 0},
        {"id": "c6", "visits": 1, "consent": {"in_app": "granted", "sms": "denied"}},
    )
    return Rig(services)


@pytest.fixture
def with_rates(services: Services) -> Iterator[Callable[[str], Services]]:
    """Makes services like ``services`` whose channels have rates, such as ``in_app=4``."""
    with ExitStack() as stack:

        def build(rates: str) -> Services:
            made = build_services(services.settings, clock=services.clock)
            lock_workspace(made, channel_rates=read_rates(rates))
            stack.callback(made.close)
            return made

        yield build


@pytest.fixture(scope="module")
def village(servers: Settings) -> Iterator[Services]:
    """Services over a database whose customers a test makes anew, again and again."""
    services = build_services(servers.with_servers(mongodb_database=new_database()))
    yield services
    services.db.client.drop_database(services.db.name)
    services.close()
