"""``python -m crm_core doctor`` on servers that someone else runs, at addresses that someone wrote."""

import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pymongo
import pytest
import redis
from redis.exceptions import RedisError

from crm_core.cli.doctor_text import mask_passwords
from crm_core.hosting.ports import free_port
from crm_core.hosting.programs import find_mongod, find_valkey
from tests.doctor import Found, ask_doctor
from tests.integration.vendor_program import SECRET, VendorProgram
from tests.waiting import eventually


@contextmanager
def run_server(*argv: str) -> Iterator[None]:
    process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def standalone_mongodb(tmp_path: Path) -> Iterator[str]:
    port = free_port()
    options = ("--port", str(port), "--bind_ip", "127.0.0.1", "--dbpath", str(tmp_path), "--nounixsocket")
    with run_server(str(find_mongod()), *options), pymongo.MongoClient[dict[str, Any]]("127.0.0.1", port) as client:
        client.admin.command("ping")
        yield f"mongodb://127.0.0.1:{port}/"


@pytest.fixture
def forgetful_valkey(tmp_path: Path) -> Iterator[redis.Redis]:
    """As it comes out of the box, and told to evict."""
    port = free_port()
    options = ("--port", str(port), "--bind", "127.0.0.1", "--dir", str(tmp_path), "--maxmemory-policy", "allkeys-lru")
    with run_server(str(find_valkey()), *options), redis.Redis(port=port) as client:
        eventually(lambda: _answers(client))
        yield client


def _answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except RedisError:
        return False


def address_of(client: redis.Redis, login: str = "") -> str:
    return f"redis://{login}127.0.0.1:{client.get_connection_kwargs()['port']}/0"


