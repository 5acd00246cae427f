"""What is worth knowing of a file that was exported from ClientNest, before it comes in again."""

from collections.abc import Sequence

from crm_core.imports.recognising.faults import list_names
from crm_core.imports.recognising.kinds import Kind
from crm_core.imports.recognising.mapping import ColumnMapping


def notes_on(columns: Sequence[ColumnMapping], kind: Kind) -> list[str]:
    """Sentences; none unless the file has columns that are left out because ClientNest computes them."""
    left_out = [each.column for each in columns if each.is_computed]
    if not left_out:
        return []
    said = [f"Left out, because ClientNest computes them: {list_names(left_out)}."]
    if totals := [each.column for each in columns if each.target and each.target.path in kind.totals]:
        said.append(
            f"Taken as the history before your data: {list_names(totals)}. Leave that out where ClientNest has the "
            "orders and visits of these customers already: they would count twice."
        )
    return said
