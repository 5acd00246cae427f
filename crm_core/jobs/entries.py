"""What an entry of the jobs stream says: which job, of which kind."""

from dataclasses import dataclass

from pydantic_core import from_json, to_json

from crm_core.infra.streams import Entry

DEMO = "demo"
IMPORT = "import"
REHEARSAL = "rehearsal"


@dataclass(frozen=True)
class JobOrder:
    """Job ``id`` is to be done."""

    id: str
    kind: str

    def to_payload(self) -> bytes:
        kind = {} if self.kind == DEMO else {"kind": self.kind}
        return to_json({"job_id": self.id, **kind})


def read_order(entry: Entry) -> JobOrder | None:
    """None when the entry names no job. Without a kind it means the demo data."""
    try:
        record = from_json(entry.data)
    except ValueError:
        return None
    if not isinstance(record, dict):
        return None
    match record.get("job_id"), record.get("kind", DEMO):
        case str() as job_id, str() as kind:
            return JobOrder(job_id, kind)
    return None
