"""The servers that the app brings along: private, kept alive, and keeping their data."""

import os
import signal
import stat
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pymongo
import pytest
import redis
from pymongo.errors import OperationFailure
from redis.backoff import NoBackoff
from redis.retry import Retry

from crm_core.hosting import programs
from crm_core.hosting.folder import DataFolder
from crm_core.hosting.platform import open_platform
from crm_core.hosting.programs import NoEmbeddedServers
from crm_core.hosting.runtime_file import RuntimeFile
from crm_core.infra.streams import Stream
from crm_core.services import build_services
from crm_core.settings import Settings
from tests.running_app import ROOT, environment
from tests.waiting import eventually

SERVERS = ("mongod", "valkey")
ODD_NAME = "a \"quoted\" \\ 'folder' für $HOME #1 %s"


def embedded(folder: Path) -> Settings:
    return Settings(data_dir=folder, mongodb_cache_gb=0.25)


def runtime(settings: Settings) -> RuntimeFile:
    found = DataFolder(settings.data_dir).read_runtime()
    assert found
    return found


def server(settings: Settings, name: str) -> psutil.Process:
    return psutil.Process(runtime(settings).children[name].pid)


def ports(settings: Settings) -> list[int | None]:
    """Of mongod and valkey."""
    return [urlsplit(str(address)).port for address in (settings.mongodb_uri, settings.redis_url)]


def listening(settings: Settings, name: str) -> list[tuple[str, int]]:
    """The addresses on which a server takes connections."""
    connections = server(settings, name).net_connections(kind="inet")
    return [(found.laddr.ip, found.laddr.port) for found in connections if found.status == psutil.CONN_LISTEN]


def write_data(settings: Settings) -> None:
    services = build_services(settings)
    services.db.customers.insert_one({"_id": "c1"})
    services.publisher.publish(Stream.ORDERS, [b"o1"])
    services.close()


def has_data(settings: Settings) -> bool:
    services = build_services(settings)
    try:
        return services.audience.total() == 1 and services.publisher.backlog(Stream.ORDERS) == 1
    finally:
        services.close()


@dataclass(frozen=True)
class Used:
    """A data folder with something in it, whose servers are stopped: which they were, and where."""

    settings: Settings
    ports: list[int | None]
    processes: list[psutil.Process]


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> Used:
    settings = embedded(tmp_path_factory.mktemp("used") / ODD_NAME / ("long " * 25))
    with open_platform(settings, workers=False) as ready:
        write_data(ready)
        return Used(settings, ports(ready), [server(settings, name) for name in SERVERS])


def test_a_stopped_platform_leaves_no_process_and_no_runtime_file(used: Used) -> None:
    assert [process for process in used.processes if process.is_running()] == []
    assert DataFolder(used.settings.data_dir).read_runtime() is None


def test_a_restart_has_the_same_data_on_the_same_ports_and_killed_servers_come_back(used: Used) -> None:
    with open_platform(used.settings, workers=False) as ready:
        assert ports(ready) == used.ports
        assert has_data(ready)
        killed = [server(ready, name).pid for name in SERVERS]
        for pid in killed:
            os.kill(pid, signal.SIGKILL)
        eventually(lambda: not set(killed) & {mark.pid for mark in runtime(ready).children.values()})
        eventually(lambda: has_data(ready))
        assert [listening(ready, name) for name in SERVERS] == [[("127.0.0.1", port)] for port in used.ports]


def test_a_restart_on_other_ports_has_the_same_data(used: Used) -> None:
    (used.settings.data_dir / "ports.json").unlink()
    with open_platform(used.settings, workers=False) as ready:
        assert not set(ports(ready)) & set(used.ports)
        assert has_data(ready)


def test_a_second_opening_attaches_to_the_running_servers_and_stops_nothing(servers: Settings) -> None:
    before = runtime(servers)
    with open_platform(embedded(servers.data_dir)) as attached:
        assert (attached.mongodb_uri, attached.redis_url) == (before.mongodb_uri, before.redis_url)
        assert attached.vendor_secret == servers.vendor_secret
        assert runtime(servers) == before
    assert runtime(servers) == before
    assert all(server(servers, name).is_running() for name in SERVERS)


