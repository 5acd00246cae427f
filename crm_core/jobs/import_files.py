"""Uploaded files, kept in MongoDB until their import has ended."""

import io
from datetime import datetime, timedelta

from bson import ObjectId
from gridfs import GridFSBucket, NoFile
from gridfs.errors import GridFSError

from crm_core.errors import InvalidInput
from crm_core.imports.reading.sources import FileSource
from crm_core.infra.mongo import Db, translated
from crm_core.jobs.model import UNFINISHED, jobs_in

MAX_FILE_MB = 20
MAX_FILE_BYTES = MAX_FILE_MB * 1_000_000
BUCKET = "import_files"
ORPHAN_AGE = timedelta(hours=1)
"""No upload takes as long."""


class ImportFiles:
    """One file for each import, under its id. Each call raises Unavailable while the database is away."""

    def __init__(self, db: Db) -> None:
        self._bucket = GridFSBucket(db, bucket_name=BUCKET)
        self._files, self._chunks = db[f"{BUCKET}.files"], db[f"{BUCKET}.chunks"]
        self._jobs = jobs_in(db)

    def keep(self, import_id: str, name: str, data: bytes) -> None:
        """Raises InvalidInput for a file that is too large."""
        check_size(name, len(data))
        with translated():
            self._bucket.upload_from_stream_with_id(import_id, name, data)

    def open(self, import_id: str, name: str) -> FileSource:
        """The whole file, in memory. Raises InvalidInput when it is not kept any more."""
        file = io.BytesIO()
        try:
            with translated():
                self._bucket.download_to_stream(import_id, file)
        except GridFSError:  # all of it is gone, or a part
            raise InvalidInput("The uploaded file is not kept any more. Upload it again.") from None
        return FileSource.of_file(file, name)

    def remove_orphans(self, now: datetime) -> int:
        """Remove files older than ORPHAN_AGE of no import that waits or runs: a process died before it wrote the import
        down, or after its end. Return how many."""
        oldest = now - ORPHAN_AGE
        with translated():
            kept = [row["_id"] for row in self._files.find({"uploadDate": {"$lt": oldest}}, {"_id": 1})]
            parts = self._chunks.distinct("files_id", {"_id": {"$lt": ObjectId.from_datetime(oldest)}})
            old = {*kept, *parts}
            wanted = {row["_id"] for row in self._jobs.find({"_id": {"$in": [*old]}, "state": {"$in": [*UNFINISHED]}})}
            orphans = [*(old - wanted)]
            self._files.delete_many({"_id": {"$in": orphans}})
            self._chunks.delete_many({"files_id": {"$in": orphans}})
        return len(orphans)

    def remove(self, import_id: str) -> None:
        """Also when it is gone already."""
        try:
            with translated():
                self._bucket.delete(import_id)
        except NoFile:
            return


def check_size(name: str, size: int) -> None:
    """Raises InvalidInput for a file that is too large for a page."""
    if size > MAX_FILE_BYTES:
        raise InvalidInput(
            f"{name} has {size / 1_000_000:,.1f} MB; up to {MAX_FILE_MB} MB can be uploaded. "
            "For a larger file use the command line: python -m crm_core import FILE --key KEY.",
            field="file",
        )
