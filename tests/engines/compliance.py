"""The compliance cases as data: each family tells what it decides, whose records are given, and for each rule whom it
finds and how it reads, or why it is refused."""

import json
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from crm_core.infra.streams import Entry, Stream
from crm_core.rules.context import KnownCampaigns, KnownSegments, SegmentDefinition
from crm_core.rules.fields import Catalogue, FieldType
from crm_core.rules.loading import load_rule
from crm_core.schema.message_states import MessageState
from tests.engines.stops import Stop
from tests.integration.feeding import make_entry

Json = dict[str, Any]
FOLDER = Path(__file__).parents[1] / "compliance"
FAMILIES = sorted(path.stem for path in FOLDER.glob("*.json") if "cases" in json.loads(path.read_text()))
KINDS = (Stream.CUSTOMERS, Stream.ORDERS, Stream.EVENTS)


@cache
def read(name: str) -> Json:
    found: Json = json.loads((FOLDER / name).read_text())
    return found


def given_of(family: str) -> Json:
    given = read(f"{family}.json")["given"]
    return read(given) if isinstance(given, str) else given


def cases(key: str) -> list[Any]:
    """Those that have that key, with the name of their family."""
    return [
        pytest.param(family, case, id=f"{family}-{number}")
        for family in FAMILIES
        for number, case in enumerate(read(f"{family}.json")["cases"], start=1)
        if key in case
    ]


def entries_of(given: Json) -> dict[Stream, list[Entry]]:
    """What is given, as the ingest worker reads it."""
    found: dict[Stream, list[Entry]] = {}
    for stream in KINDS:
        records = [dict(record) for record in given.get(stream.label, [])]
        moments = [datetime.fromisoformat(_accepted(stream, record, given["now"])) for record in records]
        found[stream] = [make_entry(stream, record, at=at) for record, at in zip(records, moments, strict=True)]
    return found


def moment_of(family: str, case: Json) -> datetime:
    return datetime.fromisoformat(case["now"] if "now" in case else given_of(family)["now"])


def zone_of(case: Json) -> ZoneInfo:
    return ZoneInfo(case.get("time_zone", "UTC"))


def segments_of(given: Json) -> KnownSegments:
    return KnownSegments(
        SegmentDefinition(name, saved["name"], 1, load_rule(saved["rule"]))
        for name, saved in given.get("segments", {}).items()
    )


def messages_of(given: Json) -> list[Json]:
    """What is given, as the message log has it."""
    return [_message(number, message, given["now"]) for number, message in enumerate(given.get("messages", []))]


def stops_of(given: Json) -> list[Stop]:
    return [Stop(**each) for each in given.get("suppressions", [])]


def is_opt_out(case: Json) -> bool:
    """Whether who was not asked may be messaged."""
    return bool(case.get("unknown_may_be_messaged", True))


def campaigns_of(given: Json) -> KnownCampaigns:
    campaigns = given.get("campaigns", {})
    return KnownCampaigns(
        {name: each["name"] for name, each in campaigns.items()},
        {name: each.get("tags", []) for name, each in campaigns.items()},
    )


def catalogue_of(given: Json) -> Catalogue:
    types = given.get("attributes", {})
    properties = {
        (event_type, name): FieldType(kind) if kind else None
        for event_type, each in given.get("properties", {}).items()
        for name, kind in each.items()
    }
    return Catalogue({name: FieldType(kind) if kind else None for name, kind in types.items()}, properties=properties)


def _message(number: int, message: Json, now: str) -> Json:
    times = {name: datetime.fromisoformat(at) for name, at in message.items() if name.endswith("_at")}
    rank = MessageState(message["state"]).rank
    row = {"_id": str(number), "rank": rank, "created_at": datetime.fromisoformat(now), **message, **times}
    return {name: value for name, value in row.items() if name != "state"}


def _accepted(stream: Stream, record: Json, now: str) -> str:
    """``at`` of a customer is when it was accepted, of an event when it happened."""
    return str(record.pop("at", now)) if stream is Stream.CUSTOMERS else now
