"""One export in the jobs worker: from where it was left to the last customer."""

from collections.abc import Iterator
from itertools import islice

from crm_core.audience.evaluation import Audience
from crm_core.customers.attributes import Attributes
from crm_core.customers.reading import CustomerReader
from crm_core.infra.mongo import Doc
from crm_core.jobs.export_csv import CustomerLines, columns_of, stored_names
from crm_core.jobs.export_parts import ExportParts
from crm_core.jobs.model import Job, JobChange, JobState
from crm_core.jobs.run import JobRun
from crm_core.rules.loading import load_rule

READ_AT_ONCE = 1_000
PART_BYTES = 2_000_000
"""A piece is written once it has so many; a customer more or a thousand do not matter, a document may have 16 MB."""


class ExportRunner:
    def __init__(self, audience: Audience, reader: CustomerReader, attributes: Attributes, parts: ExportParts) -> None:
        self._audience = audience
        self._reader = reader
        self._attributes = attributes
        self._parts = parts

    def work(self, run: JobRun) -> JobChange:
        """Go on after the last customer that is noted, with the columns that the file began with. Who is in it is as of
        the moment it was asked for, and what is said of them as of the moment they are read."""
        run.check()
        if "columns" not in run.job:
            self._begin(run)
        lines = CustomerLines(run.job["columns"])
        written, text = 0, [] if run.job["parts"] else [lines.header()]
        size, last = sum(map(len, text)), run.job.get("after", "")
        for record in self._records(run.job):
            text.append(lines.line(record))
            written, size, last = written + 1, size + len(text[-1]), record["id"]
            if size >= PART_BYTES:
                self._write(run, text, written, last)
                written, text, size = 0, [], 0
        if text:
            self._write(run, text, written, last)
        return {"file_until": self._parts.settle(run.job["parts"])}

    def clear(self, job: Job) -> None:
        """What is no whole file is not kept."""
        if job["state"] != JobState.DONE:
            self._parts.remove(job["_id"])

    def _begin(self, run: JobRun) -> None:
        total = self._audience.count(load_rule(run.job["rule"]), now=run.job["created_at"])
        run.note({"columns": columns_of(self._reader.schema.customers, self._attributes.all()), "total": total})

    def _records(self, job: Job) -> Iterator[Doc]:
        ids = self._audience.ids(load_rule(job["rule"]), now=job["created_at"], after=job.get("after"))
        customers = self._reader.schema.customers
        stored = stored_names(customers)
        while some := list(islice(ids, READ_AT_ONCE)):
            for row in self._reader.rows(some, stored=stored).values():
                record: Doc = {**self._reader.to_record(row)}
                for field in customers.joined:  # what is only read as others is not given
                    if field.name not in row:
                        record.pop(field.name, None)
                yield record

    def _write(self, run: JobRun, text: list[str], written: int, last: str) -> None:
        data = "".join(text).encode()
        part = self._parts.put(run.job["_id"], data)
        done, size = run.job["done"] + written, run.job["size"] + len(data)
        run.note({"done": done, "size": size, "after": last, "parts": [*run.job["parts"], part]})