def test_another_process_attaches_too_and_stops_nothing(servers: Settings) -> None:
    before = runtime(servers)
    program = (
        "from crm_core.hosting.platform import open_platform\n"
        "from crm_core.services import build_services\n"
        "from crm_core.settings import Settings\n"
        "with open_platform(Settings.load()) as ready:\n"
        "    print(build_services(ready).audience.total())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=environment(servers.data_dir),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("0\n", "")
    assert runtime(servers) == before
    assert all(server(servers, name).is_running() for name in SERVERS)


def test_every_file_that_holds_a_password_is_for_its_owner_alone(servers: Settings) -> None:
    secrets = DataFolder(servers.data_dir).load_secrets().model_dump().values()
    holders = [
        path
        for path in [*servers.data_dir.iterdir(), *(servers.data_dir / "logs").iterdir()]
        if path.is_file() and any(secret.encode() in path.read_bytes() for secret in secrets)
    ]
    names = {path.name for path in holders}
    assert {"secrets.json", "runtime.json", "valkey.conf", "mongodb.key"} <= names
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in holders} == dict.fromkeys(names, 0o600)
    for folder in (servers.data_dir / "mongodb", servers.data_dir / "valkey", servers.data_dir / "logs"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_no_password_is_on_a_command_line(servers: Settings) -> None:
    secrets = DataFolder(servers.data_dir).load_secrets().model_dump().values()
    for name in SERVERS:
        line = " ".join(server(servers, name).cmdline())
        assert name in line
        assert not any(secret in line for secret in secrets)


def test_the_servers_listen_on_the_loopback_address_alone(servers: Settings) -> None:
    for name, port in zip(SERVERS, ports(servers), strict=True):
        assert listening(servers, name) == [("127.0.0.1", port)]


def test_without_its_password_a_server_says_nothing(servers: Settings) -> None:
    mongodb_port, valkey_port = ports(servers)
    with (
        pymongo.MongoClient[dict[str, object]]("127.0.0.1", mongodb_port, directConnection=True) as client,
        pytest.raises(OperationFailure, match="requires authentication"),
    ):
        client.clientnest.customers.find_one()
    for password in (None, "wrong"):
        stranger = redis.Redis(port=int(str(valkey_port)), password=password, retry=Retry(NoBackoff(), 0))
        with stranger, pytest.raises(redis.exceptions.AuthenticationError):
            stranger.ping()


def test_two_data_folders_have_different_passwords(tmp_path: Path) -> None:
    one, other = (DataFolder(tmp_path / name).load_secrets() for name in "ab")
    assert not set(one.model_dump().values()) & set(other.model_dump().values())
    assert DataFolder(tmp_path / "a").load_secrets() == one


def test_configured_servers_are_used_as_they_are_and_nothing_is_started(tmp_path: Path) -> None:
    settings = Settings(
        data_dir=tmp_path / "unused", mongodb_uri="mongodb://db.example.com", redis_url="redis://cache.example.com"
    )
    with open_platform(settings) as ready:
        assert ready == settings
        assert not (tmp_path / "unused").exists()


@pytest.fixture
def without_wheels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "find_spec", lambda name: None)


@pytest.mark.usefixtures("without_wheels")
def test_without_the_wheels_it_is_said_which_settings_to_make(tmp_path: Path) -> None:
    for configured in ({}, {"mongodb_uri": "mongodb://db.example.com"}, {"redis_url": "redis://cache.example.com"}):
        settings = Settings(data_dir=tmp_path).with_servers(**configured)
        with pytest.raises(NoEmbeddedServers) as caught, open_platform(settings):
            pass
        assert "CRM_MONGODB_URI" in str(caught.value)
        assert "CRM_REDIS_URL" in str(caught.value)
        assert DataFolder(tmp_path).read_runtime() is None
