"""The fields of an event, one row each."""

from crm_core.schema.fields import Field, RecordSchema
from crm_core.schema.kinds import Identifier, Keyword, Moment, Values

EVENT = RecordSchema(
    "events",
    "EventRecord",
    "One event of ``POST /events``; those of the type ``visit`` count as visits. at: when absent, the moment it was "
    "accepted.",
    (
        Field("id", Identifier(), "Event id", is_required=True),
        Field("customer_id", Identifier(), "Customer id", is_required=True),
        Field("type", Keyword(), "Type", "Events of the type visit count as visits.", is_required=True),
        Field("at", Moment(), "Time of the event", is_time=True),
        Field("properties", Values("property"), "Properties", "Custom data, under names of your own."),
    ),
)
