"""Finds customers by the beginnings of words: of name, e-mail address, phone number and id."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Literal, TypeAlias

from crm_core.access.actor import Actor
from crm_core.access.permissions import Permission
from crm_core.access.personal_reads import PersonalReads
from crm_core.customers.model import Customer, customers_in
from crm_core.customers.phones import calling_code
from crm_core.customers.reading import PAGE, CustomerReader
from crm_core.customers.search_words import INTERNATIONAL, MAX_WORD, national_numbers, typed_terms
from crm_core.errors import InvalidInput
from crm_core.infra.mongo import Db, Doc, translated
from crm_core.schema.kinds import MAX_ID_LENGTH

Sort: TypeAlias = Literal["id", "name", "newest"]
MAX_TEXT = MAX_ID_LENGTH
MAX_REACHED = 10_000
TIME_LIMIT_MS = 10_000
WORDS = "folded.search"
BY_ID: Doc = {"_id": 1}
BY_NAME: Doc = {"folded.name": 1, "_id": 1}
NEWEST: Doc = {"created_at": -1, "_id": -1}
_NAMED: Doc = {"folded.name": {"$gt": ""}}
_NAMELESS: Doc = {"folded.name": {"$in": [None, ""]}}
_PARTS: Mapping[Sort, list[tuple[Doc, Doc]]] = {
    "id": [({}, BY_ID)],
    "name": [(_NAMED, BY_NAME), (_NAMELESS, BY_ID)],
    "newest": [({}, NEWEST)],
}
"""The parts of each list with their order; without a name one stands at the end."""


class CustomerSearch:
    """country: asked each time, where phone numbers without a calling code belong."""

    def __init__(self, db: Db, reads: PersonalReads, reader: CustomerReader, country: Callable[[], str | None]) -> None:
        self._customers = customers_in(db)
        self._reads = reads
        self._reader = reader
        self._country = country

    def search(self, text: str, *, actor: Actor, sort: Sort = "id", skip: int = 0, limit: int = PAGE) -> list[Customer]:
        """One page of those whom every word of ``text`` finds, all for an empty one. Raises InvalidInput.

        Of a list only the first 10,000 are reached: more are for a narrower search.
        """
        self._reads.require(actor, "customers.list")
        _check_place(sort, skip, limit)
        stages = page_stages(self._query(text), sort, min(skip + limit, MAX_REACHED))
        with translated():
            rows = self._customers.aggregate([*stages, {"$skip": skip}, {"$limit": limit}], maxTimeMS=TIME_LIMIT_MS)
            return [self._reader.to_record(row) for row in rows]

    def count_found(self, text: str, *, actor: Actor, limit: int = MAX_REACHED + 1) -> int:
        """How many these are, counted up to ``limit``. Raises InvalidInput."""
        actor.require(Permission.READ_CUSTOMERS)
        with translated():
            return self._customers.count_documents(self._query(text), limit=limit, maxTimeMS=TIME_LIMIT_MS)

    def identify(self, texts: Sequence[str], *, actor: Actor) -> dict[str, list[str]]:
        """Ids of the customers that each text names exactly: as an id, else as an e-mail address, in any case. Those
        that name nobody are left out."""
        self._reads.require(actor, "customers.list")
        with translated():
            known = {row["_id"] for row in self._customers.find({"_id": {"$in": list(texts)}}, {"_id": 1})}
            found: dict[str, list[str]] = {text: [text] for text in texts if text in known}
            emails = {text.strip().lower(): text for text in texts if text not in known and "@" in text}
            query: Doc = {WORDS: {"$in": [email[:MAX_WORD] for email in emails]}}
            for row in self._customers.find(query, {"email": 1}) if emails else ():
                if text := emails.get(row.get("email", "").lower()):
                    found.setdefault(text, []).append(row["_id"])
        return found

    def _query(self, text: str) -> Doc:
        return to_query(text, calling_code(self._country()))


def to_query(text: str, own_code: str = "") -> Doc:
    """The filter for those who have, for every word typed, a word that begins with it. Raises InvalidInput.

    own_code: the calling code of numbers that are stored without one.
    """
    if len(text) > MAX_TEXT:
        raise InvalidInput(f"A search takes at most {MAX_TEXT} characters, this one has {len(text):,}.", field="text")
    pairs = zip(typed_terms(text), national_numbers(text, own_code), strict=True)
    terms = [_any_of(alternatives, national) for alternatives, national in pairs]
    return {"$and": terms} if terms else {}


def page_stages(query: Doc, sort: Sort, reach: int) -> list[Doc]:
    """The stages that give the first ``reach`` customers in order."""
    first, *others = (_part(query, part, order, reach) for part, order in _PARTS[sort])
    return [*first, *({"$unionWith": {"coll": "customers", "pipeline": stages}} for stages in others)]


def _part(query: Doc, part: Doc, order: Doc, reach: int) -> list[Doc]:
    return [{"$match": {"$and": [query, part]}}, {"$sort": order}, {"$limit": reach}]


def _any_of(alternatives: list[list[str]], national: str | None) -> Doc:
    found: list[Doc] = [{"$and": [_begins(word) for word in words]} for words in alternatives]
    if national:
        found.append({"$and": [_begins(national), {"folded.phone": {"$not": {"$regex": INTERNATIONAL}}}]})
    return found[0] if len(found) == 1 else {"$or": found}


def _begins(word: str) -> Doc:
    return {WORDS: {"$regex": f"^{re.escape(word)}"}}


def _check_place(sort: str, skip: int, limit: int) -> None:
    if sort not in _PARTS:
        raise InvalidInput(f"Customers are not sorted by {sort!r}; allowed are {', '.join(_PARTS)}.", field="sort")
    if skip < 0 or not 1 <= limit <= MAX_REACHED:
        raise InvalidInput(f"A page starts at 0 or later and has 1 to {MAX_REACHED:,} rows.", field="limit")
