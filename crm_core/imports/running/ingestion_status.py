"""What ``GET /ingestion`` says: which workspace takes the records, and what still waits to be stored."""

from pydantic import BaseModel, ValidationError

from crm_core.errors import InvalidInput
from crm_core.imports.running.connection import ApiConnection


class StreamStatus(BaseModel):
    """waiting: entries not yet stored. oldest: the stream id of the first of them."""

    waiting: int
    oldest: str | None = None

    def has_stored(self, position: str | None) -> bool:
        """Whether the entry at ``position`` and all before it are stored; without one, whether nothing waits."""
        if self.oldest is None:
            return True
        return position is not None and parse_position(self.oldest) > parse_position(position)


class IngestionStatus(BaseModel):
    """workspace: the id of the database behind the API. streams: by kind of records."""

    workspace: str
    streams: dict[str, StreamStatus]


def parse_position(entry_id: str) -> tuple[int, int]:
    """A stream id in the form in which it sorts: milliseconds, then sequence."""
    millis, _, sequence = entry_id.partition("-")
    return int(millis), int(sequence or 0)


def fetch_status(connection: ApiConnection) -> IngestionStatus | None:
    """None from an API that is too old to say. Raises what ``ApiConnection.ask`` does."""
    answer = connection.ask("GET", "ingestion")
    if answer.status_code != 200:
        return None
    try:
        return IngestionStatus.model_validate_json(answer.content)
    except ValidationError:
        raise InvalidInput(f"{connection.url}/ingestion does not answer as ClientNest does.") from None
