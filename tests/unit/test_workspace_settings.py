"""The workspace's settings: what the environment may say of them, and what each is for people."""

from typing import Any, Literal

import pytest
from pydantic import Field, ValidationError

from crm_core.errors import InvalidInput
from crm_core.workspace.kinds import COUNTRIES, Kind
from crm_core.workspace.model import WorkspaceSettings
from crm_core.workspace.reading import read_environment
from crm_core.workspace.rows import read_rows

ROWS = read_rows(WorkspaceSettings)


@pytest.mark.parametrize(
    ("variable", "value", "allowed"),
    [
        ("CRM_CURRENCY", "DOLLAR", "ISO 4217"),
        ("CRM_MESSAGE_UNKNOWN_CONSENT", "perhaps", "must be true or false"),
        ("CRM_FREQUENCY_CAP", "0", "must be at least 1"),
        ("CRM_FREQUENCY_CAP_DAYS", "0", "must be at least 1"),
        ("CRM_FREQUENCY_CAP_DAYS", "91", "must be at most 90"),
        ("CRM_CHANNEL_RATES", "pigeon=5", "in_app, email, sms, whatsapp, push"),
        ("CRM_CHANNEL_RATES", "sms=5,sms=6", "'sms=6' names a channel twice"),
        ("CRM_CHANNEL_RATES", "sms=0", "from 0.01 to 1,000,000"),
        ("CRM_CHANNEL_RATES", "sms", "'sms' needs messages a second"),
        ("CRM_ERROR_BUDGET", "50", "must be at most 1"),
        ("CRM_ERROR_BUDGET", "0", "must be more than 0"),
        ("CRM_ERROR_BUDGET", "nan", "finite"),
        ("CRM_QUIET_HOURS", "21-8", "21:00-08:00"),
        ("CRM_QUIET_HOURS", "21:00-21:00", "two different times"),
        ("CRM_TIME_ZONE", "Mars", "IANA"),
        ("CRM_TIME_ZONE", "../../etc/passwd", "IANA"),
        ("CRM_DEFAULT_COUNTRY", "Germany", "ISO 3166"),
        ("CRM_DEFAULT_COUNTRY", "EU", "ISO 3166"),
        ("CRM_ACCENT_COLOUR", "red", "#4F46E5"),
        ("CRM_WORKSPACE_NAME", "x" * 41, "1 to 40"),
        ("CRM_WORKSPACE_NAME", "  ", "1 to 40"),
    ],
)
def test_a_bad_value_of_the_environment_is_refused_with_its_variable(variable: str, value: str, allowed: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read_environment(WorkspaceSettings, {variable: value})
    assert variable in str(caught.value)
    assert allowed in str(caught.value)


def test_every_bad_variable_is_named_at_once() -> None:
    with pytest.raises(InvalidInput, match=r"CRM_CURRENCY.*CRM_FREQUENCY_CAP"):
        read_environment(WorkspaceSettings, {"CRM_CURRENCY": "??", "CRM_FREQUENCY_CAP": "many"})


def test_the_environment_locks_what_it_names_and_an_empty_variable_counts_as_unset() -> None:
    environment = {
        "CRM_CHANNEL_RATES": "sms=100, email=0.5",
        "crm_message_unknown_consent": "false",
        "CRM_ACCENT_COLOUR": "#abcdef",
        "CRM_WORKSPACE_NAME": "  The   Shop ",
        "CRM_TIME_ZONE": "",
        "CRM_DATA_DIR": "/srv",
    }
    assert read_environment(WorkspaceSettings, environment) == {
        "channel_rates": {"email": 0.5, "sms": 100.0},
        "message_unknown_consent": False,
        "accent_colour": "#ABCDEF",
        "workspace_name": "The Shop",
    }


def test_countries_are_those_of_iso_3166() -> None:
    assert {"DE", "IN", "US", "GB", "XK"} <= COUNTRIES
    assert not COUNTRIES & {"EU", "UN", "ZZ", "UK"}


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("message_unknown_consent", True, "May be messaged (opt-out)"),
        ("message_unknown_consent", False, "Are not messaged (strict)"),
        ("frequency_cap", None, "No cap"),
        ("frequency_cap", 3000, "3,000 messages"),
        ("quiet_hours", "21:00-08:00", "21:00–08:00"),
        ("quiet_hours", None, "No quiet hours"),
        ("channel_rates", {}, "No limit"),
        ("channel_rates", {"email": 0.5, "sms": 100.0}, "E-mail 0.5/s, SMS 100/s"),
        ("error_budget", 0.5, "50 %"),
        ("error_budget", 0.025, "2.5 %"),
        ("time_zone", "Asia/Kolkata", "Asia/Kolkata"),
    ],
)
def test_a_value_reads_as_people_say_it(name: str, value: Any, words: str) -> None:
    assert ROWS[name].in_words(value) == words


def test_the_kind_of_a_setting_follows_from_its_type() -> None:
    class More(WorkspaceSettings):
        is_loud: bool = Field(False, title="Loud")
        layout: Literal["wide", "narrow"] = "wide"
        motto: str | None = None
        seats: int = Field(3, ge=1, lt=10)

    rows = read_rows(More)
    kinds = {name: rows[name].kind for name in ("is_loud", "layout", "motto", "seats")}
    assert kinds == {"is_loud": Kind.SWITCH, "layout": Kind.CHOICE, "motto": Kind.TEXT, "seats": Kind.NUMBER}
    assert (rows["layout"].choices, rows["motto"].is_optional) == (("wide", "narrow"), True)
    assert (rows["seats"].bounds, rows["seats"].is_whole) == ({"ge": 1, "lt": 10}, True)
    assert ROWS["error_budget"].kind is Kind.SHARE


def test_a_postal_address_of_several_lines_becomes_one() -> None:
    found = WorkspaceSettings.model_validate({"postal_address": " Nest Ltd,\n1  High Street\n\nLondon "})
    assert found.postal_address == "Nest Ltd, 1 High Street, London"
    for wrong in (" \n ", "x" * 201, "1 High\x07Street"):
        with pytest.raises(ValidationError, match="1 to 200 printable characters"):
            WorkspaceSettings.model_validate({"postal_address": wrong})
