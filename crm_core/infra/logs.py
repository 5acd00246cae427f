"""One log format for every process: an event and its ids and counts as key=value or JSON, never personal data."""

import logging
import sys
import traceback
from collections.abc import MutableMapping
from contextvars import ContextVar
from functools import partial
from pathlib import Path
from typing import Any, Literal

import structlog

LogFormat = Literal["text", "json"]
REQUEST: ContextVar[str | None] = ContextVar("request", default=None)
"""The id of the API request that is being answered; its log lines carry it."""
_FRAMES = 4


def configure_logs(level: str, process: str, log_format: LogFormat = "text") -> None:
    """Send the logs of this process to its standard error, those of libraries in the same form.

    Source: structlog manual, "Standard library logging", rendering within the formatter.
    """
    shared: list[structlog.typing.Processor] = [
        partial(_add_origin, process),
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        name_fault,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _renderer(log_format)],
            foreign_pre_chain=shared,
        )
    )
    logging.basicConfig(level=level, handlers=[handler], force=True)
    _take_over_handlers()
    for noisy in ("httpx", "httpcore", "pymongo", "asyncio"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, logging.getLevelName(level)))


def _take_over_handlers() -> None:
    """Libraries that brought handlers of their own (Streamlit, uvicorn) would write lines of another form, and the
    texts of exceptions."""
    for logger in logging.root.manager.loggerDict.values():
        if isinstance(logger, logging.Logger) and logger.handlers:
            logger.handlers.clear()
            logger.propagate = True


def _renderer(log_format: LogFormat) -> structlog.typing.Processor:
    if log_format == "json":
        return structlog.processors.JSONRenderer()
    return structlog.processors.LogfmtRenderer(key_order=["at", "level", "process", "event"], bool_as_flag=False)


def _add_origin(process: str, _: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    event["process"] = process
    if request := REQUEST.get():
        event["request"] = request
    return event


def name_fault(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """An exception as its class and where it was raised: its text may quote a record, and so a person."""
    exc = event.pop("exc_info", None)
    if exc is True:
        exc = sys.exc_info()[1]
    elif isinstance(exc, tuple):
        exc = exc[1]
    if isinstance(exc, BaseException):
        event["fault"] = type(exc).__name__
        frames = traceback.extract_tb(exc.__traceback__)[-_FRAMES:]
        event["where"] = " < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in reversed(frames))
    return event
