"""A router whose endpoints document what they answer, without checking it again at run time."""

from collections.abc import Callable, Coroutine
from typing import Any, cast, get_type_hints

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute


class Router(APIRouter):
    """The return type of an endpoint is the schema of its answer in the OpenAPI document.

    The answer is sent as the endpoint built it: the type checker and the tests compare it with its type, so a request
    does not pay for that, and a document that was changed outside ClientNest is still shown.
    """

    def add_api_route(
        self,
        path: str,
        endpoint: Callable[..., Any],
        *,
        status_code: int | None = None,
        responses: dict[int | str, dict[str, Any]] | None = None,
        **options: Any,
    ) -> None:
        answer = get_type_hints(endpoint, include_extras=True)["return"]
        if answer is not type(None) and not _is_response(answer):
            own = (responses or {}).get(status_code or 200, {})
            responses = {**(responses or {}), status_code or 200: {"model": answer, **own}}
            options["response_model"] = Any
        super().add_api_route(path, endpoint, status_code=status_code, responses=responses, **options)


class DirectRoute(APIRoute):
    """Of an endpoint that takes the request and makes the response itself. FastAPI looks for dependencies, a body and
    a response model also where there are none."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        return cast("Callable[[Request], Coroutine[Any, Any, Response]]", self.endpoint)


def _is_response(answer: Any) -> bool:
    """Whether the endpoint makes the whole response itself; its responses then name a model."""
    return isinstance(answer, type) and issubclass(answer, Response)
