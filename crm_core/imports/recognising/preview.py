"""A dry run: what a file is, and what an import would make of its first records. Nothing is written."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from pydantic_core import from_json

from crm_core.imports.formats.csv_rows import read_rows
from crm_core.imports.formats.formats import plan_import
from crm_core.imports.formats.json_lines import read_objects
from crm_core.imports.reading.quoting import MAX_QUOTED
from crm_core.imports.reading.sources import FileSource
from crm_core.imports.recognising.kinds import KINDS, Kind, Kinds, guess_kind, nearest_kind
from crm_core.imports.recognising.mapping import ColumnMapping, field_names
from crm_core.imports.recognising.plan import ImportOptions, ImportPlan
from crm_core.imports.running.checking import Rejected, check_items
from crm_core.ingest.offers import as_offers
from crm_core.ingest.scalars import ValidationContext

CHECKED, SHOWN, SAMPLED_ROWS = 1000, 5, 20


@dataclass(frozen=True)
class FileFacts:
    """kind: what its records seem to be. columns: their names to a value that each has, or an empty text."""

    format_name: str
    kind: Kind
    count: int
    columns: Mapping[str, str]


@dataclass(frozen=True)
class ImportPreview:
    """checked: of ``count`` records, the first ones. records: the first good ones, as they would be published.
    grants: of customers, id to channels for which consent is granted, or at least not denied."""

    kind: Kind
    count: int
    columns: Sequence[ColumnMapping]
    faults: Sequence[str]
    checked: int = 0
    accepted: int = 0
    records: Sequence[Mapping[str, Any]] = ()
    rejected: Sequence[Rejected] = ()
    grants: Mapping[str, Collection[str]] = field(default_factory=dict)


def look_at(source: FileSource, kinds: Kinds = KINDS) -> FileFacts:
    """What can be said of a file before anyone says what it holds. Raises InvalidInput when it cannot be read."""
    plan = plan_import(source, ImportOptions(kind_name="customers", kinds=kinds))
    if not plan.columns:
        plan = plan_import(source, ImportOptions(kinds=kinds))
        return FileFacts(plan.format_name, plan.kind, plan.count, {})
    names = [column.column for column in plan.columns]
    fields = field_names(names, {})
    samples = _read_samples(source, plan)
    columns = {name: samples.get(name, "") for name in names}
    return FileFacts(plan.format_name, guess_kind(fields, kinds) or nearest_kind(fields, kinds), plan.count, columns)


def try_import(source: FileSource, options: ImportOptions, context: ValidationContext) -> ImportPreview:
    """What would become of the first 1,000 records. Raises InvalidInput when the file cannot be read."""
    plan = plan_import(source, options)
    if plan.faults:
        return ImportPreview(plan.kind, plan.count, plan.columns, plan.faults)
    items = list(islice(plan.items(), CHECKED))
    checked = check_items(items, plan, context)
    records = [from_json(payload) for payload in checked.payloads[:SHOWN]]
    return ImportPreview(
        plan.kind,
        plan.count,
        plan.columns,
        (),
        checked=len(items),
        accepted=len(checked.payloads),
        records=records,
        rejected=checked.rejected,
        grants=as_offers(checked.payloads).grants if plan.kind.has_consent else {},
    )


def _read_samples(source: FileSource, plan: ImportPlan) -> dict[str, str]:
    """A value of each column from the first rows that have one."""
    if plan.format_name == "csv":
        with source.text() as text:
            return _first_values(islice(_read_cells(text, source.name), SAMPLED_ROWS))
    objects = islice(read_objects(source), SAMPLED_ROWS)
    return _first_values(getattr(item, "record", {}) for item in objects)


def _read_cells(text: Any, file_name: str) -> Iterable[Mapping[str, str]]:
    rows = (row[1] for row in read_rows(text, file_name) if isinstance(row, tuple))
    names = [name.strip() for name in next(rows, [])]
    for cells in rows:
        yield dict(zip(names, cells, strict=False))


def _first_values(rows: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    found: defaultdict[str, str] = defaultdict(str)
    for row in rows:
        for name, value in row.items():
            found[name] = found[name] or ("" if value is None else str(value).strip()[:MAX_QUOTED])
    return dict(found)
