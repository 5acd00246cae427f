"""Sends records to the REST API in batches, and goes on through 429, 503 and a restart of the app."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import httpx

from crm_core.errors import Forbidden, InvalidInput, Unavailable
from crm_core.importing.formats import FileRecord, ImportFile
from crm_core.infra.consumer import compute_backoff

BATCH = 1000
TIMEOUT_S = 30.0
PATIENCE_S = 120.0
MAX_SHOWN = 1000


@dataclass
class ImportResult:
    """accepted: records on their stream. rejected: how many were not; errors: the first of them, by line."""

    accepted: int = 0
    rejected: int = 0
    errors: list[str] = field(default_factory=list)


class Importer:
    """url: the root of the API, with or without ``/api``. Raises InvalidInput when it is none."""

    def __init__(self, url: str, key: str) -> None:
        root = _check_url(url).rstrip("/").removesuffix("/api")
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        self._client = httpx.Client(base_url=f"{root}/api/v1", headers=headers, timeout=TIMEOUT_S, trust_env=False)

    def send(
        self, source: ImportFile, progress: Callable[[int], None], *, waiting: Callable[[str], None]
    ) -> ImportResult:
        """Send every record; gives what became of them.

        progress: called with the records of each batch. waiting: called with the reason when a batch must wait.
        Raises Forbidden for the key, InvalidInput for the file, Unavailable when the API stays away for 2 minutes.
        """
        result = ImportResult()
        for batch in _batches(source.records):
            answer = self._post(source.path, [item.record for item in batch], waiting)
            rejected = answer["rejected"]
            result.accepted += len(batch) - len(rejected)
            result.rejected += len(rejected)
            for rejection in rejected[: max(0, MAX_SHOWN - len(result.errors))]:
                error = rejection["errors"][0]
                result.errors.append(f"line {batch[rejection['index']].line}: {error['field']} {error['message']}")
            progress(len(batch))
        return result

    def _post(self, path: str, records: Sequence[dict[str, Any]], waiting: Callable[[str], None]) -> dict[str, Any]:
        started, failures = time.monotonic(), 0
        while True:
            wait_s = compute_backoff(failures + 1)
            try:
                answer = self._client.post(f"/{path}", json=records)
            except httpx.TransportError as exc:
                reason = f"does not answer ({exc})"
            else:
                if answer.status_code not in {429, 500, 502, 503, 504}:
                    return _read(answer)
                reason = f"answers {answer.status_code}"
                wait_s = float(answer.headers.get("Retry-After", wait_s))
            if time.monotonic() - started > PATIENCE_S:
                raise Unavailable(
                    f"The API at {self._client.base_url} {reason}. Run the import again: it repeats nothing."
                )
            if not failures:
                waiting(f"The API at {self._client.base_url} {reason}: trying again for {PATIENCE_S:.0f} s.")
            failures += 1
            time.sleep(wait_s)


def _check_url(url: str) -> str:
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        parsed = httpx.URL()
    if parsed.scheme not in {"http", "https"} or not parsed.host:
        raise InvalidInput(f"{url!r} is no address of an API; say it as in http://localhost:8501.", field="url")
    return url


def _read(answer: httpx.Response) -> dict[str, Any]:
    body = answer.json() if answer.headers.get("content-type", "").endswith("json") else {}
    if answer.status_code == 202 or (answer.status_code == 422 and "rejected" in body):
        return dict(body)
    detail = body.get("detail", f"the API answered {answer.status_code}")
    if answer.status_code in {401, 403}:
        raise Forbidden(detail)
    raise InvalidInput(detail)


def _batches(records: Iterable[FileRecord]) -> Iterator[list[FileRecord]]:
    iterator = iter(records)
    while batch := list(islice(iterator, BATCH)):
        yield batch
