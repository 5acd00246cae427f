"""Which customer fields are texts, and the folded copies that comparisons use."""

from crm_core.infra.mongo import Doc
from crm_core.infra.text import fold

FOLDED_TEXTS = ("name", "email", "phone", "city", "country", "category")
FOLDED_LISTS = ("tags", "categories")


def fold_texts(doc: Doc) -> Doc:
    """The ``folded`` part of a customer: what its searchable texts look like to a comparison."""
    texts = {name: fold(doc[name]) for name in FOLDED_TEXTS if name in doc}
    lists = {name: [fold(entry) for entry in doc[name]] for name in FOLDED_LISTS if name in doc}
    return {**texts, **lists}