@pytest.fixture
def silent_port() -> Iterator[int]:
    """Takes connections and never says a word, as a server does that is frozen."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_check_that_hangs_is_left_behind(tmp_path: Path, silent_port: int) -> None:
    found = ask_doctor(tmp_path, CRM_REDIS_URL=f"redis://127.0.0.1:{silent_port}/0?socket_timeout=600")
    assert "No answer within 3 s" in found.words("valkey")
    assert "CRM_REDIS_URL is right" in found.words("valkey")


def test_a_standalone_mongod_is_a_problem_and_how_to_make_it_a_set_is_said(
    tmp_path: Path, standalone_mongodb: str
) -> None:
    found = ask_doctor(tmp_path, CRM_MONGODB_URI=standalone_mongodb)
    assert found.status("mongodb") == "problem"
    assert "a standalone server, configured" in found.words("mongodb")
    assert "--replSet" in found.words("mongodb")
    assert "It asks for no user" in found.words("mongodb")
    assert found.report["mongodb_uri"] == standalone_mongodb


def test_a_valkey_that_forgets_is_a_problem(tmp_path: Path, forgetful_valkey: redis.Redis) -> None:
    found = ask_doctor(tmp_path, CRM_REDIS_URL=address_of(forgetful_valkey))
    assert found.status("valkey") == "problem"
    assert "no append-only file" in found.words("valkey")
    assert "maxmemory-policy is allkeys-lru" in found.words("valkey")


@pytest.mark.parametrize(
    ("rights", "hidden"),
    [
        (("-config",), "Could not be seen: its appendfsync."),
        (("-info", "-config"), "Could not be seen: its appendonly, maxmemory-policy, appendfsync."),
        (("-info",), "Could not be seen: its version."),
    ],
)
def test_what_a_hosted_server_forbids_to_see_is_a_warning(
    tmp_path: Path, forgetful_valkey: redis.Redis, rights: Sequence[str], hidden: str
) -> None:
    forgetful_valkey.config_set("appendonly", "yes", "appendfsync", "always", "maxmemory-policy", "noeviction")
    forgetful_valkey.acl_setuser("guest", True, passwords=["+secret"], keys=["*"], commands=["+@all", *rights])
    found = ask_doctor(tmp_path, CRM_REDIS_URL=address_of(forgetful_valkey, "guest:secret@"))
    assert found.status("valkey") == "warning"
    assert hidden in found.words("valkey")


def test_configured_servers_that_are_away_are_problems_with_advice(tmp_path: Path) -> None:
    port = free_port()
    found = ask_doctor(
        tmp_path,
        CRM_MONGODB_URI=f"mongodb://127.0.0.1:{port}/?replicaSet=x",
        CRM_REDIS_URL=f"redis://127.0.0.1:{port}/0",
        CRM_VENDOR_URL=f"http://127.0.0.1:{port}",
        CRM_PUBLIC_URL=f"http://127.0.0.1:{port}",
    )
    expect_mute(found, app="PUBLIC_URL")
    for name in ("mongodb", "valkey", "vendor"):
        assert "refused" in found.words(name)
    assert "CRM_VENDOR_SECRET" in found.words("vendor")
    assert list(tmp_path.iterdir()) == []


def test_configured_servers_that_hang_are_problems_too(tmp_path: Path, silent_port: int) -> None:
    expect_mute(
        ask_doctor(
            tmp_path,
            CRM_MONGODB_URI=f"mongodb://u:p@127.0.0.1:{silent_port}/",
            CRM_REDIS_URL=f"redis://u:p@127.0.0.1:{silent_port}/0",
            CRM_VENDOR_URL=f"http://127.0.0.1:{silent_port}",
            CRM_RECEIPTS_URL=f"http://127.0.0.1:{silent_port}",
        ),
        app="RECEIPTS_URL",
    )


def expect_mute(found: Found, *, app: str) -> None:
    variables = {"mongodb": "MONGODB_URI", "valkey": "REDIS_URL", "vendor": "VENDOR_URL", "app": app}
    for name, variable in variables.items():
        assert found.status(name) == "problem"
        assert f"CRM_{variable} is right" in found.words(name)


@pytest.mark.parametrize(
    ("mongodb_uri", "redis_url"),
    [
        ("mongodb://u:se/cret@127.0.0.1/", "redis://:se/cret@127.0.0.1:6379"),
        ("mongodb://u:se@cret@127.0.0.1/", "redis://127.0.0.1:port"),
        ("mongodb://127.0.0.1:port/", "redis://127.0.0.1/0?socket_timeout=secret"),
        ("mongodb://", "redis://[::1"),
    ],
)
def test_an_address_that_cannot_be_read_is_a_problem_and_is_not_quoted(
    tmp_path: Path, mongodb_uri: str, redis_url: str
) -> None:
    found = ask_doctor(tmp_path, CRM_MONGODB_URI=mongodb_uri, CRM_REDIS_URL=redis_url)
    for name in ("mongodb", "valkey"):
        assert found.status(name) == "problem"
        assert "cannot be read" in found.words(name)
        assert "cret" not in found.words(name)


@pytest.mark.parametrize(
    ("url", "masked"),
    [
        ("redis://:pw@h:1/0", "redis://:***@h:1/0"),
        ("rediss://u:p@w@h:1/0", "rediss://u:***@h:1/0"),
        ("redis://h:1/0?username=u&password=pw&db=1", "redis://h:1/0?username=u&password=***&db=1"),
        ("mongodb://u:pw@a:1,b:2/?replicaSet=x", "mongodb://u:***@a:1,b:2/?replicaSet=x"),
        ("mongodb://h/?tlsCertificateKeyFilePassword=pw", "mongodb://h/?tlsCertificateKeyFilePassword=***"),
        ("http://127.0.0.1:8501", "http://127.0.0.1:8501"),
    ],
)
def test_a_password_is_masked_wherever_an_address_has_it(url: str, masked: str) -> None:
    assert mask_passwords(url) == masked


def test_the_vendor_s_lost_callbacks_and_its_rehearsed_outage_are_warnings(tmp_path: Path) -> None:
    nobody = f"http://127.0.0.1:{free_port()}/"
    vendor = VendorProgram(tmp_path / "vendor.sqlite", nobody, ("--mean-delay-ms", "0"))
    place = {"CRM_VENDOR_URL": f"http://127.0.0.1:{vendor.port}", "CRM_VENDOR_SECRET": SECRET}
    try:
        vendor.start()
        assert ask_doctor(tmp_path, **place).status("vendor") == "ok"
        vendor.behave(outage="refuse").raise_for_status()
        found = ask_doctor(tmp_path, **place)
        assert (found.status("vendor"), "rehearses an outage" in found.words("vendor")) == ("warning", True)
        vendor.behave(outage="off").raise_for_status()
        vendor.send("c", ["c:a#0"])
        eventually(lambda: vendor.get("/v1/health")["callback_failures"])
        assert "callbacks in a row failed" in ask_doctor(tmp_path, **place).words("vendor")
    finally:
        vendor.kill()
