"""Suppressions as rows: of a customer, of an address, or of an address that was erased and is known by its hash."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from crm_core.access.pseudonyms import Pseudonyms
from crm_core.audience.model import Suppression
from crm_core.infra.mongo import Doc
from crm_core.schema.suppressions import ERASED, REASONS, address_row_id, customer_row_id


def erased_row_id(channel: str, key: str, pseudonyms: Pseudonyms) -> str:
    return f"{ERASED}{pseudonyms.of(f'{channel}:{key}')}"


@dataclass(frozen=True)
class Told:
    """reason: a SuppressionReason. source: where it comes from, such as ``campaign:ID``; empty for none. at: aware UTC.
    by: the label of who acts."""

    reason: str
    source: str
    at: datetime
    by: str

    def to_fields(self, channel: str) -> Doc:
        source = {"source": self.source} if self.source else {}
        return {"channel": channel, "reason": self.reason, **source, "created_at": self.at, "created_by": self.by}


def customer_row(channel: str, customer_id: str, told: Told) -> Suppression:
    row = {"_id": customer_row_id(channel, customer_id), "customer_id": customer_id, **told.to_fields(channel)}
    return cast("Suppression", row)


def address_row(channel: str, key: str, told: Told) -> Suppression:
    row = {"_id": address_row_id(channel, key), "address_key": key, **told.to_fields(channel)}
    return cast("Suppression", row)


def recipient_row(channel: str, customer_id: str, key: str | None, told: Told) -> Suppression:
    """Of who was written to: the address, or the customer over a channel without addresses."""
    return address_row(channel, key, told) if key else customer_row(channel, customer_id, told)


def erased_row(channel: str, key: str, told: Told, pseudonyms: Pseudonyms) -> Suppression:
    return cast("Suppression", {"_id": erased_row_id(channel, key, pseudonyms), **told.to_fields(channel)})


def to_upsert(row: Suppression) -> tuple[Doc, Doc]:
    """A query and its change, which write the row where there is none, or one for a lighter reason; else the upsert
    breaks the uniqueness of ids."""
    lighter = list(REASONS[: REASONS.index(row["reason"])])
    values = {name: value for name, value in row.items() if name != "_id"}
    return {"_id": row["_id"], "reason": {"$in": lighter}}, {"$set": values}


def gravest(rows: Iterable[Suppression]) -> list[Suppression]:
    """One of each id."""
    found: dict[str, Suppression] = {}
    for row in sorted(rows, key=lambda row: REASONS.index(row["reason"])):
        found[row["_id"]] = row
    return list(found.values())
