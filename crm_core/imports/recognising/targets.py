"""Where a column goes: a field, or a name within attributes, properties or consent, perhaps with its type."""

import re
from dataclasses import dataclass
from difflib import get_close_matches

from crm_core.channels.registry import CHANNELS
from crm_core.imports.reading.cells import CONSENT, CUSTOM_TYPES, CellType
from crm_core.imports.recognising.kinds import Kind
from crm_core.schema.kinds import KEYWORD

_WORD_STARTS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_GAPS = re.compile(r"[\s_-]+")
_CUSTOM_NAME = re.compile(KEYWORD)


@dataclass(frozen=True)
class Target:
    """field: of the record. name: within it, for a dotted one. type: None where the cells of the file decide it."""

    field: str
    name: str = ""
    type: CellType | None = None

    @property
    def path(self) -> str:
        return f"{self.field}.{self.name}" if self.name else self.field


@dataclass(frozen=True)
class NoTarget:
    """A name that leads nowhere. hint: a sentence on what may have been meant, or empty."""

    hint: str = ""


def normalise(name: str) -> str:
    """The form in which names are compared: ``Customer ID``, ``customer-id`` and ``customerId`` are customer_id."""
    return _GAPS.sub("_", _WORD_STARTS.sub("_", name.strip())).lower()


def normalise_path(text: str) -> str:
    """The same for each part of a dotted name, without its type."""
    return ".".join(normalise(part) for part in text.partition(":")[0].split("."))


def find_target(text: str, kind: Kind) -> Target | NoTarget:
    """What a header or a mapping names among the fields of ``kind``."""
    path, type_name = normalise_path(text), text.partition(":")[2].strip().lower()
    field, _, name = path.partition(".")
    if kind.custom and field == kind.custom:
        return _custom(field, name, type_name)
    if type_name:
        return NoTarget(
            f"A type is given with {kind.custom}.NAME only." if kind.custom else "A type is not given here."
        )
    if kind.has_consent and field == "consent" and name in CHANNELS:
        return Target(field, name, CONSENT)
    path = kind.aliases.get(path, path)
    if path in kind.fields:
        return Target(path, type=kind.fields[path])
    near = get_close_matches(path, [column for column in kind.columns if "NAME" not in column], n=1)
    return NoTarget(f"Did you mean {near[0]}?" if near else "")


def _custom(field: str, name: str, type_name: str) -> Target | NoTarget:
    if not _CUSTOM_NAME.fullmatch(name):
        return NoTarget(f"The NAME in {field}.NAME is 1 to 40 of a-z, 0-9 and _, the first a letter.")
    if type_name and type_name not in CUSTOM_TYPES:
        return NoTarget(f"There is no type {type_name!r}; allowed are {', '.join(CUSTOM_TYPES)}.")
    return Target(field, name, CUSTOM_TYPES.get(type_name))
