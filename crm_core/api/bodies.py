"""Request bodies: read by us, after the key was checked and never beyond the limit, and documented for Swagger."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

from crm_core.api.problems import Problem
from crm_core.services import current

REF = "#/components/schemas/{model}"

Model = TypeVar("Model", bound=BaseModel)


class Body(BaseModel):
    """Strict, closed, and read in snake_case or camelCase; errors name fields in snake_case.

    The docstring under a field is its description in Swagger.
    """

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        loc_by_alias=False,
        use_attribute_docstrings=True,
    )


async def read_body(request: Request) -> bytes:
    """The body, refused with 413 as soon as it is known to be too large."""
    limit = current().settings.max_body_bytes
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > limit:
        raise _too_large(limit)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise _too_large(limit)
    return bytes(body)


def body_of(model: type[Model], *, default: bytes = b"") -> Callable[[Request], Awaitable[Model]]:
    """A dependency that reads the body as ``model``; an endpoint names it after its key, which is then checked first.

    FastAPI's own bodies are read before any dependency runs, and without a limit. default: what no body means.
    """

    async def read(request: Request) -> Model:
        try:
            return model.model_validate_json(await read_body(request) or default)
        except ValidationError as exc:
            raise RequestValidationError(
                [{**error, "loc": ("body", *error["loc"])} for error in exc.errors()]
            ) from None

    return read


def documented(*models: type[BaseModel], up_to: int = 1, required: bool = True) -> dict[str, Any]:
    """OpenAPI of a body that we read ourselves: one of ``models``. up_to: above 1, also an array of at most so many."""
    references = [{"$ref": REF.format(model=model.__name__)} for model in models]
    schema: dict[str, Any] = references[0] if len(models) == 1 else {"anyOf": references}
    if up_to > 1:
        schema = {"oneOf": [schema, {"type": "array", "items": schema, "minItems": 1, "maxItems": up_to}]}
    return {"requestBody": {"required": required, "content": {"application/json": {"schema": schema}}}}


def _too_large(limit: int) -> Problem:
    return Problem(413, "Body too large", f"A body may have {limit:,} bytes; send less at once.")
