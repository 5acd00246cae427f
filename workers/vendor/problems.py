"""What the vendor answers when it refuses a request: RFC 9457 problem documents."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from crm_core.errors import InvalidInput
from crm_core.plain_messages import plain_message

_MAX_ERRORS_SHOWN = 20
_RETRY_AFTER_S = 1  # when the vendor's own file cannot be written


@dataclass(frozen=True, slots=True)
class FieldError:
    """field: path inside the request, such as ``messages.3.to``."""

    field: str
    message: str


class Problem(Exception):
    """A refusal with its HTTP status; ends the request. retry_after_s: sent as Retry-After."""

    def __init__(
        self,
        status: int,
        title: str,
        detail: str,
        errors: Sequence[FieldError] = (),
        retry_after_s: int | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.title = title
        self.detail = detail
        self.errors = errors
        self.retry_after_s = retry_after_s

    def to_response(self) -> JSONResponse:
        """Render the problem document."""
        content: dict[str, object] = {"title": self.title, "status": self.status, "detail": self.detail}
        if self.errors:
            content["errors"] = [asdict(error) for error in self.errors[:_MAX_ERRORS_SHOWN]]
        headers = {"WWW-Authenticate": "Bearer"} if self.status == 401 else {}
        if self.retry_after_s is not None:
            headers["Retry-After"] = str(self.retry_after_s)
        return JSONResponse(content, self.status, headers, media_type="application/problem+json")


async def answer_problem(_request: Request, exc: Exception) -> JSONResponse:
    """Exception handler for Problem (FastAPI's signature takes any exception)."""
    assert isinstance(exc, Problem)
    return exc.to_response()


async def answer_unavailable(_request: Request, exc: Exception) -> JSONResponse:
    """Exception handler for Unavailable: the vendor's own file cannot be written."""
    return Problem(503, "Unavailable", str(exc), retry_after_s=_RETRY_AFTER_S).to_response()


async def answer_invalid(_request: Request, exc: Exception) -> JSONResponse:
    """Exception handler for InvalidInput: a behaviour that breaks its bounds."""
    assert isinstance(exc, InvalidInput)
    return Problem(422, "Invalid behaviour", str(exc)).to_response()


async def answer_bad_query(_request: Request, exc: Exception) -> JSONResponse:
    """Exception handler for query parameters that break a rule."""
    assert isinstance(exc, RequestValidationError)
    error = exc.errors()[0]
    return Problem(422, "Invalid query", f"{error['loc'][-1]} {plain_message(error)}.").to_response()
