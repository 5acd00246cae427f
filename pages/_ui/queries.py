"""What pages read, remembered for a few seconds: the only ``st.cache_data``. Each answer carries its time."""

import io
import json
from collections.abc import Mapping
from typing import Any

import streamlit as st

from crm_core.audience.preview import Preview
from crm_core.imports.reading.sources import FileSource
from crm_core.imports.recognising.plan import ImportOptions
from crm_core.imports.recognising.preview import DryRun, FileFacts, look_at, try_import
from crm_core.infra.mongo import Doc
from crm_core.ingest.scalars import Border
from crm_core.insights.overview import Totals
from crm_core.rules.loading import dump_rule, load_rule
from crm_core.rules.tree import AnyRule, ListRule
from pages._ui.deps import services

SAMPLE = 10


@st.cache_data(ttl=5, max_entries=4, show_spinner=False)
def totals() -> Totals:
    return services().overview.totals()


@st.cache_data(ttl=30, max_entries=4, show_spinner=False)
def revenue_by_month() -> list[Doc]:
    return services().overview.revenue_by_month()


@st.cache_data(ttl=5, max_entries=4, show_spinner=False)
def latest_orders() -> list[Doc]:
    return services().overview.latest_orders()


@st.cache_data(ttl=60, max_entries=50, show_spinner=False)
def options(field: str) -> list[str]:
    """The most frequent values of a customer field."""
    return services().overview.options(field)


@st.cache_data(ttl=60, max_entries=4, show_spinner=False)
def event_types() -> list[str]:
    """Of the latest events, the most frequent first."""
    return services().scopes.event_types()


@st.cache_data(ttl=30, max_entries=100, show_spinner=False)
def find_customers(text: str, limit: int) -> dict[str, str]:
    """Id to name and id of those whom a search finds, by name. Raises InvalidInput."""
    found = services().customer_search.search(text, sort="name", skip=0, limit=limit)
    return {each["id"]: f"{each['name']} · {each['id']}" if each.get("name") else each["id"] for each in found}


@st.cache_data(ttl=30, max_entries=20, show_spinner=False)
def known_customers(ids: tuple[str, ...]) -> int:
    """How many of these ids are customers."""
    found = services()
    return found.audience.count(ListRule(customer_ids=ids), now=found.clock())


def preview(rule: AnyRule) -> Preview:
    """Exact as of the time it carries, at most 5 s ago."""
    return _preview(json.dumps(dump_rule(rule), sort_keys=True))


@st.cache_data(ttl=5, max_entries=200, show_spinner=False)
def _preview(rule: str) -> Preview:
    data: dict[str, Any] = json.loads(rule)
    return services().previews.preview(load_rule(data), sample=SAMPLE)


@st.cache_data(ttl=600, max_entries=20, show_spinner=False)
def file_facts(file_id: str, name: str, _data: bytes) -> FileFacts:
    """What an uploaded file seems to hold; ``file_id`` stands for its data. Raises InvalidInput."""
    return look_at(FileSource.of_file(io.BytesIO(_data), name))


def dry_run(file_id: str, name: str, data: bytes, kind_name: str | None, mapping: Mapping[str, str]) -> DryRun:
    """What an import of an uploaded file would do, by the types declared at most 10 s ago. Raises InvalidInput."""
    return _dry_run(file_id, name, data, kind_name, tuple(mapping.items()))


@st.cache_data(ttl=10, max_entries=50, show_spinner=False)
def _dry_run(
    file_id: str, name: str, _data: bytes, kind_name: str | None, mapping: tuple[tuple[str, str], ...]
) -> DryRun:
    found = services()
    border = Border(found.clock(), found.settings.currency_digits, found.attributes.declared())
    options = ImportOptions(kind_name=kind_name, mapping=dict(mapping))
    return try_import(FileSource.of_file(io.BytesIO(_data), name), options, border)
