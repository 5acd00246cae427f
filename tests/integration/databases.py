"""Services on a database of their own, for tests of one module that fill it once and only read."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from crm_core.infra.clock import Clock
from crm_core.services import Services, build_services
from crm_core.settings import Settings


@contextmanager
def open_database(servers: Settings, clock: Clock) -> Iterator[Services]:
    services = build_services(servers.with_servers(mongodb_database=f"test_{uuid.uuid4().hex[:12]}"), clock=clock)
    yield services
    services.db.client.drop_database(services.db.name)
    services.close()
