"""The formats that can be imported, and how a file's is told."""

from collections.abc import Callable, Mapping

from crm_core.errors import InvalidInput
from crm_core.imports.formats.cdnow_format import is_cdnow, plan_cdnow
from crm_core.imports.formats.csv_format import plan_csv
from crm_core.imports.formats.ndjson_format import plan_ndjson
from crm_core.imports.reading.sources import FileSource
from crm_core.imports.recognising.plan import ImportOptions, ImportPlan

FORMATS: Mapping[str, Callable[[FileSource, ImportOptions], ImportPlan]] = {
    "cdnow": plan_cdnow,
    "csv": plan_csv,
    "ndjson": plan_ndjson,
}
SUFFIXES: Mapping[str, str] = {".csv": "csv", ".ndjson": "ndjson", ".jsonl": "ndjson"}
MAX_FIRST_LINE_BYTES = 100_000


def plan_import(source: FileSource, options: ImportOptions) -> ImportPlan:
    """Read a file once and say what it holds and what an import would do with it.

    Raises InvalidInput for a file that cannot be read at all; what is wrong with its columns are the plan's faults.
    """
    format_name = options.format_name or guess_format(source)
    if format_name not in FORMATS:
        raise InvalidInput(f"There is no format {format_name!r}; allowed are {', '.join(FORMATS)}.", field="format")
    return FORMATS[format_name](source, options)


def guess_format(source: FileSource) -> str:
    """By the end of the name, or else by the first line. Raises InvalidInput."""
    for suffix, name in SUFFIXES.items():
        if source.name.lower().endswith(suffix):
            return name
    with source.binary() as file:
        line = file.readline(MAX_FIRST_LINE_BYTES).decode("utf-8-sig", errors="replace")
    if is_cdnow(line):
        return "cdnow"
    if line.lstrip().startswith("{"):
        return "ndjson"
    raise InvalidInput(
        f"{source.name} is neither a CSV nor a CDNOW file nor NDJSON; say which with --format {', '.join(FORMATS)}.",
        field="format",
    )
