"""MongoDB or Valkey is stopped in mid-flow and started again: nothing that was accepted is lost, all goes on by itself.

The servers are not the app's own, as in production: it cannot bring them back.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from crm_core.access.scopes import Scope
from crm_core.hosting.platform import open_platform
from crm_core.services import Services, build_services
from crm_core.settings import Settings
from tests import plain_http
from tests.actors import OPERATOR
from tests.faults.shop import Shop, count_orders, make_shop, stored_totals
from tests.running_app import RunningApp, start_app
from tests.waiting import eventually

BATCH = 50
OTHER = {"mongodb": {"redis_url": "redis://127.0.0.1:1"}, "valkey": {"mongodb_uri": "mongodb://127.0.0.1:1"}}
"""Where the other of the two would be, so that only one is started."""


class Server:
    """One of the two, in a folder of its own; it comes back on the same port with its data."""

    def __init__(self, name: str, folder: Path) -> None:
        self._settings = Settings(data_dir=folder / name, mongodb_cache_gb=0.25).with_servers(**OTHER[name])
        self._running = ExitStack()
        self.start()

    def start(self) -> None:
        self.ready = self._running.enter_context(open_platform(self._settings, workers=False))

    def stop(self) -> None:
        self._running.close()


@dataclass
class Site:
    """The app on servers of somebody else."""

    app: RunningApp
    services: Services
    client: httpx.Client
    servers: dict[str, Server]
    accepted: list[str] = field(default_factory=list)

    @contextmanager
    def outage(self, name: str) -> Iterator[None]:
        self.servers[name].stop()
        try:
            yield
        finally:
            self.servers[name].start()

    def post(self, shop: Shop, start: int) -> httpx.Response:
        """One batch of its orders; remembers those that were accepted."""
        records = shop.records[start : start + BATCH]
        answer = self.client.post("/orders", json=records)
        if answer.status_code == 202:
            self.accepted += [record["id"] for record in records]
        return answer

    def readiness(self) -> tuple[int, dict[str, str]]:
        answer = plain_http.get(f"{self.app.url}/api/readyz", timeout=30)
        return answer.status_code, answer.json()["checks"]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("outages")
    with ExitStack() as stack:
        servers = {name: Server(name, folder) for name in ("mongodb", "valkey")}
        for server in servers.values():
            stack.callback(server.stop)
        uri, url = servers["mongodb"].ready.mongodb_uri, servers["valkey"].ready.redis_url
        assert uri
        assert url
        (folder / "app").mkdir()
        app = stack.enter_context(
            start_app(
                folder / "app",
                CRM_MONGODB_URI=uri,
                CRM_REDIS_URL=url,
                CRM_RUN_WORKERS="true",
                CRM_DEMO_ON_EXTERNAL_SERVERS="true",
            )
        )
        services = build_services(Settings(data_dir=folder / "test", mongodb_uri=uri, redis_url=url))
        stack.callback(services.close)
        key = services.keys.create("test", list(Scope), actor=OPERATOR)
        headers = {"Authorization": f"Bearer {key}"}
        client = plain_http.new_client(base_url=f"{app.url}/api/v1", headers=headers, timeout=60)
        yield Site(app, services, stack.enter_context(client), servers)


def begin(site: Site, shop: Shop) -> None:
    """The middle of a flow: the first half is accepted, and stored in part."""
    for start in range(0, len(shop.records) // 2, BATCH):
        assert site.post(shop, start).status_code == 202
    eventually(lambda: count_orders(site.services, shop), what="orders stored")


def finish(site: Site, shop: Shop) -> None:
    for start in range(len(shop.records) // 2, len(shop.records), BATCH):
        eventually(lambda start=start: site.post(shop, start).status_code, lambda status: status == 202)  # type: ignore[misc]
    assert stored_totals(site.services, shop) == shop.totals
    assert site.services.monitor.dead_count() == 0
    assert eventually(site.readiness, lambda found: found[0] == 200)[1] == {"mongodb": "ok", "valkey": "ok"}


def test_without_valkey_the_api_answers_503_and_stores_later_what_it_had_accepted(site: Site) -> None:
    shop = make_shop("valkey-away-", orders=4_000)
    begin(site, shop)
    with site.outage("valkey"):
        answer = site.post(shop, len(shop.records) // 2)
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) >= 1
        assert "stream server does not answer" in answer.json()["detail"]
        status, checks = site.readiness()
        assert (status, checks["mongodb"]) == (503, "ok")
        assert "does not answer" in checks["valkey"]
        assert plain_http.get(f"{site.app.url}/api/healthz").json() == {"status": "ok"}
    finish(site, shop)


def test_without_mongodb_the_api_keeps_accepting_and_everything_is_stored_later(site: Site) -> None:
    shop = make_shop("mongodb-away-", orders=4_000)
    begin(site, shop)
    half = len(shop.records) // 2
    with site.outage("mongodb"):
        for start in range(half, half + 10 * BATCH, BATCH):
            assert site.post(shop, start).status_code == 202
        status, checks = site.readiness()
        assert (status, checks["valkey"]) == (503, "ok")
        waiting = {state.stream.label: state.waiting for state in site.services.monitor.streams()}
        assert waiting["orders"] >= 10 * BATCH
        unknown = plain_http.get(
            f"{site.app.url}/api/v1/customers", headers={"Authorization": "Bearer cn_x"}, timeout=30
        )
        assert unknown.status_code == 503  # whether this key is known cannot be told
    finish(site, shop)


def test_an_import_begun_while_valkey_is_away_completes_when_it_is_back(site: Site, tmp_path: Path) -> None:
    shop = make_shop("import-away-", orders=3_000)
    key = site.client.headers["Authorization"].removeprefix("Bearer ")
    arguments = ("import", str(shop.write_csv(tmp_path)), "--key", key, "--url", site.app.url, "--wait")
    with site.outage("valkey"):
        importing = site.app.start_command(*arguments)
        assert importing.stderr
        assert any("answers 503: trying again" in line for line in importing.stderr)  # reads on until it is said
    _, said = importing.communicate(timeout=120)
    assert importing.returncode == 0, said
    assert "3,000 records" in " ".join(said.split())
    assert stored_totals(site.services, shop) == shop.totals
