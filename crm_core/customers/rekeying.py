"""Makes the keys of addresses anew when the workspace's default country has changed: phone numbers without a calling
code belong there."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from pymongo import UpdateOne

from crm_core.customers.document import reach_of
from crm_core.customers.model import customers_in
from crm_core.infra.clock import Clock
from crm_core.infra.mongo import Db, Doc, translated

STATE_ID = "address_country"
"""Of the document in ``workspace``: ``country``, by which the keys were made; while they are made anew, ``to``, since
when, and ``after``, the last customer id that is done."""
BATCH = 2_000
REST = timedelta(seconds=5)
"""Longer than it takes until every process knows of the change."""
_SHOWN = ("email", "phone", "country", "attributes", "consent", "address_keys")


class Rekeying:
    """country: asked for the default country of now. Any number of workers may run it at once."""

    def __init__(self, db: Db, country: Callable[[], str | None], clock: Clock) -> None:
        self._states = db.workspace
        self._customers = customers_in(db)
        self._country = country
        self._clock = clock

    def run_slice(self) -> int:
        """Returns how many customers were looked at; 0 when the keys are those of the country. Raises Unavailable."""
        wanted, now = self._country(), self._clock()
        with translated():
            state = self._states.find_one({"_id": STATE_ID})
            if state is None:
                is_new = self._customers.find_one({}, {"_id": 1}) is None
                self._write({"country": wanted} if is_new else {"country": None, "to": wanted, "since": now})
                return 0
            if "to" not in state and state["country"] == wanted:
                return 0
            if "to" not in state or state["to"] != wanted:
                self._write({"country": state["country"], "to": wanted, "since": now})
                return 0
            return self._walk(state, now) if now >= state["since"] + REST else 0

    def _walk(self, state: Doc, now: datetime) -> int:
        after: Doc = {"_id": {"$gt": state["after"]}} if "after" in state else {}
        query: Doc = {"phone": {"$exists": True}, **after}
        rows = list(self._customers.find(query, _SHOWN).sort("_id", 1).limit(BATCH))
        writes: list[Any] = []
        for row in rows:
            keys = reach_of(row, state["to"])["address_keys"]
            if keys != row.get("address_keys", []):
                same = {name: row.get(name) for name in ("email", "phone", "country")}
                writes.append(UpdateOne({"_id": row["_id"], **same}, {"$set": {"address_keys": keys}}))
        if writes:
            self._customers.bulk_write(writes, ordered=False)
        if len(rows) < BATCH:
            self._write({"country": state["to"]})
        else:
            self._write({**state, "after": rows[-1]["_id"]})
        return len(rows)

    def _write(self, state: Doc) -> None:
        self._states.replace_one({"_id": STATE_ID}, {name: state[name] for name in state if name != "_id"}, upsert=True)
