"""Cursors of lists: the place where the next page begins, so that they hold whatever becomes of the row at it."""

import base64
from typing import Any

from pydantic_core import from_json, to_json


def to_cursor(*place: Any) -> str:
    """place: JSON values, by which the list is sorted."""
    return base64.urlsafe_b64encode(to_json(place)).decode()


def read_cursor(cursor: str) -> list[Any]:
    """The values of ``to_cursor``; it is for the caller to check them. Raises ValueError."""
    place = from_json(base64.urlsafe_b64decode(cursor.encode()))
    if not isinstance(place, list):
        raise ValueError("no place")
    return place
