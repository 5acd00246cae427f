"""The form in which records are stored: equal ones are equal byte for byte, in whatever order they came to be."""

from collections.abc import Mapping
from typing import Any

from crm_core.channels.registry import CHANNELS
from crm_core.customers.fields import fold_texts
from crm_core.customers.merge import OFFERS
from crm_core.customers.totals import NO_TOTALS
from crm_core.infra.mongo import Doc
from crm_core.schema.customer import CUSTOMER
from crm_core.schema.fields import RecordSchema

_PARTS = ("attributes", "baseline", "consent", OFFERS, "properties", "versions")
_FIRST = ("_id", *NO_TOTALS, "created_at", "updated_at", "folded")
"""Every customer has these from the start, in this order, so that changing them in place moves nothing."""
_FIRST_SET = frozenset(_FIRST)
REACH_PARTS = ("address_keys", "refused")
"""A customer without any has no such part."""


def arrange(doc: Doc, records: RecordSchema = CUSTOMER, country: str | None = None) -> Doc:
    """``doc`` with its parts in their order: first what every customer has, then the rest by name.

    country: where phone numbers belong of customers whose own country is not known.
    """
    whole = {**NO_TOTALS, **doc, **reach_of(doc, country)}
    whole["folded"] = fold_texts(whole, records)
    for name in REACH_PARTS:
        if not whole[name]:
            del whole[name]
    _sort_parts(whole)
    return {name: whole[name] for name in (*_FIRST, *sorted(whole.keys() - _FIRST_SET))}


def reach_of(doc: Mapping[str, Any], country: str | None) -> dict[str, list[str]]:
    """What is asked of many customers at once: the keys of their addresses, and the channels that they refused."""
    refused = [channel for channel, told in doc.get("consent", {}).items() if told.get("state") == "denied"]
    return {"address_keys": CHANNELS.address_keys(doc, country), "refused": sorted(refused)}


def arrange_record(doc: Doc) -> Doc:
    """The same for an order or an event, which has no part that every one has."""
    _sort_parts(doc)
    return dict(sorted(doc.items()))


def _sort_parts(doc: Doc) -> None:
    for part in _PARTS:
        if part in doc:
            doc[part] = dict(sorted(doc[part].items()))
