"""``python -m crm_core doctor`` beside the running app."""

import platform
import signal
from urllib.parse import urlsplit

import pymongo
import pytest
import redis

import crm_core
from tests import plain_http
from tests.doctor import Found, ask_doctor, read_doctor
from tests.running_app import RunningApp
from tests.waiting import eventually

KEYS = {
    "mongodb_uri",
    "redis_url",
    "vendor_url",
    "app_url",
    "data_dir",
    "versions",
    "ok",
    "checks",
    "streams",
    "workers",
}
CHECKS = [
    "settings",
    "app",
    "mongodb",
    "data",
    "valkey",
    "vendor",
    "workers",
    "streams",
    "disk",
    "data folder",
    "versions",
]
GROUPS = {"ingest", "campaigns", "delivery", "receipts", "jobs"}


def examine_healthy(app: RunningApp) -> Found:
    """Workers of an app that has just started have said nothing yet."""
    return eventually(lambda: ask_doctor(app.data_dir), lambda found: found.exit_code == 0, "an app without a problem")


def test_an_app_that_runs_well_has_no_problem_and_every_part_is_named(app: RunningApp) -> None:
    found = examine_healthy(app)
    assert set(found.report) == KEYS
    assert [check["name"] for check in found.report["checks"]] == CHECKS
    assert f"Runs at {app.url}, process {app.runtime.owner_pid}, and is ready" in found.words("app")
    assert "replica set clientnest, embedded" in found.words("mongodb")
    assert "Its user adds to the audit log and cannot change it." in found.words("mongodb")
    assert "embedded" in found.words("valkey")
    assert "simulated" in found.words("vendor")
    assert {found.status(name) for name in ("app", "mongodb", "data", "valkey", "vendor", "workers")} == {"ok"}
    assert {worker["group"] for worker in found.report["workers"]} == GROUPS
    streams = [stream["stream"] for stream in found.report["streams"]]
    assert streams == ["customers", "orders", "events", "deliveries", "receipts", "jobs", "short jobs", "dead"]


def test_doctor_prints_usable_addresses_and_the_versions_of_the_servers(app: RunningApp) -> None:
    report = examine_healthy(app).report
    with pymongo.MongoClient[dict[str, object]](report["mongodb_uri"]) as mongo:
        mongodb = mongo.server_info()["version"]
    with redis.Redis.from_url(report["redis_url"]) as client:
        valkey = client.info("server")["valkey_version"]
    assert report["versions"] == {
        "clientnest": crm_core.__version__,
        "python": platform.python_version(),
        "mongodb": mongodb,
        "valkey": valkey,
    }
    assert report["app_url"] == app.url
    assert report["data_dir"] == str(app.data_dir.resolve())
    for address in (f"{report['vendor_url']}/v1/counters", f"{report['app_url']}/api/healthz"):
        assert plain_http.get(address).status_code == 200


def test_the_text_shows_the_addresses_without_their_passwords(app: RunningApp) -> None:
    report = examine_healthy(app).report
    said = read_doctor(app.data_dir)
    assert said.exit_code == 0
    for name in ("mongodb_uri", "redis_url"):
        address = urlsplit(report[name])
        assert address.password
        assert address.password not in said.text
        assert f"{address.username}:***@{address.hostname}:{address.port}/" in said.words
    assert "--json shows them" in said.words


def test_the_command_itself_prints_one_object_and_nothing_else(app: RunningApp) -> None:
    report = examine_healthy(app).report
    done = app.command("doctor", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("{\n")
    assert f'"mongodb_uri": "{report["mongodb_uri"]}"' in done.stdout


@pytest.mark.parametrize("name", ["vendor", "mongod", "valkey"])
def test_a_frozen_server_of_the_app_is_a_problem_and_the_process_to_end_is_named(app: RunningApp, name: str) -> None:
    examine_healthy(app)
    frozen = app.child(name)
    frozen.suspend()
    try:
        found = ask_doctor(app.data_dir)
    finally:
        frozen.resume()
    check = "mongodb" if name == "mongod" else name
    assert found.status(check) == "problem"
    assert f"end process {frozen.pid}" in found.words(check)
    assert found.report["mongodb_uri"] == app.runtime.mongodb_uri
    examine_healthy(app)


def test_a_frozen_app_is_a_problem(app: RunningApp) -> None:
    app.process.send_signal(signal.SIGSTOP)
    try:
        found = ask_doctor(app.data_dir)
    finally:
        app.process.send_signal(signal.SIGCONT)
    assert found.status("app") == "problem"
    assert f"No good answer from {app.url}, process {app.runtime.owner_pid}" in found.words("app")
    examine_healthy(app)
