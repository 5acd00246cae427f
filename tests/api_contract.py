"""Holds answers of the API against its OpenAPI document: status, media type, schema, and no undeclared field."""

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import httpx
from jsonschema_rs import Draft202012Validator

from crm_core.api.app import create_api

ROOT = "/api"
ANYWHERE = {"404", "405", "500"}
"""An unknown path, a method that a path does not have, and a bug have no place in the document."""
PYDANTIC = re.compile(
    r"Input should|(String|List|Tuple|Dictionary|Decimal) should|Field required|Value error|Extra inputs"
)
"""How Pydantic begins its messages; people read ours."""


def check_answer(answer: httpx.Response) -> None:
    """An event hook of httpx. Raises AssertionError."""
    path = answer.request.url.path.removeprefix(ROOT)
    if path == answer.request.url.path or path in {"/openapi.json", "/docs"}:
        return
    answer.read()
    operation = _operation(answer.request.method, path)
    where = f"{answer.request.method} {path} answered {answer.status_code}"
    described = (operation or {}).get("responses", {}).get(str(answer.status_code))
    if described is None:
        assert str(answer.status_code) in ANYWHERE or operation is None, f"{where}, which the document does not have"
        described = {"content": {"application/problem+json": _PROBLEM}}
    _check_body(answer, described, where)
    if answer.status_code >= 400:
        assert not PYDANTIC.search(answer.text), f"{where} in Pydantic's words: {answer.text}"


def _check_body(answer: httpx.Response, described: dict[str, Any], where: str) -> None:
    if "content" not in described:
        assert not answer.content, f"{where} with a body"
        return
    media_type = answer.headers["content-type"].partition(";")[0]
    assert media_type in described["content"], f"{where} as {media_type}"
    if media_type.endswith("json"):
        validator = _validator(json.dumps(described["content"][media_type]["schema"]))
        faults = [f"{fault.instance_path}: {fault.message}" for fault in validator.iter_errors(answer.json())]
        assert not faults, f"{where} against the document: {faults[:5]}"


_PROBLEM = {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}


@cache
def document() -> dict[str, Any]:
    return create_api().openapi()


@cache
def _paths() -> list[tuple[re.Pattern[str], dict[str, Any]]]:
    """The most special first: a parameter that may hold slashes comes last."""
    found = sorted(document()["paths"].items(), key=lambda item: (item[0].count("{"), -item[0].count("/")))
    return [(re.compile(_pattern(path)), operations) for path, operations in found]


def _pattern(path: str) -> str:
    return re.sub(r"\\{(\w+)\\}", lambda name: ".+" if name[1] == "customer_id" else "[^/]+", re.escape(path))


def _operation(method: str, path: str) -> dict[str, Any] | None:
    for pattern, operations in _paths():
        if pattern.fullmatch(path) and method.lower() in operations:
            found: dict[str, Any] = operations[method.lower()]
            return found
    return None


@cache
def _validator(schema: str) -> Draft202012Validator:
    components = {name: closed(part) for name, part in document()["components"]["schemas"].items()}
    whole = {**json.loads(schema), "components": {"schemas": components}}
    return Draft202012Validator(whole, validate_formats=True)


def closed(part: Any) -> Any:
    """A schema that allows no property that it does not name: clients may ignore new ones, we may not forget them."""
    if isinstance(part, list):
        return [closed(each) for each in part]
    if not isinstance(part, dict):
        return part
    inner = {name: closed(value) for name, value in part.items()}
    return {"additionalProperties": False, **inner} if isinstance(part.get("properties"), dict) else inner


def references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for value in part.values():
            yield from references(value)
    elif isinstance(part, list):
        for value in part:
            yield from references(value)
