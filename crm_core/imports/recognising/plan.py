"""What is known of a file before its records are read: the answer to "what would an import do?"."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from crm_core.errors import InvalidInput
from crm_core.imports.reading.items import Item
from crm_core.imports.recognising.kinds import KINDS, Kind, Kinds
from crm_core.imports.recognising.mapping import ColumnMapping


@dataclass(frozen=True)
class ImportOptions:
    """What the user says of a file; what is not said is found out. mapping: column to field, empty to leave it out.

    lifts_denials: whether consent that it grants lifts denials on record. kinds: those of records that it may hold.
    """

    format_name: str | None = None
    kind_name: str | None = None
    mapping: Mapping[str, str] = field(default_factory=dict)
    kinds: Kinds = field(default_factory=lambda: KINDS, repr=False)
    lifts_denials: bool = False


@dataclass(frozen=True)
class ImportPlan:
    """count: items that will be read, records and bad lines. columns: none for a format without names.

    faults: what must be mended before it can be read, as sentences. reading: opens the file anew each time.
    """

    format_name: str
    kind: Kind
    count: int
    columns: Sequence[ColumnMapping]
    faults: Sequence[str]
    reading: Callable[[], Iterator[Item]] = field(repr=False)

    def items(self) -> Iterator[Item]:
        """Records and bad lines in the order of the file. Raises InvalidInput when there are faults."""
        self.check()
        return self.reading()

    def check(self) -> None:
        """Raises InvalidInput with all the faults."""
        if self.faults:
            raise InvalidInput(" ".join(self.faults), field="map")

    def column_of(self, path: str) -> str | None:
        """The column that fills this field of a record, when it is called otherwise."""
        found = (column.column for column in self.columns if column.target and column.target.path == path)
        name = next(found, path)
        return None if name == path else name
