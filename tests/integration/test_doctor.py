"""``python -m crm_core doctor`` where something is wrong, against servers without an app."""

import json
import subprocess
import time
from pathlib import Path
from typing import Any, cast

import pytest

from crm_core.hosting.runtime_file import RuntimeFile
from crm_core.infra.heartbeat import WORKER_GROUPS, Activity, record_heartbeat
from crm_core.infra.monitor import WORKED
from crm_core.infra.streams import Stream
from crm_core.services import Services
from tests.doctor import Found, ask_doctor, read_doctor


def examine(services: Services, **settings: str) -> Found:
    found = services.settings
    place = {"CRM_MONGODB_URI": str(found.mongodb_uri), "CRM_MONGODB_DATABASE": found.mongodb_database}
    return ask_doctor(found.data_dir, **place | settings)


def show_workers(services: Services, *groups: str, state: str = "idle", silent_s: float = 0) -> None:
    """Signs of life of one worker a group, the last of them ``silent_s`` ago."""
    for group in groups:
        name = f"{group}-here-{state}"
        record_heartbeat(services.redis, Activity(group, name, state))
        sign: dict[str, Any] = json.loads(cast("bytes", services.redis.hget("workers", name)))
        services.redis.hset("workers", name, json.dumps({**sign, "beat_at": time.time() - silent_s}))


@pytest.mark.parametrize("folder", [".", "not/there"])
def test_without_an_app_it_says_to_start_it_and_makes_nothing(tmp_path: Path, folder: str) -> None:
    found = ask_doctor(tmp_path / folder)
    assert found.exit_code == 1
    for name in ("app", "mongodb", "valkey", "vendor"):
        assert found.status(name) == "problem"
        assert "make run" in found.words(name)
    addresses = [found.report[name] for name in ("mongodb_uri", "redis_url", "vendor_url", "app_url")]
    assert addresses == [None] * 4
    assert (found.report["streams"], found.report["workers"]) == ([], [])
    said = read_doctor(tmp_path / folder)
    assert said.exit_code == 1
    assert "make run" in said.words
    assert list(tmp_path.iterdir()) == []


def test_an_app_that_was_killed_is_told_from_one_that_never_ran(tmp_path: Path) -> None:
    with subprocess.Popen(["true"]) as process:
        process.wait()
    left = RuntimeFile(
        owner_pid=process.pid,
        is_ready=True,
        mongodb_uri="mongodb://127.0.0.1:1/",
        redis_url="redis://127.0.0.1:1/0",
        vendor_secret="any",
    )
    (tmp_path / "runtime.json").write_text(left.model_dump_json())
    found = ask_doctor(tmp_path)
    assert f"process {process.pid}) ended without stopping" in found.words("app")
    assert found.report["mongodb_uri"] is None


@pytest.mark.parametrize("text", ["", "{}", "[1", '{"owner_pid": "x"}'])
def test_a_damaged_runtime_file_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "runtime.json"
    path.write_text(text)
    found = ask_doctor(tmp_path)
    assert found.status("app") == "problem"
    assert f"{path} cannot be read" in found.words("app")


def test_a_wrong_setting_is_named(tmp_path: Path) -> None:
    found = ask_doctor(tmp_path, CRM_MAX_BODY_MB="999", CRM_REDIS_URL="http://:hidden@127.0.0.1")
    assert found.status("settings") == "problem"
    assert "CRM_MAX_BODY_MB: must be at most 64" in found.words("settings")
    assert "CRM_REDIS_URL" in found.words("settings")
    said = read_doctor(tmp_path, CRM_MAX_BODY_MB="999")
    assert said.exit_code == 1
    assert "CRM_MAX_BODY_MB" in said.words


def test_servers_without_an_app_are_shown_with_records_and_all_workers_missing(services: Services) -> None:
    services.db.customers.insert_many([{"_id": f"c{n}"} for n in range(3)])
    found = examine(services)
    assert (found.status("mongodb"), found.status("valkey")) == ("ok", "ok")
    assert "3 customers, 0 orders, 0 events" in found.words("mongodb")
    assert "No app: a command" in found.words("app")
    assert found.status("vendor") == "problem"
    assert found.status("workers") == "problem"
    for group in WORKER_GROUPS:
        assert f"No worker {group} was heard of" in found.words("workers")
        assert f"python -m workers.{group}" in found.words("workers")


