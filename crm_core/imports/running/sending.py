"""Sends the records of a file to the REST API in batches, and collects what became of each."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from crm_core.errors import InvalidInput
from crm_core.imports.reading.items import BadLine, FileRecord, Item
from crm_core.imports.recognising.plan import ImportPlan
from crm_core.imports.running.connection import ApiConnection, read_json
from crm_core.imports.running.rejections import describe_rejections
from crm_core.imports.running.result import ImportResult

BATCH = 1000
POSITION = "X-Stream-Position"


@dataclass(frozen=True)
class Outcome:
    """What the API made of records. rejected: their index to the reason. position: of the last on its stream.
    denials_kept: denials on record that they would have lifted."""

    rejected: Mapping[int, str] = field(default_factory=dict)
    position: str | None = None
    denials_kept: int = 0


class Importer:
    """Sends one file through one connection. lifts_denials: as in ImportOptions."""

    def __init__(self, connection: ApiConnection, plan: ImportPlan, *, lifts_denials: bool = False) -> None:
        keeps_denials = plan.kind.has_consent and not lifts_denials
        self._path = f"{plan.kind.name}?keep_denials=true" if keeps_denials else plan.kind.name
        self._connection = connection
        self._plan = plan

    def send(self, begun: ImportResult, tell: Callable[[ImportResult], None]) -> ImportResult:
        """Send what comes after the first ``begun.done`` items; returns what became of the whole file.

        tell: called with the result so far after each batch. What is sent twice changes nothing.
        Raises Forbidden for the key, InvalidInput for the file, Unavailable when the API stays away.
        """
        result = begun
        items = islice(self._plan.items(), begun.done, None)
        while batch := list(islice(items, BATCH)):
            result = self._send_batch(batch, result)
            tell(result)
        return result

    def _send_batch(self, batch: Sequence[Item], result: ImportResult) -> ImportResult:
        records = [item for item in batch if isinstance(item, FileRecord)]
        outcome = self._post(records) if records else Outcome()
        faults = {item.line: item.reason for item in batch if isinstance(item, BadLine)}
        faults |= {records[index].line: reason for index, reason in outcome.rejected.items()}
        errors = [faults[line] for line in sorted(faults)]
        return result.plus(len(batch) - len(errors), errors, outcome.position, outcome.denials_kept)

    def _post(self, records: Sequence[FileRecord]) -> Outcome:
        answer = self._connection.ask("POST", self._path, _to_body(records))
        body, status = read_json(answer), answer.status_code
        detail = body.get("detail", f"it answers {status}")
        if status in {202, 422} and isinstance(body.get("rejected"), list):
            rejected = describe_rejections(body["rejected"], records, self._plan)
            return Outcome(rejected, answer.headers.get(POSITION), int(body.get("denials_kept", 0)))
        if status not in {413, 422}:
            place = f"{self._connection.url}/{self._plan.kind.name}"
            raise InvalidInput(f"{place} does not take the records: {detail}")
        if len(records) == 1:
            return Outcome({0: f"line {records[0].line}: {detail}"})
        return self._post_halves(records)

    def _post_halves(self, records: Sequence[FileRecord]) -> Outcome:
        """Too large at once, or one of them spoils the body for all."""
        middle = len(records) // 2
        first, second = self._post(records[:middle]), self._post(records[middle:])
        rejected = {**first.rejected, **{middle + index: reason for index, reason in second.rejected.items()}}
        kept = first.denials_kept + second.denials_kept
        return Outcome(rejected, second.position or first.position, kept)


def _to_body(records: Sequence[FileRecord]) -> bytes:
    return json.dumps([item.record for item in records], ensure_ascii=False, separators=(",", ":")).encode()
