"""Suppressions and denials in words."""

from typing import Final

from crm_core.audience.model import Suppression
from crm_core.errors import NotFound
from pages._ui.deps import services

CAMPAIGN: Final = "campaign:"


def whom(row: Suppression) -> str:
    return row.get("address_key") or row.get("customer_id") or "An erased address"


def source_words(source: str) -> str:
    """Where a suppression or a consent comes from; the name of a campaign."""
    if source.startswith(CAMPAIGN):
        try:
            return f"Campaign {services().campaigns.get(source.removeprefix(CAMPAIGN))['name']}"
        except NotFound:
            return "A campaign of before"
    kind, _, name = source.partition(":")
    return {"key": f"API key {name}", "import": "A file", "api": "API"}.get(kind, source)
