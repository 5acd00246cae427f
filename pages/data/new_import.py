"""Import of a file: choose it, say what its columns are, see what would happen, import."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pandas as pd
import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from crm_core.errors import InvalidInput
from crm_core.imports.reading.cells import NUMBER
from crm_core.imports.recognising.exported import notes_on
from crm_core.imports.recognising.kinds import KINDS, kind_named
from crm_core.imports.recognising.plan import ImportOptions
from crm_core.imports.recognising.preview import FileFacts, ImportPreview
from crm_core.imports.running.checking import Rejected
from crm_core.jobs.import_files import MAX_FILE_MB, check_size
from pages._ui import queries
from pages._ui.deps import actor, services
from pages._ui.formats import file_size, literal, number
from pages.data.mapping import explain_faults, pick_mapping

FORMATS: Final = {"csv": "CSV", "ndjson": "NDJSON", "cdnow": "CDNOW purchases"}
MAX_LISTED: Final = 10
ROUND: Final = "data_round"
"""Counts the imports started in this session: each begins with an empty uploader."""


def show_import() -> None:
    """The uploader, and what it holds."""
    file = st.file_uploader(
        "File of customers, orders or events",
        type=["csv", "ndjson", "jsonl", "txt"],
        max_upload_size=MAX_FILE_MB,
        key=f"data_file_{st.session_state.setdefault(ROUND, 0)}",
    )
    st.caption(
        f"CSV with a header, NDJSON, or the purchases of CDNOW; UTF-8, up to {MAX_FILE_MB} MB. Larger files: "
        "`python -m crm_core import`, as shown below."
    )
    if file is None:
        return
    try:
        check_size(file.name, file.size)
        facts = queries.file_facts(file.file_id, file.name, file.getvalue())
    except InvalidInput as exc:
        st.error(_in_words(exc, file.name), icon=":material/error:")
        return
    _show_file(file, facts)


def _show_file(file: UploadedFile, facts: FileFacts) -> None:
    with st.container(border=True, key="data_chosen"):
        size, records = file_size(file.size), f"{number(facts.count)} {'record' if facts.count == 1 else 'records'}"
        st.markdown(f"**{literal(file.name)}** · {FORMATS[facts.format_name]} · {records} · {size}")
        kind_name = _pick_kind(file.file_id, facts)
        mapping: dict[str, str] = {}
        if facts.columns:
            st.markdown("**Columns** – where each of them goes")
            mapping = pick_mapping(facts, kind_named(kind_name), file.file_id)
        try:
            run = queries.dry_run(file.file_id, file.name, file.getvalue(), kind_name, mapping)
        except InvalidInput as exc:
            st.error(_in_words(exc, file.name), icon=":material/error:")
            return
        faults = explain_faults(run)
        if faults:
            st.warning("  \n".join(faults), icon=":material/rule:")
        else:
            for note in notes_on(run.columns, run.kind):
                st.caption(f":material/info: {literal(note)}")
            _show_dry_run(run)
        lifts_denials = _lifts_denials(run, file.file_id)
        _offer_import(file, run, mapping, is_ready=not faults, lifts_denials=lifts_denials)


def _pick_kind(file_id: str, facts: FileFacts) -> str:
    return st.segmented_control(
        "It holds",
        list(KINDS) if facts.columns else [facts.kind.name],
        default=facts.kind.name,
        required=True,
        format_func=str.capitalize,
        key=f"data_kind_{file_id}",
    )


def _show_dry_run(run: ImportPreview) -> None:
    st.markdown("**Dry run** – nothing is written yet")
    taken = f":green-badge[:material/check_circle: {number(run.accepted)} would be taken]"
    bad = len(run.rejected)
    refused = f" :red-badge[:material/cancel: {number(bad)} would be rejected]" if bad else ""
    part = f"Checked: the first {number(run.checked)} of {number(run.count)}; the rest when it is imported."
    st.markdown(f"{taken}{refused}")
    st.caption(part if run.checked < run.count else f"Checked: all {number(run.count)}.")
    if run.records:
        st.caption("The first records as they would be stored")
        frame = pd.DataFrame([flatten(record) for record in run.records])
        numbers = [name for name in frame.columns if run.kind.fields.get(name) is NUMBER]
        frame[numbers] = frame[numbers].astype(float)  # money travels as text, so that it stays exact
        decimals = st.column_config.NumberColumn(format=f"%.{services().workspace.digits()}f")
        st.dataframe(
            frame,
            column_config=dict.fromkeys(numbers, decimals),
            hide_index=True,
            height="content",
            key="data_records",
            alt="First records of the file",
        )
    show_rejected(run.rejected[:MAX_LISTED], bad)


def _lifts_denials(run: ImportPreview, file_id: str) -> bool:
    """Asked when the file would lift a no that is on record."""
    if not (kept := services().customers.count_denials(run.grants)):
        return False
    said = "1 denial" if kept == 1 else f"{number(kept)} denials"
    some = " among the records checked" if run.checked < run.count else ""
    st.warning(
        f"The file grants consent against **{said}** on record{some}. A no stays unless you lift it here.",
        icon=":material/thumb_down:",
    )
    return st.checkbox("Let the file lift these denials", key=f"data_lift_{file_id}")


def show_rejected(rejected: Sequence[Rejected], in_all: int) -> None:
    """The lines, each with what is wrong. in_all: how many there are, shown or not."""
    if not rejected:
        return
    rows = [{"Line": number(one.line), "What is wrong": literal(one.message)} for one in rejected]
    st.table(pd.DataFrame(rows), border="horizontal", hide_index=True, alt="Rejected lines")
    if in_all > len(rejected):
        st.caption(f"The first {number(len(rejected))} of {number(in_all)}.")


def _offer_import(
    file: UploadedFile, run: ImportPreview, mapping: Mapping[str, str], *, is_ready: bool, lifts_denials: bool
) -> None:
    name = run.kind.name if run.count != 1 else run.kind.name.removesuffix("s")
    is_ready = is_ready and bool(run.accepted or run.checked < run.count)
    if not st.button(
        f"Import {number(run.count)} {name}",
        type="primary",
        icon=":material/upload:",
        disabled=not is_ready,
        key="data_import",
    ):
        return
    options = ImportOptions(kind_name=run.kind.name, mapping=mapping, lifts_denials=lifts_denials)
    services().imports.start(file.name, file.getvalue(), options, actor=actor())
    st.session_state[ROUND] += 1
    st.rerun()


def flatten(record: Mapping[str, Any]) -> dict[str, Any]:
    """One level, as a row of a table: ``attributes.plan`` for what is nested."""
    row: dict[str, Any] = {}
    for name, value in record.items():
        if isinstance(value, dict):
            row |= {f"{name}.{part}": inner for part, inner in value.items()}
        else:
            row[name] = value
    return {name: ", ".join(map(str, value)) if isinstance(value, list) else value for name, value in row.items()}


def _in_words(exc: InvalidInput, file_name: str) -> str:
    if exc.field == "format":
        return f"{literal(file_name)} is neither CSV nor NDJSON nor a CDNOW file. Save it as CSV in UTF-8."
    return literal(str(exc))
