"""Which customer fields are searched, and the copies of them that comparisons use."""

from datetime import datetime
from typing import Any

from crm_core.customers.search_words import customer_words
from crm_core.infra.mongo import Doc
from crm_core.infra.text import fold, parse_iso

FOLDED_TEXTS = ("name", "email", "phone", "city", "country", "category")
FOLDED_LISTS = ("tags", "categories")


def fold_texts(doc: Doc) -> Doc:
    """The ``folded`` part of a customer: its searchable texts as a comparison sees them.

    ``search``: the words by which people find the customer. ``attributes``: texts and lists among the custom
    attributes. ``dates``: those of their texts that are ISO 8601 dates, as times, should the attribute be a date.
    """
    attributes: dict[str, Any] = doc.get("attributes", {})
    parts: Doc = {
        **{name: fold(doc[name]) for name in FOLDED_TEXTS if name in doc},
        **{name: [fold(entry) for entry in doc[name]] for name in FOLDED_LISTS if name in doc},
        "search": customer_words(doc),
    }
    texts = {name: _fold_value(value) for name, value in sorted(attributes.items()) if isinstance(value, str | list)}
    dates = {name: moment for name, value in sorted(attributes.items()) if (moment := _date(value))}
    return parts | ({"attributes": texts} if texts else {}) | ({"dates": dates} if dates else {})


def _fold_value(value: str | list[str]) -> str | list[str]:
    return fold(value) if isinstance(value, str) else [fold(entry) for entry in value]


def _date(value: Any) -> datetime | None:
    return parse_iso(value) if isinstance(value, str) else None
