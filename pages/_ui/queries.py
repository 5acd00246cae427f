"""What pages read, remembered for a few seconds: the only ``st.cache_data``. Each answer carries its time."""

import json
from typing import Any

import streamlit as st

from crm_core.audience.evaluation import Preview
from crm_core.infra.mongo import Doc
from crm_core.insights.overview import Totals
from crm_core.rules.mongo import AnyRule
from crm_core.rules.tree import dump_rule, load_rule
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


def preview(rule: AnyRule) -> Preview:
    """Exact as of the time it carries, at most 5 s ago."""
    return _preview(json.dumps(dump_rule(rule), sort_keys=True))


@st.cache_data(ttl=5, max_entries=200, show_spinner=False)
def _preview(rule: str) -> Preview:
    data: dict[str, Any] = json.loads(rule)
    return services().audience.preview(load_rule(data), sample=SAMPLE)
