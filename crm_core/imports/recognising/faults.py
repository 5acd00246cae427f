"""What is wrong with the columns of a file as they are mapped, in words that say what to do."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from crm_core.imports.recognising.kinds import Kind
from crm_core.imports.recognising.mapping import ColumnMapping, find_chosen

MAX_NAMES = 40


def find_faults(
    file_name: str, columns: Sequence[ColumnMapping], mapping: Mapping[str, str], kind: Kind
) -> Iterator[str]:
    """Of a file with a header: sentences, none when every column has its place and none is missing."""
    yield from find_absent(file_name, [column.column for column in columns], mapping)
    yield from _lost(columns, kind)
    yield from _doubled(file_name, columns)
    if not any(column.fault for column in columns):  # a lost column is likely the missing one
        yield from _missing(file_name, columns, kind)


def find_key_faults(
    file_name: str, columns: Sequence[ColumnMapping], mapping: Mapping[str, str], kind: Kind
) -> Iterator[str]:
    """Of a file whose records have keys of their own: only what the mapping says can be wrong as a whole."""
    yield from find_absent(file_name, [column.column for column in columns], mapping)
    yield from _lost([column for column in columns if column.is_mapped], kind)
    mapped = {column.target.path for column in columns if column.is_mapped and column.target}
    yield from _doubled(file_name, [column for column in columns if column.target and column.target.path in mapped])


def find_absent(file_name: str, columns: Sequence[str], mapping: Mapping[str, str]) -> Iterator[str]:
    """A sentence for each column that is mapped, but not in the file."""
    found = {find_chosen(column, mapping) for column in columns}
    has = f"it has {list_names(columns)}" if columns else "it has none"
    for column, target in mapping.items():
        if column not in found:
            yield f"--map {f'{column}={target}'!r}: {file_name} has no column {column!r}; {has}."


def _lost(columns: Sequence[ColumnMapping], kind: Kind) -> Iterator[str]:
    lost = [column for column in columns if column.fault]
    yield from (column.fault for column in lost)
    if lost:
        yield f"Allowed are {', '.join(kind.columns)}."
    if unmapped := [column.column for column in lost if not column.is_mapped]:
        name = unmapped[0]
        yield f"Say where a column goes with --map '{name}=FIELD', or leave it out with --map '{name}='."


def _doubled(file_name: str, columns: Sequence[ColumnMapping]) -> Iterator[str]:
    by_path: defaultdict[str, list[str]] = defaultdict(list)
    for column in columns:
        if column.target:
            by_path[column.target.path].append(column.column)
    for path, names in by_path.items():
        if len(set(names)) > 1:
            both = " and ".join(repr(name) for name in dict.fromkeys(names))
            yield f"The columns {both} of {file_name} go to one field, {path}: leave one out with --map '{names[0]}='."
        elif len(names) > 1:
            yield f"{file_name} names a column twice: {names[0]!r}."


def _missing(file_name: str, columns: Sequence[ColumnMapping], kind: Kind) -> Iterator[str]:
    paths = {column.target.path for column in columns if column.target}
    for name in kind.required:
        if name not in paths:
            yield f"{file_name} has no column {name}, which {kind.name} need; name it with --map COLUMN={name}."


def list_names(names: Iterable[str]) -> str:
    """The names, or the first of them when they are many."""
    known = list(names)
    more = f" and {len(known) - MAX_NAMES} more" if len(known) > MAX_NAMES else ""
    return ", ".join(known[:MAX_NAMES]) + more
