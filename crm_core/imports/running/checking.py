"""Judges what was read of a file as the API would: what can be published, and what is rejected and why."""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from crm_core.imports.reading.items import BadLine, FileRecord, Item
from crm_core.imports.recognising.plan import ImportPlan
from crm_core.imports.running.rejections import describe_rejections
from crm_core.infra.streams import Stream
from crm_core.ingest.parsing import Batch, parse_rows
from crm_core.ingest.scalars import ValidationContext

_PLACE = re.compile(r"line \d+(: |, )", re.IGNORECASE)


@dataclass(frozen=True)
class Rejected:
    """One record of a file that is not taken. line: from 1. message: what is wrong with it, and what is allowed."""

    line: int
    message: str


@dataclass(frozen=True)
class Checked:
    """payloads: a JSON text per good record, in the order of the file. rejected: the others, by line."""

    payloads: Sequence[bytes]
    rejected: Sequence[Rejected]


def stream_named(kind_name: str) -> Stream:
    """Where records of that kind go."""
    return Stream(f"stream:{kind_name}")


def check_items(items: Sequence[Item], plan: ImportPlan, context: ValidationContext) -> Checked:
    """At most 1,000 items, read by ``plan``."""
    records = [item for item in items if isinstance(item, FileRecord)]
    batch = (
        parse_rows(stream_named(plan.kind.name), [item.record for item in records], context) if records else Batch([])
    )
    reasons = {item.line: item.reason for item in items if isinstance(item, BadLine)}
    described = describe_rejections([asdict(rejection) for rejection in batch.rejected], records, plan)
    reasons |= {records[index].line: reason for index, reason in described.items()}
    rejected = [Rejected(line, _PLACE.sub("", reasons[line], count=1)) for line in sorted(reasons)]
    return Checked(batch.payloads, rejected)
