"""Consent of files: what they grant is an offer, which lifts no denial on record."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from pydantic_core import from_json, to_json

from crm_core.customers.merge import OFFERS

DENIED = "denied"


@dataclass(frozen=True)
class Offered:
    """payloads: of records whose consent is an offer where it is no denial. grants: customer id to these channels."""

    payloads: Sequence[bytes]
    grants: Mapping[str, Collection[str]]


def as_offers(payloads: Sequence[bytes]) -> Offered:
    """payloads: of customers, as ``parse_rows`` returns them."""
    changed: list[bytes] = []
    grants: dict[str, set[str]] = {}
    for payload in payloads:
        record = from_json(payload)
        told = record.get("consent") or {}
        offered = {channel: state for channel, state in told.items() if state != DENIED}
        if not offered:
            changed.append(payload)
            continue
        record["consent"] = {channel: state for channel, state in told.items() if state == DENIED}
        grants.setdefault(record["id"], set()).update(offered)
        changed.append(to_json(record | {OFFERS: offered}))
    return Offered(changed, grants)
