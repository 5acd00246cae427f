"""Swagger: the page, the document behind it, and that the document says what the API does."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from crm_core.access.scopes import Scope
from crm_core.api.campaign_bodies import CampaignBody
from crm_core.ingest.wire import MODELS, WireModel
from tests.api.answers import Json
from tests.running_app import RunningApp

KEYLESS = {"/v1/receipts", "/healthz", "/readyz", "/metrics"}


@pytest.fixture(scope="module")
def document(app: RunningApp) -> Json:
    answer = httpx.get(f"{app.url}/api/openapi.json", trust_env=False)
    assert answer.status_code == 200
    found: Json = answer.json()
    return found


def test_swagger_page_reads_the_document_of_this_api(app: RunningApp) -> None:
    answer = httpx.get(f"{app.url}/api/docs", trust_env=False)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert "/api/openapi.json" in answer.text
    assert "swagger" in answer.text.lower()


def test_every_documented_path_is_served_where_the_document_says(
    app: RunningApp, document: Json, client: httpx.Client
) -> None:
    (server,) = document["servers"]
    assert server["url"] == "/api"
    for path, operations in document["paths"].items():
        for method in operations:
            answer = client.request(method, f"{app.url}/api{path}".replace("{", "").replace("}", ""))
            assert (answer.status_code, "Not Found" in answer.text) != (404, True), path
            assert answer.status_code != 405, path


@pytest.mark.parametrize(
    ("path", "model"),
    [(f"/v1/{stream.label}", model) for stream, model in MODELS.models.items()],
    ids=["customers", "orders", "events"],
)
def test_ingestion_bodies_are_documented_as_one_record_or_an_array(
    document: Json, path: str, model: type[WireModel]
) -> None:
    body = document["paths"][path]["post"]["requestBody"]
    assert body["required"]
    one, many = body["content"]["application/json"]["schema"]["oneOf"]
    record = resolve(document, one["$ref"])
    assert set(record["properties"]) == set(model.model_fields)
    assert set(record["required"]) == {name for name, info in model.model_fields.items() if info.is_required()}
    assert many["items"] == one
    assert (many["minItems"], many["maxItems"]) == (1, 1000)


def test_other_bodies_are_documented(document: Json) -> None:
    for path, fields in {
        "/v1/segments/preview": {"rule", "text", "now", "sample"},
        "/v1/segments": {"name", "rule", "text"},
        "/v1/segments/{segment_id}": {"name", "rule", "text", "version"},
        "/v1/campaigns": set(CampaignBody.model_fields),
        "/v1/campaigns/{campaign_id}": set(CampaignBody.model_fields) - {"schedule_at", "confirm_everyone"},
        "/v1/campaigns/{campaign_id}/schedule": {"schedule_at", "confirm_everyone"},
        "/v1/campaigns/{campaign_id}/launch": {"confirm_everyone"},
    }.items():
        operations = document["paths"][path]
        operation = operations.get("post") or operations["patch"]
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        assert set(resolve(document, schema["$ref"])["properties"]) == fields


def test_every_reference_of_the_document_leads_somewhere(document: Json) -> None:
    found = list(references(document))
    assert found
    for reference in found:
        resolve(document, reference)


def test_every_operation_names_its_scope_except_the_vendors_and_the_operators(document: Json) -> None:
    for path, operations in document["paths"].items():
        for operation in operations.values():
            if path in KEYLESS:
                assert "security" not in operation
                continue
            (requirement,) = operation["security"]
            (scopes,) = requirement.values()
            assert set(scopes) <= set(Scope)
            assert scopes


def resolve(document: Json, reference: str) -> Json:
    part: Any = document
    for name in reference.removeprefix("#/").split("/"):
        part = part[name.replace("~1", "/").replace("~0", "~")]
    assert isinstance(part, dict)
    return part


def references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for value in part.values():
            yield from references(value)
    elif isinstance(part, list):
        for value in part:
            yield from references(value)
