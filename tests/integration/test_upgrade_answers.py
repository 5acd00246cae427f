"""What API, command line and doctor say while the data are brought forward."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from crm_core.api.app import create_api
from crm_core.cli.main import app as command_line
from crm_core.infra.clock import utc_now
from crm_core.infra.mongo import Doc
from crm_core.services import Services, note_upgrade
from crm_core.settings import Settings
from crm_core.upgrades.progress import UpgradeProgress
from crm_core.upgrades.steps import STEPS
from crm_core.upgrades.version import VERSION_ID
from tests.doctor import Found, ask_doctor

PROGRESS = UpgradeProgress(step=1, steps=3, title="channels of messages", noun="messages", done=5, total=9)
SENTENCE = (
    "Your data are being brought forward to this version: step 1 of 3 (channels of messages), 5 of 9 messages. "
    "Nothing is stored or sent before that is done."
)


@pytest.fixture
def upgrading() -> Iterator[TestClient]:
    note_upgrade(PROGRESS)
    yield TestClient(create_api())
    note_upgrade(None)


def operations(client: TestClient) -> list[tuple[str, str]]:
    paths = client.get("/openapi.json").json()["paths"]
    return [(method, path) for path, found in paths.items() for method in found if path != "/healthz"]


def test_every_call_of_the_api_answers_503_and_says_when_to_come_back(upgrading: TestClient) -> None:
    found = operations(upgrading)
    assert len(found) > 30
    for method, path in found:
        answer = upgrading.request(method, path)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "10"), (method, path)
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["title"] == "Your data are being brought forward to this version"
        assert answer.json()["detail"] == SENTENCE


def test_the_process_is_alive_but_not_ready(upgrading: TestClient) -> None:
    assert upgrading.get("/healthz").json() == {"status": "ok"}
    assert upgrading.get("/readyz").status_code == 503


def test_a_command_brings_old_data_forward_and_says_so(old: Settings) -> None:
    environment = {
        "CRM_DATA_DIR": str(old.data_dir),
        "CRM_MONGODB_URI": str(old.mongodb_uri),
        "CRM_MONGODB_DATABASE": old.mongodb_database,
    }
    done = CliRunner().invoke(
        command_line, ["key", "create", "--name", "a", "--scopes", "segments:read"], env=environment
    )
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("cn_")
    said = " ".join(done.stderr.split())
    assert "Your data are being brought forward to this version. Nothing is stored or sent" in said
    assert examine(old).words("data") == f"Version {len(STEPS)}, the newest."


def look(services: Services, **version: object) -> Found:
    services.db.workspace.replace_one({"_id": VERSION_ID}, version, upsert=True)
    return examine(services.settings)


def examine(settings: Settings) -> Found:
    place = {"CRM_MONGODB_URI": str(settings.mongodb_uri), "CRM_MONGODB_DATABASE": settings.mongodb_database}
    return ask_doctor(settings.data_dir, **place)


def lease(seconds: float) -> Doc:
    return {"by": "another", "until": utc_now() + timedelta(seconds=seconds)}


def test_the_doctor_says_that_data_are_of_the_newest_version(services: Services) -> None:
    found = look(services, version=len(STEPS))
    assert (found.status("data"), found.words("data")) == ("ok", f"Version {len(STEPS)}, the newest.")


def test_the_doctor_says_how_far_an_upgrade_is(services: Services) -> None:
    mark = {"walk": 0, "after": "c1", "done": 5, "total": 9}
    found = look(services, version=1, begun_at=1, lease=lease(10), mark=mark)
    assert found.status("data") == "warning"
    assert f"step 1 of {len(STEPS)} (channels of messages), 5 of 9 messages" in found.words("data")
    assert "Nothing is stored or sent" in found.words("data")


def test_the_doctor_says_when_nobody_brings_old_data_forward(services: Services) -> None:
    for found in (look(services, version=2), look(services, version=2, begun_at=0, lease=lease(-1))):
        assert found.status("data") == "warning"
        assert "nobody brings them forward now" in found.words("data")
        assert "Start the app: it goes on where it was." in found.words("data")


def test_the_doctor_says_why_an_upgrade_has_stopped(services: Services) -> None:
    found = look(services, version=1, begun_at=1, lease=lease(20), failure="step 1 failed with OutOfDiskSpace.")
    assert found.status("data") == "problem"
    assert "has stopped: step 1 failed with OutOfDiskSpace" in found.words("data")


def test_the_doctor_names_data_of_a_newer_program(services: Services) -> None:
    found = look(services, version=len(STEPS) + 1)
    assert found.status("data") == "problem"
    assert f"version {len(STEPS) + 1}; this one knows up to {len(STEPS)}" in found.words("data")
