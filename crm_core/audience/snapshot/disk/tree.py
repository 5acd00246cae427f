"""Walks over the columns of a shard, which are dataclasses of dataclasses of arrays."""

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

from crm_core.audience.snapshot.ids import IdTable

Held = TypeVar("Held")


def rebuilt(held: Held, change: Callable[[Any], Any]) -> Held:
    """A copy in which ``change`` has replaced what it returns something else for; what it returns as it is, is looked
    into."""
    changed = change(held)
    if changed is not held:
        return changed  # type: ignore[no-any-return]
    if is_dataclass(held) and not isinstance(held, type):
        return replace(held, **{each.name: rebuilt(getattr(held, each.name), change) for each in fields(held)})
    if isinstance(held, Mapping) and not isinstance(held, IdTable):
        return {name: rebuilt(each, change) for name, each in held.items()}  # type: ignore[return-value]
    return held
