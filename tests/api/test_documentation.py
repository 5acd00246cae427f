"""Swagger: the page, the document behind it, and that the document says what the API does."""

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from crm_core.access.scopes import Scope
from crm_core.api.campaign_bodies import CampaignBody
from crm_core.ingest.wire import MODELS, WireModel
from tests.api.answers import Json
from tests.api_contract import references
from tests.front_door.browser import signed_in
from tests.running_app import RunningApp

PUBLIC = {"get /healthz", "get /readyz"}
KEY, SIGNATURE = "HTTPBearer", "VendorSignature"
OTHERWISE = {"post /v1/receipts": SIGNATURE, "get /metrics": "MetricsToken"}


@pytest.fixture(scope="module")
def document(app: RunningApp) -> Json:
    answer = signed_in(app).get("/api/openapi.json")
    assert answer.status_code == 200
    found: Json = answer.json()
    return found


def test_swagger_page_reads_the_document_of_this_api(app: RunningApp) -> None:
    answer = signed_in(app).get("/api/docs")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    script = signed_in(app).get("/api/docs/start.js")
    assert "/api/openapi.json" in script.text


def test_swagger_page_loads_nothing_from_elsewhere(app: RunningApp) -> None:
    reader = signed_in(app)
    page = reader.get("/api/docs").text
    sources = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert len(sources) == 4
    for source in sources:
        assert "//" not in source
        assert reader.get(f"/api/{source}").status_code == 200
    assert "<script>" not in page


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


def test_every_operation_says_who_may_call_it(document: Json) -> None:
    schemes = document["components"]["securitySchemes"]
    assert schemes[KEY]["scheme"] == "bearer"
    assert (schemes[SIGNATURE]["in"], schemes[SIGNATURE]["name"]) == ("header", "X-Signature")
    for where, operation in operations(document):
        if where in PUBLIC:
            assert operation["security"] == []
        elif where in OTHERWISE:
            assert operation["security"] == [{OTHERWISE[where]: []}]
        else:
            (requirement,) = operation["security"]
            ((scheme, scopes),) = requirement.items()
            assert scheme == KEY
            assert scopes, where
            assert set(scopes) <= set(Scope)


def test_every_success_answer_has_a_schema_without_free_objects(document: Json) -> None:
    for where, operation in operations(document):
        answers = {status: said for status, said in operation["responses"].items() if status < "300"}
        assert answers, where
        for status, said in answers.items():
            if status != "204" and where != "get /metrics":
                schema = said["content"]["application/json"]["schema"]
                assert not list(free_objects(document, schema, set())), where


def test_every_error_is_a_problem_document(document: Json) -> None:
    for where, operation in operations(document):
        for status, said in operation["responses"].items():
            if status >= "400":
                assert set(said["content"]) == {"application/problem+json"}, (where, status)
                schema = said["content"]["application/problem+json"]["schema"]
                assert schema == {"$ref": "#/components/schemas/ProblemDocument"}


def test_every_list_comes_in_pages(document: Json) -> None:
    lists = set()
    for where, operation in operations(document):
        schema = operation["responses"].get("200", {}).get("content", {}).get("application/json", {}).get("schema", {})
        answer = resolve(document, schema["$ref"]) if "$ref" in schema else {"properties": {}}
        if "items" in answer["properties"]:
            assert {"items", "next"} == set(answer["required"]), where
            assert {"limit", "cursor"} <= {each["name"] for each in operation["parameters"]}, where
            lists.add(where)
    assert len(lists) == 8


def test_every_operation_and_schema_is_described(document: Json) -> None:
    assert [where for where, operation in operations(document) if not operation.get("description")] == []
    names = [operation["operationId"] for _, operation in operations(document)]
    assert len(set(names)) == len(names)
    schemas = document["components"]["schemas"].items()
    assert [name for name, schema in schemas if schema["type"] == "object" and not schema.get("description")] == []


def operations(document: Json) -> Iterator[tuple[str, Json]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method} {path}", operation


def free_objects(document: Json, schema: Json, seen: set[str]) -> Iterator[Json]:
    """The parts of a schema that say nothing of a value, or of what an object holds."""
    if "$ref" in schema:
        if schema["$ref"] not in seen:
            yield from free_objects(document, resolve(document, schema["$ref"]), seen | {schema["$ref"]})
        return
    inner = [*schema.get("anyOf", ()), *schema.get("oneOf", ()), *schema.get("properties", {}).values()]
    for name in ("items", "additionalProperties"):
        if isinstance(schema.get(name), dict):
            inner.append(schema[name])
    if not inner and (schema.get("type") in (None, "object", "array") and not {"const", "enum"} & schema.keys()):
        yield schema
    for part in inner:
        yield from free_objects(document, part, seen)


def resolve(document: Json, reference: str) -> Json:
    part: Any = document
    for name in reference.removeprefix("#/").split("/"):
        part = part[name.replace("~1", "/").replace("~0", "~")]
    assert isinstance(part, dict)
    return part