def test_looking_changes_nothing_in_the_servers(services: Services) -> None:
    services.redis.flushdb()
    found = examine(services, CRM_MONGODB_DATABASE="never_made")
    assert found.status("mongodb") == "ok"
    assert "never_made" not in services.db.client.list_database_names()
    assert services.redis.dbsize() == 0


def test_a_worker_that_fell_silent_is_a_problem(services: Services) -> None:
    show_workers(services, *WORKER_GROUPS)
    assert examine(services).status("workers") == "ok"
    show_workers(services, "receipts", silent_s=30)
    found = examine(services)
    assert found.status("workers") == "problem"
    assert "Worker receipts-here-idle" in found.words("workers")
    assert "has been silent for 30 s" in found.words("workers")
    assert {row["name"]: row["is_silent"] for row in found.report["workers"]}["receipts-here-idle"] is True


def test_a_worker_that_waits_for_a_server_is_a_warning(services: Services) -> None:
    show_workers(services, *WORKER_GROUPS)
    show_workers(services, "delivery", state="outage")
    found = examine(services)
    assert found.status("workers") == "warning"
    assert "delivery-here-outage waits for a server" in found.words("workers")


def test_the_worst_of_several_faults_counts_and_all_are_told(services: Services) -> None:
    show_workers(services, *WORKER_GROUPS)
    show_workers(services, "delivery", state="outage")
    show_workers(services, "jobs", silent_s=30)
    found = examine(services)
    assert found.status("workers") == "problem"
    assert "delivery-here-outage waits for a server" in found.words("workers")
    assert "Worker jobs-here-idle" in found.words("workers")


def test_a_check_that_breaks_off_is_a_finding_and_the_others_are_made(services: Services) -> None:
    services.redis.hset("workers", "of-another-version", "{}")
    found = examine(services)
    assert found.status("workers") == "problem"
    assert "broke off with KeyError" in found.words("workers")
    assert found.status("mongodb") == "ok"


def test_a_disk_that_is_nearly_full_is_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ask_doctor(tmp_path).status("disk") == "ok"
    monkeypatch.setattr("crm_core.cli.doctor_host.LITTLE_BYTES", 10**18)
    assert ask_doctor(tmp_path).status("disk") == "warning"


def test_what_waits_is_counted_and_what_waits_long_or_was_set_aside_is_a_warning(services: Services) -> None:
    assert examine(services).status("streams") == "ok"
    services.publisher.publish(Stream.ORDERS, [b"{}", b"{}"])
    services.redis.xadd(Stream.JOBS, {"d": "{}"}, id=f"{int((time.time() - 300) * 1000)}-0")
    services.redis.xadd(Stream.DEAD, {"d": "{}"})
    found = examine(services)
    assert found.status("streams") == "warning"
    assert "Waiting: 2 orders, 1 jobs. Dead letters: 1" in found.words("streams")
    assert "The oldest of jobs has waited for 300 s" in found.words("streams")
    assert "Data page" in found.words("streams")
    waiting = {row["stream"]: row["waiting"] for row in found.report["streams"]}
    assert waiting == {**{stream.label: 0 for stream in WORKED}, "orders": 2, "jobs": 1, "dead": 1}


def test_a_full_backlog_is_a_problem(services: Services) -> None:
    services.publisher.publish(Stream.EVENTS, [b"{}"] * 1000)
    found = examine(services, CRM_MAX_BACKLOG="1000")
    assert found.status("streams") == "problem"
    assert "CRM_MAX_BACKLOG" in found.words("streams")


def test_a_wrong_password_is_told_from_a_server_that_is_away(services: Services) -> None:
    mongodb, valkey = str(services.settings.mongodb_uri), str(services.settings.redis_url)
    found = examine(
        services,
        CRM_MONGODB_URI=f"mongodb://clientnest:wrong@{mongodb.partition('@')[2]}",
        CRM_REDIS_URL=f"redis://:wrong@{valkey.partition('@')[2]}",
    )
    assert "MongoDB refuses the user or the password" in found.words("mongodb")
    assert "Valkey refuses the user or the password" in found.words("valkey")
