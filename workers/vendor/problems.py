"""What the vendor answers when it refuses a request: RFC 9457 problem documents."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from fastapi import Request
from fastapi.responses import JSONResponse

_MAX_ERRORS_SHOWN = 20


@dataclass(frozen=True, slots=True)
class FieldError:
    """field: path inside the request, such as ``messages.3.to``."""

    field: str
    message: str


class Problem(Exception):
    """A refusal with its HTTP status; ends the request."""

    def __init__(self, status: int, title: str, detail: str, errors: Sequence[FieldError] = ()) -> None:
        super().__init__(detail)
        self.status = status
        self.title = title
        self.detail = detail
        self.errors = errors

    def to_response(self) -> JSONResponse:
        """Render the problem document."""
        content: dict[str, object] = {"title": self.title, "status": self.status, "detail": self.detail}
        if self.errors:
            content["errors"] = [asdict(error) for error in self.errors[:_MAX_ERRORS_SHOWN]]
        headers = {"WWW-Authenticate": "Bearer"} if self.status == 401 else None
        return JSONResponse(content, self.status, headers, media_type="application/problem+json")


async def answer_problem(_request: Request, exc: Exception) -> JSONResponse:
    """Exception handler for Problem (FastAPI's signature takes any exception)."""
    assert isinstance(exc, Problem)
    return exc.to_response()


async def answer_unavailable(_request: Request, exc: Exception) -> JSONResponse:
    """Exception handler for Unavailable: the vendor's own file cannot be written."""
    return Problem(503, "Unavailable", str(exc)).to_response()
