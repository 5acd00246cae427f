"""What a setting is, read from its row in the model: for the page, the README and messages."""

import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from crm_core.channels.registry import CHANNELS
from crm_core.plain_messages import plain_message
from crm_core.workspace.kinds import Kind

_PLAIN: Mapping[Any, Kind] = {bool: Kind.SWITCH, int: Kind.NUMBER, float: Kind.NUMBER, str: Kind.TEXT}


@dataclass(frozen=True)
class Row:
    """unset: what no value is called. words: for yes and no. bounds: of a number, by ``ge gt le lt``."""

    name: str
    label: str
    help: str
    section: str
    kind: Kind
    default: Any
    is_optional: bool
    is_whole: bool
    unit: str = ""
    unset: str = ""
    words: tuple[str, str] = ("On", "Off")
    choices: tuple[str, ...] = ()
    bounds: Mapping[str, float] = field(default_factory=dict)

    @property
    def variable(self) -> str:
        """Of the environment."""
        return variable_of(self.name)

    def in_words(self, value: Any) -> str:
        """A value as people read it."""
        if value is None or value == {}:
            return self.unset or "None"
        match self.kind:
            case Kind.SWITCH:
                return self.words[0] if value else self.words[1]
            case Kind.SHARE:
                return f"{value * 100:g} %"
            case Kind.RATES:
                return ", ".join(f"{CHANNELS.label(channel)} {rate:g}/s" for channel, rate in value.items())
            case Kind.HOURS:
                return str(value).replace("-", "–")
            case Kind.NUMBER:
                unit = self.unit.removesuffix("s") if value == 1 else self.unit
                return f"{value:,} {unit}".strip()
            case _:
                return str(value)


def variable_of(name: str) -> str:
    return f"CRM_{name.upper()}"


def read_rows(model: type[BaseModel]) -> dict[str, Row]:
    """By name, in the order of the model."""
    return {name: _read_row(name, about) for name, about in model.model_fields.items()}


def faults_of(exc: ValidationError) -> Iterator[tuple[str, str]]:
    """Name of each setting that is wrong, and what is wrong with it."""
    for error in exc.errors():
        yield str(error["loc"][0]), plain_message(error)


def settings_table(model: type[BaseModel]) -> str:
    """The settings as the Markdown table of the README, which a test compares with it."""
    lines = [
        f"| {row.label} | `{row.variable}` | {_default_words(row)} | {row.help} |" for row in read_rows(model).values()
    ]
    return "\n".join(["| setting | variable | default | what |", "| --- | --- | --- | --- |", *lines])


def _default_words(row: Row) -> str:
    return row.in_words(row.default).lower() if row.default in (None, {}) else f"`{row.default}`"


def _read_row(name: str, about: FieldInfo) -> Row:
    inner, is_optional = _without_none(about.annotation)
    base, marks = (get_args(inner)[0], get_args(inner)[1:]) if get_origin(inner) is Annotated else (inner, ())
    choices = tuple(map(str, get_args(base))) if get_origin(base) is Literal else ()
    marked = [mark for mark in (*marks, *about.metadata) if isinstance(mark, Kind)]
    extra: Any = about.json_schema_extra or {}
    return Row(
        name,
        about.title or name,
        about.description or "",
        extra.get("section") or "Other",
        marked[0] if marked else Kind.CHOICE if choices else _PLAIN[base],
        about.get_default(call_default_factory=True),
        is_optional,
        is_whole=base is int,
        unit=extra.get("unit") or "",
        unset=extra.get("unset") or "",
        words=extra.get("words") or Row.words,
        choices=choices,
        bounds=_bounds(about),
    )


def _without_none(annotation: Any) -> tuple[Any, bool]:
    if get_origin(annotation) in (Union, types.UnionType):
        (inner,) = (each for each in get_args(annotation) if each is not type(None))
        return inner, True
    return annotation, False


def _bounds(about: FieldInfo) -> Mapping[str, float]:
    return {
        name: getattr(mark, name) for mark in about.metadata for name in ("ge", "gt", "le", "lt") if hasattr(mark, name)
    }
