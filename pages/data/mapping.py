"""Which column of an uploaded file goes where: the choices, the wishes as the import takes them, and the faults."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

import streamlit as st

from crm_core.channels.registry import CHANNELS
from crm_core.imports.reading.cells import CUSTOM_TYPES
from crm_core.imports.recognising.key_mapping import map_keys
from crm_core.imports.recognising.kinds import Kind
from crm_core.imports.recognising.mapping import LEAVE_OUT, ColumnMapping, map_columns
from crm_core.imports.recognising.preview import FileFacts, ImportPreview
from crm_core.imports.recognising.targets import normalise
from pages._ui.formats import literal

UNSET: Final = "?"
CHOICE_PX: Final = 230
_UNNAMED: Final = re.compile(r"[^a-z0-9_]+")


def pick_mapping(facts: FileFacts, kind: Kind, file_id: str) -> dict[str, str]:
    """Draw a selectbox for each column; returns what is wanted of them, as ``ImportOptions`` take it."""
    mapping: dict[str, str] = {}
    with st.grid(3, min_column_width=CHOICE_PX, gap="small"):
        for place, (column, sample) in enumerate(facts.columns.items()):
            found = find_choice(column, kind, facts.format_name)
            choices = list_choices(column, kind, found)
            chosen = st.selectbox(
                literal(column) or "(no name)",
                choices,
                index=list(choices).index(found),
                format_func=choices.__getitem__,
                key=f"data_map_{file_id}_{kind.name}_{place}",
                help=f"For example: {literal(sample)}" if sample else "Empty in the first rows.",
            )
            is_by_itself = chosen == found and (facts.format_name == "ndjson" or found == LEAVE_OUT)
            if chosen != UNSET and not is_by_itself:
                mapping[column] = chosen
    return mapping


def find_choice(column: str, kind: Kind, format_name: str) -> str:
    """Where a column goes by its name alone; UNSET when that leads nowhere, LEAVE_OUT for what ClientNest computes."""
    (found,) = map_keys([column], {}, kind) if format_name == "ndjson" else map_columns([column], {}, kind)
    if found.target is None:
        return UNSET if found.fault else LEAVE_OUT
    if found.target.field == kind.custom and found.target.type:
        return f"{found.target.path}:{found.target.type.name}"
    return found.target.path


def list_choices(column: str, kind: Kind, found: str) -> dict[str, str]:
    """What can be chosen for a column, each with its label. found: where it goes by its name, first if nowhere."""
    choices = {UNSET: "Choose a field …"} if found == UNSET else {}
    choices |= {name: f"{name} · required" for name in kind.required}
    choices |= {name: name for name in kind.fields if name not in kind.required}
    if kind.custom:
        path = f"{kind.custom}.{_custom_name(column)}"
        choices[path] = f"{path} · type as found"
        choices |= {f"{path}:{name}": f"{path} · {name}" for name in CUSTOM_TYPES}
    if kind.has_consent:
        choices |= {f"consent.{channel}": f"consent.{channel}" for channel in CHANNELS}
    if found not in {UNSET, *choices}:
        choices[found] = found
    return choices | {LEAVE_OUT: "Leave out"}


def explain_faults(run: ImportPreview) -> list[str]:
    """What is wrong with the mapping, in words that fit the choices above; Markdown."""
    return [*_lost(run), *_doubled(run.columns), *_missing(run)] or [literal(fault) for fault in run.faults]


def _lost(run: ImportPreview) -> Iterator[str]:
    lost = list(dict.fromkeys(column.column for column in run.columns if column.fault))
    if lost:
        goes = "goes, or leave it out" if len(lost) == 1 else "go, or leave them out"
        yield f"Choose where {_list_bold(lost)} {goes}."


def _doubled(columns: Sequence[ColumnMapping]) -> Iterator[str]:
    by_path: defaultdict[str, list[str]] = defaultdict(list)
    for column in columns:
        if column.target:
            by_path[column.target.path].append(column.column)
    for path, names in by_path.items():
        if len(set(names)) > 1:
            yield f"{_list_bold(list(dict.fromkeys(names)))} go to one field, {literal(path)}: leave one of them out."
        elif len(names) > 1:
            yield f"The file names the column **{literal(names[0])}** twice: leave it out, or rename one in the file."


def _missing(run: ImportPreview) -> Iterator[str]:
    paths = {column.target.path for column in run.columns if column.target}
    missing = [name for name in run.kind.required if run.columns and name not in paths]
    if missing:
        each = "it" if len(missing) == 1 else "each"
        yield f"{run.kind.name.capitalize()} need {_list_bold(missing)}: choose {each} for the column that holds it."


def _list_bold(names: Sequence[str]) -> str:
    *others, last = [f"**{literal(name) or '(no name)'}**" for name in names]
    return f"{', '.join(others)} and {last}" if others else last


def _custom_name(column: str) -> str:
    return _UNNAMED.sub("_", normalise(column)).lstrip("_0123456789")[:40].rstrip("_") or "column"
