"""Pages of a list, bounded in rows and in bytes: documents may be large, such as a segment of a million picked ids."""

from collections.abc import Iterable
from typing import Any

import bson
from pymongo.collection import Collection
from pymongo.cursor import Cursor

from crm_core.errors import InvalidInput
from crm_core.infra.mongo import Doc, Row, translated

MAX_PAGE_BYTES = 4_000_000
READ_AT_ONCE = 25
"""Documents: MongoDB sends as many at a time, and at most 16 MB."""


def read_page(cursor: Cursor[Row], limit: int) -> tuple[list[Row], bool]:
    """The next rows of a sorted cursor, and whether there are more. Raises Unavailable."""
    with translated(), cursor.limit(limit + 1).batch_size(READ_AT_ONCE) as rows:
        return take_page(rows, limit)


def take_page(rows: Iterable[Row], limit: int) -> tuple[list[Row], bool]:
    """Up to ``limit`` rows, fewer when they would be more than ``MAX_PAGE_BYTES``, at least one; and whether there are
    more."""
    page: list[Row] = []
    size = 0
    for row in rows:
        size += len(bson.encode(row))
        if len(page) == limit or (page and size > MAX_PAGE_BYTES):
            return page, True
        page.append(row)
    return page, False


def page_newest(
    collection: Collection[Row], query: Doc, moment: str, *, limit: int, after: str | None, fields: Doc | None = None
) -> tuple[list[Row], str | None]:
    """One page, newest first by the field ``moment``, and the id to go on after, None on the last page.

    fields: a projection. Raises InvalidInput when nothing that fits ``query`` has the id ``after``.
    """
    with translated():
        if after is not None:
            last: Any = collection.find_one({**query, "_id": after}, {moment: 1})
            if last is None:
                raise InvalidInput(f"{after!r} is no cursor of this list.", field="cursor")
            at = last[moment]
            query = {**query, "$or": [{moment: {"$lt": at}}, {moment: at, "_id": {"$lt": after}}]}
        rows, has_more = read_page(collection.find(query, fields).sort([(moment, -1), ("_id", -1)]), limit)
    return rows, rows[-1]["_id"] if has_more else None
