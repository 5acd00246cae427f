"""What the program stored before there was a data version, written by its own code then."""

from pathlib import Path
from typing import Any

from bson.json_util import loads

from crm_core.infra.mongo import Db

OLD: dict[str, list[dict[str, Any]]] = loads((Path(__file__).parent / "data" / "data_version_0.json").read_text())


def store_old_data(db: Db, *, customers: int = 0) -> None:
    """customers: how many more there are, like the first one, but stored before there was a search."""
    for name, rows in OLD.items():
        if rows:
            db[name].insert_many(rows)
    first = OLD["customers"][0]
    folded = {name: value for name, value in first["folded"].items() if name != "search"}
    for start in range(0, customers, 10_000):
        numbers = range(start, min(start + 10_000, customers))
        db.customers.insert_many(
            [{**first, "folded": folded, "_id": f"more{number:07}"} for number in numbers], ordered=False
        )
