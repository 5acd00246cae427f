"""The properties of events: which there are by type of event, and of which type their values are."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from crm_core.customers.seen_types import AttributeType, SeenTypes, common_type
from crm_core.infra.mongo import Db, translated


class EventProperties:
    def __init__(self, db: Db) -> None:
        self._properties = db.event_properties
        self._seen = SeenTypes(db.event_properties)

    def note(self, events: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
        """Remember the types of these events' properties. events: type and properties of each."""
        self._seen.note(_named(events))

    def types(self) -> dict[tuple[str, str], AttributeType | None]:
        """By type of event and name; None for one whose values differ in type."""
        with translated():
            rows = list(self._properties.find().sort("_id", 1))
        found: dict[tuple[str, str], AttributeType | None] = {}
        for row in rows:
            event_type, _, name = row["_id"].partition(".")
            found[event_type, name] = common_type(frozenset(map(AttributeType, row["seen"])))
        return found


def _named(events: Iterable[tuple[str, Mapping[str, Any]]]) -> Iterator[tuple[str, Any]]:
    """No type of events and no property has a point in its name."""
    for event_type, properties in events:
        for name, value in properties.items():
            yield f"{event_type}.{name}", value
