"""The types that values under names of people's own have: of custom attributes, and of properties of events."""

from collections import defaultdict
from collections.abc import Iterable, Set
from enum import StrEnum
from typing import Any

from pymongo import UpdateOne
from pymongo.collection import Collection

from crm_core.infra.mongo import Doc, translated
from crm_core.infra.text import parse_iso


class AttributeType(StrEnum):
    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    LIST = "list"


def type_of(value: Any) -> AttributeType:
    """The type that a value shows; an ISO 8601 date is a text as well."""
    match value:
        case bool():
            return AttributeType.BOOLEAN
        case int() | float():
            return AttributeType.NUMBER
        case list():
            return AttributeType.LIST
        case _:
            return AttributeType.DATE if parse_iso(str(value)) else AttributeType.TEXT


def common_type(seen: Set[AttributeType]) -> AttributeType | None:
    """The one that all values have; None when they differ, or there are none."""
    if seen == {AttributeType.DATE, AttributeType.TEXT}:
        return AttributeType.TEXT
    return next(iter(seen)) if len(seen) == 1 else None


class SeenTypes:
    """What is seen only grows, so it is the same in whatever order and however often records arrive."""

    def __init__(self, collection: Collection[Doc]) -> None:
        self._collection = collection
        self._noted: set[tuple[str, AttributeType]] = set()

    def note(self, values: Iterable[tuple[str, Any]]) -> None:
        """Remember the types of values by name; asks the database only about what is new to this process."""
        new: dict[str, set[AttributeType]] = defaultdict(set)
        for name, value in values:
            if value is not None and (name, (kind := type_of(value))) not in self._noted:
                new[name].add(kind)
        if not new:
            return
        with translated():
            self._collection.bulk_write(
                [
                    UpdateOne({"_id": name}, {"$addToSet": {"seen": {"$each": sorted(kinds)}}}, upsert=True)
                    for name, kinds in new.items()
                ],
                ordered=False,
            )
        self._noted |= {(name, kind) for name, kinds in new.items() for kind in kinds}
