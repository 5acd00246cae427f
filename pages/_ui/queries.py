"""What pages read, remembered for a few seconds: the only ``st.cache_data``. Each answer carries its time.

Figures are shared by people of one role only, what names customers by nobody: the services ask whether the reader may
see it, and the audit log tells who did.
"""

import io
import json
from collections.abc import Mapping
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

import streamlit as st

from crm_core.access.actor import Actor
from crm_core.access.permissions import Permission, Role
from crm_core.audience.preview import Preview
from crm_core.audience.zone_effects import ZoneEffect
from crm_core.customers.model import Customer
from crm_core.imports.reading.sources import FileSource
from crm_core.imports.recognising.plan import ImportOptions
from crm_core.imports.recognising.preview import FileFacts, ImportPreview, look_at, try_import
from crm_core.insights.overview import LatestOrder
from crm_core.predictions.calibration import NEVER_FITTED
from crm_core.rules.loading import dump_rule, load_rule
from crm_core.rules.tree import AnyRule, ListRule
from pages._ui.deps import actor, services

SAMPLE = 10
Reader: TypeAlias = tuple[str, Role]


def _reader() -> Reader:
    me = actor()
    return me.id, me.role


def sample_size() -> int:
    """How many customers a preview shows: none to those who may not see any."""
    return SAMPLE if actor().may(Permission.READ_CUSTOMERS) else 0


def latest_orders() -> list[LatestOrder]:
    return _latest_orders(_reader(), actor())


@st.cache_data(ttl=5, max_entries=50, show_spinner=False)
def _latest_orders(reader: Reader, _actor: Actor) -> list[LatestOrder]:
    return services().overview.latest_orders(actor=_actor)


def options(field: str) -> list[str]:
    """The most frequent values of a customer field."""
    return _options(field, actor().role, actor())


@st.cache_data(ttl=60, max_entries=50, show_spinner=False)
def _options(field: str, role: Role, _actor: Actor) -> list[str]:
    return services().overview.options(field, actor=_actor)


def property_values(event_type: str, name: str) -> list[str]:
    """The most frequent values of a property of events."""
    return _property_values(event_type, name, actor().role, actor())


@st.cache_data(ttl=60, max_entries=50, show_spinner=False)
def _property_values(event_type: str, name: str, role: Role, _actor: Actor) -> list[str]:
    return services().overview.property_values(event_type, name, actor=_actor)


def item_names() -> list[str]:
    """The most frequent names of items of orders."""
    return _item_names(actor().role, actor())


@st.cache_data(ttl=60, max_entries=4, show_spinner=False)
def _item_names(role: Role, _actor: Actor) -> list[str]:
    return services().overview.item_names(actor=_actor)


@st.cache_data(ttl=60, max_entries=4, show_spinner=False)
def event_types() -> list[str]:
    """Of the latest events, the most frequent first."""
    return services().rule_contexts.event_types()


@st.cache_data(ttl=30, max_entries=10, show_spinner="Counting segments in both time zones …")
def zone_effects(zone: str) -> list[ZoneEffect]:
    """What another time zone would do to saved segments."""
    return services().zone_effects.of(ZoneInfo(zone))


def no_predictions() -> str | None:
    """Why customers have none, in words; None when they have."""
    return _no_predictions(actor().role, actor())


@st.cache_data(ttl=5, max_entries=4, show_spinner=False)
def _no_predictions(role: Role, _actor: Actor) -> str | None:
    fit = services().prediction_fits.latest(actor=_actor)
    return NEVER_FITTED if fit is None else fit["reason"]


def find_customers(text: str, limit: int) -> dict[str, str]:
    """Id to name and id of those whom a search finds, by name. Raises InvalidInput."""
    return _find_customers(text, limit, _reader(), actor())


@st.cache_data(ttl=30, max_entries=100, show_spinner=False)
def _find_customers(text: str, limit: int, reader: Reader, _actor: Actor) -> dict[str, str]:
    found = services().customer_search.search(text, actor=_actor, sort="name", skip=0, limit=limit)
    return {each["id"]: f"{each['name']} · {each['id']}" if each.get("name") else each["id"] for each in found}


@st.cache_data(ttl=30, max_entries=20, show_spinner=False)
def known_customers(ids: tuple[str, ...]) -> int:
    """How many of these ids are customers."""
    found = services()
    return found.audience.count(ListRule(customer_ids=ids), now=found.clock())


def preview(rule: AnyRule) -> Preview:
    """Exact as of the time it carries, at most 5 s ago; with a sample for those who may see customers."""
    return _preview(json.dumps(dump_rule(rule), sort_keys=True), _reader(), actor())


@st.cache_data(ttl=5, max_entries=200, show_spinner=False)
def _preview(rule: str, reader: Reader, _actor: Actor) -> Preview:
    data: dict[str, Any] = json.loads(rule)
    return services().previews.preview(load_rule(data), actor=_actor, sample=sample_size())


def audience_sample(rule: AnyRule, size: int) -> list[Customer]:
    """The first customers of an audience by id, for those who may see any."""
    if not actor().may(Permission.READ_CUSTOMERS):
        return []
    return _audience_sample(json.dumps(dump_rule(rule), sort_keys=True), size, _reader(), actor())


@st.cache_data(ttl=30, max_entries=50, show_spinner=False)
def _audience_sample(rule: str, size: int, reader: Reader, _actor: Actor) -> list[Customer]:
    data: dict[str, Any] = json.loads(rule)
    return services().previews.preview(load_rule(data), actor=_actor, sample=size).sample


@st.cache_data(ttl=600, max_entries=20, show_spinner=False)
def file_facts(file_id: str, name: str, _data: bytes) -> FileFacts:
    """What an uploaded file seems to hold; ``file_id`` stands for its data. Raises InvalidInput."""
    return look_at(FileSource.of_file(io.BytesIO(_data), name), services().import_kinds)


def dry_run(file_id: str, name: str, data: bytes, kind_name: str | None, mapping: Mapping[str, str]) -> ImportPreview:
    """What an import of an uploaded file would do, by the types declared at most 10 s ago. Raises InvalidInput."""
    return _dry_run(file_id, name, data, kind_name, tuple(mapping.items()))


@st.cache_data(ttl=10, max_entries=50, show_spinner=False)
def _dry_run(
    file_id: str, name: str, _data: bytes, kind_name: str | None, mapping: tuple[tuple[str, str], ...]
) -> ImportPreview:
    found = services()
    context = found.validation_context(found.attributes.declared())
    options = ImportOptions(kind_name=kind_name, mapping=dict(mapping), kinds=found.import_kinds)
    return try_import(FileSource.of_file(io.BytesIO(_data), name), options, context)
