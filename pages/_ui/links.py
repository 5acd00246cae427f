"""The pages: each declared once, for the navigation and for links between pages."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NoReturn

import streamlit as st

from crm_core.access.permissions import Permission

PAGES_FOLDER = Path(__file__).resolve().parents[1]
PageName = Literal[
    "overview",
    "audience_builder",
    "segments",
    "new_campaign",
    "campaigns",
    "campaign",
    "compare_campaigns",
    "customers",
    "customer",
    "explore",
    "predictions",
    "consent",
    "data",
    "settings",
    "users",
    "api_keys",
    "audit_log",
]
Group = Literal["Engage", "Explore", "Operate"]


@dataclass(frozen=True)
class PageInfo:
    """file: below ``pages/``. icon: a Material name. is_listed: whether the navigation shows it; others are linked.

    needs: what its readers must be allowed to do; its services ask anew.
    """

    file: str
    title: str
    icon: str
    group: Group
    is_listed: bool = True
    needs: Permission = Permission.READ_FIGURES


PAGES: Mapping[PageName, PageInfo] = {
    "overview": PageInfo("overview/overview.py", "Overview", "space_dashboard", "Engage"),
    "audience_builder": PageInfo("builder/audience_builder.py", "Audience builder", "filter_alt", "Engage"),
    "segments": PageInfo("segments.py", "Segments", "groups", "Engage"),
    "new_campaign": PageInfo("wizard/new_campaign.py", "New campaign", "add_circle", "Engage"),
    "campaigns": PageInfo("campaigns/campaigns.py", "Campaigns", "campaign", "Engage"),
    "campaign": PageInfo("campaigns/campaign.py", "Campaign", "insights", "Engage", is_listed=False),
    "compare_campaigns": PageInfo(
        "campaigns/compare.py", "Compare campaigns", "compare_arrows", "Engage", is_listed=False
    ),
    "customers": PageInfo(
        "customers/customers.py", "Customers", "contacts", "Explore", needs=Permission.READ_CUSTOMERS
    ),
    "customer": PageInfo(
        "customers/customer.py", "Customer", "person", "Explore", is_listed=False, needs=Permission.READ_CUSTOMERS
    ),
    "explore": PageInfo("explore/explore.py", "Explore", "query_stats", "Explore"),
    "predictions": PageInfo("explore/predictions.py", "Predictions", "trending_up", "Explore"),
    "consent": PageInfo("consent/consent.py", "Consent", "verified_user", "Operate", needs=Permission.READ_CUSTOMERS),
    "data": PageInfo("data/data.py", "Data", "database", "Operate"),
    "settings": PageInfo("settings/settings.py", "Settings", "settings", "Operate"),
    "users": PageInfo("users/users.py", "Users", "group", "Operate", needs=Permission.MANAGE_USERS),
    "api_keys": PageInfo("keys/keys.py", "API keys", "key", "Operate", needs=Permission.MANAGE_KEYS),
    "audit_log": PageInfo("audit/audit.py", "Audit log", "history", "Operate", needs=Permission.READ_AUDIT),
}
"""The first one is the page that opens."""


def page_file(name: PageName) -> str:
    """The absolute path: Streamlit resolves others against the shell."""
    return str(PAGES_FOLDER / PAGES[name].file)


def go_to(name: PageName, **parameters: str) -> NoReturn:
    """Leave for another page, with query parameters such as ``segment=…``."""
    st.switch_page(page_file(name), query_params=parameters)


def link_to(name: PageName, label: str, icon: str | None = None, **parameters: str) -> None:
    """A link that a colleague can be sent."""
    st.page_link(page_file(name), label=label, icon=icon, query_params=parameters or None)
