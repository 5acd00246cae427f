"""The names of the channels as a type of the wire."""

from typing import Annotated, Any

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from crm_core.channels.registry import CHANNELS


class _OneOfThem:
    """As a ``Literal`` that is made from the registry: as fast, and listed in the JSON schema."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.literal_schema(list(CHANNELS))


ChannelName = Annotated[str, _OneOfThem()]
