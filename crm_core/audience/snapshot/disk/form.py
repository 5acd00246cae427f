"""A shard as plain arrays and a structure that JSON can say, and back."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crm_core.audience.reach import consent_columns
from crm_core.audience.snapshot.ids import IdTable
from crm_core.audience.snapshot.shard import AddressSends, Sends, Shard, SharedRows, SuppressedRows
from crm_core.rules.engines.columns import Coded, Columns, Events, Flags, Items, Messages, Numbers, Orders, Steps

KINDS: Mapping[str, Callable[..., Any]] = {
    kind.__name__: kind
    for kind in (
        *(Shard, Columns, Orders, Events, Messages, Steps, Items, Numbers, Coded),
        *(Sends, SharedRows, AddressSends, SuppressedRows),
    )
}
"""What a structure is made of. Anything else would be made up of values that somebody chose."""
DERIVED = {Shard: {"sets"}, Columns: {"rows"}}
"""Follows from the rest, as the columns of consent do."""
NO_IDS: Mapping[str, int] = {}


@dataclass(frozen=True)
class Form:
    """structure: for JSON; arrays are named by their places."""

    structure: Any
    arrays: Sequence[NDArray[Any]]


def to_form(shard: Shard) -> Form:
    """Law: ``from_form`` of it is the same shard."""
    fields = {name: each for name, each in shard.columns.fields.items() if not isinstance(each, Flags)}
    writer = _Writer()
    structure = writer.say(replace(shard, columns=replace(shard.columns, fields=fields)))
    return Form(structure, writer.arrays)


def from_form(form: Form) -> Shard:
    shard: Shard = _Reader(form.arrays).hear(form.structure)
    columns = shard.columns
    with_consent = {**columns.fields, **consent_columns(shard.reach)}
    return replace(shard, columns=replace(columns, fields=with_consent, rows=shard.ids))


class _Writer:
    def __init__(self) -> None:
        self.arrays: list[NDArray[Any]] = []
        self._places: dict[int, int] = {}

    def say(self, held: Any) -> Any:
        match held:
            case None | bool() | int() | str():
                return held
            case np.ndarray():
                return ["array", self._place(held)]
            case IdTable():
                return ["ids", *map(self._place, held.arrays)]
            case Mapping():
                return ["mapping", [[name, self.say(each)] for name, each in held.items()]]
            case _ if is_dataclass(held):
                derived = DERIVED.get(type(held), set())
                names = [each.name for each in fields(held) if each.name not in derived]
                return [type(held).__name__, {name: self.say(getattr(held, name)) for name in names}]
            case Sequence():
                return ["values", held]
        raise TypeError(type(held).__name__)

    def _place(self, array: NDArray[Any]) -> int:
        """What is one array becomes one again."""
        if id(array) not in self._places:
            self._places[id(array)] = len(self.arrays)
            self.arrays.append(array)
        return self._places[id(array)]


class _Reader:
    def __init__(self, arrays: Sequence[NDArray[Any]]) -> None:
        self._arrays = arrays

    def hear(self, said: Any) -> Any:
        match said:
            case ["array", place]:
                return self._arrays[place]
            case ["ids", data, offsets]:
                return IdTable(self._arrays[data].tobytes(), self._arrays[offsets])
            case ["mapping", pairs]:
                return {_value(name): self.hear(each) for name, each in pairs}
            case ["values", values]:
                return [_value(each) for each in values]
            case [str() as kind, dict() as held]:
                derived = {"rows": NO_IDS} if kind == Columns.__name__ else {}
                return KINDS[kind](**{name: self.hear(each) for name, each in held.items()}, **derived)
        return said


def _value(said: Any) -> Any:
    """JSON knows no tuples, and columns hold no lists."""
    return tuple(said) if isinstance(said, list) else said
