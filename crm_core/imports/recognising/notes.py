"""How far an import has come, kept on disk so that the same command goes on after an interruption."""

import contextlib
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from crm_core.imports.running.result import ImportResult
from crm_core.infra.private_files import write_private

_RESULT = TypeAdapter(ImportResult)


@dataclass(frozen=True)
class ImportIdentity:
    """What must be the same for an import to go on: the file as it is, how it is read, and who takes it.

    workspace: the id of the database behind the API, None where an older API does not say it.
    """

    path: str
    size: int
    mtime_ns: int
    url: str
    kind: str
    format_name: str
    mapping: Mapping[str, str]
    workspace: str | None
    lifts_denials: bool = False

    @property
    def digest(self) -> str:
        """The same for the same import, in every process."""
        parts: Sequence[object] = (
            *(
                self.path,
                self.size,
                self.mtime_ns,
                self.url,
                self.kind,
                self.format_name,
                self.workspace,
                self.lifts_denials,
            ),
            *sorted(self.mapping.items()),
        )
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


class ImportNote:
    """The note of one import in ``folder``. Where none can be written, an import only begins anew after a stop.

    is_kept: whether the last result that was saved will be found again.
    """

    def __init__(self, folder: Path, identity: ImportIdentity) -> None:
        self.is_kept = False
        self._path = folder / f"{identity.digest}.json"

    def load(self) -> ImportResult:
        """How far it came; from the beginning when there is no note, or none that can be read."""
        try:
            result = _RESULT.validate_json(self._path.read_bytes())
        except (OSError, ValidationError):
            return ImportResult()
        self.is_kept = True
        return result

    def save(self, result: ImportResult) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_private(self._path, _RESULT.dump_json(result).decode())
        except OSError:
            self.is_kept = False
        else:
            self.is_kept = True

    def remove(self) -> None:
        with contextlib.suppress(OSError):
            self._path.unlink()
