"""A small shop written by hand, with a gap, a tie or an edge for every rule to get wrong."""

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from crm_core.infra.streams import Stream
from crm_core.services import Services, build_services
from crm_core.settings import Settings
from tests.integration.feeding import make_entry

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
INSTANT = timedelta(milliseconds=1)
EVERYBODY = "asha bela cem dora emil fay gus"

SHOP: dict[str, Any] = json.loads((Path(__file__).parents[1] / "compliance" / "shop.json").read_text())
"""Customers with when they were accepted, and orders. Missing is everything that is not named; gus spends 0.0435 an
order, emil 16.665 and fay 33.333…; both are known by their orders alone."""


@contextmanager
def open_shop(servers: Settings) -> Iterator[Services]:
    """Services over the population, in a database of its own."""
    database = f"test_shop_{uuid.uuid4().hex[:12]}"
    services = build_services(servers.with_servers(mongodb_database=database), clock=lambda: NOW)
    customers = [(datetime.fromisoformat(row["at"]), row) for row in SHOP["customers"]]
    try:
        services.persister.store([make_entry(Stream.CUSTOMERS, _without_at(row), at=at) for at, row in customers])
        services.persister.store([make_entry(Stream.ORDERS, record, at=NOW) for record in SHOP["orders"]])
        yield services
    finally:
        services.db.client.drop_database(database)
        services.close()


def _without_at(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "at"}


def field(name: str, op: str, value: Any = None) -> dict[str, Any]:
    return {"kind": "field", "field": name, "op": op} | ({} if value is None else {"value": value})


def group(kind: str, *rules: dict[str, Any]) -> dict[str, Any]:
    return {"kind": kind, "rules": list(rules)}
