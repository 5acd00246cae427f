"""Which column goes where: what its name says, or what the user says instead."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from crm_core.errors import InvalidInput
from crm_core.imports.reading.cells import CellType
from crm_core.imports.recognising.kinds import Kind
from crm_core.imports.recognising.targets import NoTarget, Target, find_target, normalise_path

LEAVE_OUT = ""


@dataclass(frozen=True)
class ColumnMapping:
    """column: its name in the file. target: None for one that is left out, or (with a fault) leads nowhere.

    type: of its cells; None where every value has its own, as in NDJSON. is_mapped: by the user, not by its name.
    fault: a sentence on why it leads nowhere.
    """

    column: str
    target: Target | None = None
    type: CellType | None = None
    is_mapped: bool = False
    fault: str = ""

    @property
    def is_computed(self) -> bool:
        """Whether it is left out by itself: a field that follows from others, which a file that was exported has."""
        return not (self.target or self.fault or self.is_mapped)


def parse_mapping(texts: Iterable[str]) -> dict[str, str]:
    """``COLUMN=FIELD`` each, FIELD empty to leave the column out. Raises InvalidInput."""
    mapping: dict[str, str] = {}
    for text in texts:
        column, equals, target = (part.strip() for part in text.rpartition("="))
        if not equals:
            raise InvalidInput(f"--map {text!r} is not COLUMN=FIELD; COLUMN= leaves a column out.", field="map")
        if mapping.setdefault(column, target) != target:
            raise InvalidInput(f"--map names the column {column!r} twice.", field="map")
    return mapping


def find_chosen(column: str, mapping: Mapping[str, str]) -> str | None:
    """The key of ``mapping`` that means this column: its exact name, or else one that compares equal."""
    if column in mapping:
        return column
    return next((key for key in mapping if normalise_path(key) == normalise_path(column)), None)


def field_names(columns: Iterable[str], mapping: Mapping[str, str]) -> set[str]:
    """The fields that the columns would go to, before the kind is known."""
    choices = ((column, find_chosen(column, mapping)) for column in columns)
    return {normalise_path(column if chosen is None else mapping[chosen]) for column, chosen in choices}


def map_columns(columns: Sequence[str], mapping: Mapping[str, str], kind: Kind) -> list[ColumnMapping]:
    """Each column with its target, in the order of the file."""
    return [_map_column(column, find_chosen(column, mapping), mapping, kind) for column in columns]


def _map_column(column: str, chosen: str | None, mapping: Mapping[str, str], kind: Kind) -> ColumnMapping:
    wanted = column if chosen is None else mapping[chosen]
    if chosen is not None and wanted == LEAVE_OUT:
        return ColumnMapping(column, is_mapped=True)
    target = find_target(wanted, kind)
    if isinstance(target, Target):
        return ColumnMapping(column, target, target.type, is_mapped=chosen is not None)
    if chosen is None and normalise_path(column) in kind.derived:
        return ColumnMapping(column)
    return ColumnMapping(column, is_mapped=chosen is not None, fault=_explain(column, chosen, wanted, kind, target))


def _explain(column: str, chosen: str | None, wanted: str, kind: Kind, why: NoTarget) -> str:
    if chosen is None:
        said = f"There is a column {column!r} that {kind.name} do not have."
    else:
        said = f"--map {f'{chosen}={wanted}'!r}: {kind.name} have no field {wanted!r}."
    return f"{said} {why.hint}".rstrip()
