"""The settings of a workspace, one field a row: the page, the README and the environment are read from it."""

from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from crm_core.money import currency_digits
from crm_core.workspace.kinds import Colour, Country, Currency, Hours, Kind, Name, PostalAddress, Rates, Zone


def _about(
    label: str,
    help_text: str,
    *,
    section: str,
    unit: str = "",
    unset: str = "",
    words: tuple[str, str] | None = None,
    **bounds: Any,
) -> Any:
    """label: on the page. unit: of a number. unset: what no value is called. words: for yes and no."""
    extra = {"section": section, "unit": unit, "unset": unset, "words": words}
    return Field(title=label, description=help_text, json_schema_extra=extra, **bounds)  # type: ignore[arg-type]


class WorkspaceSettings(BaseModel):
    """A value of the environment (``CRM_`` and the name in capitals) stands before a stored one, that before the
    default."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    workspace_name: Annotated[
        Name,
        _about("Workspace name", "Shown in the sidebar and in the title of every page.", section="Appearance"),
    ] = "ClientNest"
    accent_colour: Annotated[
        Colour,
        _about(
            "Accent colour",
            "Of buttons, links and charts. Each theme uses the nearest shade of it that can be read there.",
            section="Appearance",
        ),
    ] = "#4F46E5"
    time_zone: Annotated[
        Zone,
        _about(
            "Time zone",
            "An IANA name such as `Europe/Berlin`. A date in a rule is a day there, charts count by its days, and "
            "quiet hours go by it for customers without a zone of their own.",
            section="Region",
        ),
    ] = "UTC"
    default_country: Annotated[
        Country | None,
        _about(
            "Default country",
            "Where phone numbers without a calling code belong: a search for `+49 89 123` then finds `089 123` too.",
            section="Region",
            unset="None",
        ),
    ] = None
    currency: Annotated[
        Currency,
        _about(
            "Currency",
            "Currency of all amounts, ISO 4217. It can be changed until the first amount is stored.",
            section="Region",
        ),
    ] = "USD"
    message_unknown_consent: Annotated[
        bool,
        _about(
            "Unknown consent",
            "Whether customers of whom no consent is known may be messaged (opt-out), or only those who granted it "
            "(strict).",
            section="Who gets messages",
            words=("May be messaged (opt-out)", "Are not messaged (strict)"),
        ),
    ] = True
    frequency_cap: Annotated[
        int | None,
        _about(
            "Frequency cap",
            "Most messages that a customer gets over one channel within the days of the cap.",
            section="Who gets messages",
            unit="messages",
            unset="No cap",
            ge=1,
            le=1_000_000,
        ),
    ] = None
    frequency_cap_days: Annotated[
        int,
        _about(
            "Days of the cap",
            "Days, of 24 hours each, over which the frequency cap counts.",
            section="Who gets messages",
            unit="days",
            ge=1,
            le=90,
        ),
    ] = 7
    postal_address: Annotated[
        PostalAddress | None,
        _about(
            "Postal address",
            "Stands beside the workspace's name and the unsubscribe link at the end of e-mails that have no such link "
            "of their own; many countries ask for it in advertising.",
            section="Sending",
            unset="None",
        ),
    ] = None
    quiet_hours: Annotated[
        Hours | None,
        _about(
            "Quiet hours",
            "Nothing is sent between these times of the customer's day, such as `21:00-08:00`. The customer's zone is "
            "the custom attribute `time_zone`, `timezone` or `tz`, such as `Asia/Kolkata` or `UTC+5:30`, else that of "
            "the workspace. Who has one that is not understood gets nothing while it is quiet anywhere.",
            section="Sending",
            unset="No quiet hours",
        ),
    ] = None
    channel_rates: Annotated[
        Rates,
        _about(
            "Channel rates",
            "Most messages a second by channel, for all delivery workers together, such as `sms=100,email=50`.",
            section="Sending",
            unit="messages a second",
            unset="No limit",
        ),
    ] = Field(default_factory=dict)
    error_budget: Annotated[
        float,
        _about(
            "Error budget",
            "A campaign is paused when more than this share of its last 1,000 messages failed at the vendor, refused "
            "or not answered.",
            section="Sending",
            gt=0,
            le=1,
        ),
        Kind.SHARE,
    ] = 0.5
    attribution_days: Annotated[
        int,
        _about(
            "Attribution window",
            "An order counts as owed to the last message that its customer had touched within so many days, of 24 "
            "hours each, before it.",
            section="Measuring",
            unit="days",
            ge=1,
            le=90,
        ),
    ] = 5
    attribution_touch: Annotated[
        Literal["delivered", "opened", "clicked"],
        _about("Touched means", "What a customer must have done with a message, at least.", section="Measuring"),
    ] = "opened"

    @property
    def currency_digits(self) -> int:
        """Minor digits of the currency: 2 for USD, 0 for JPY."""
        return currency_digits(self.currency)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)
