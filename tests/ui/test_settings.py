"""The Settings page: shows each setting with its source, changes it, says what will happen, and who changed what."""

from collections.abc import Iterator
from datetime import time
from typing import Annotated, Any

import pytest
import streamlit as st
from pydantic import Field
from streamlit import config

from crm_core.infra.streams import Stream
from crm_core.rules.loading import load_rule
from crm_core.services import Services
from crm_core.workspace.changing import WorkspaceEditor
from crm_core.workspace.model import WorkspaceSettings
from crm_core.workspace.reading import Workspace, read_environment
from crm_core.workspace.rows import read_rows
from pages._ui.accent import shade_of
from tests.actors import ASHA
from tests.insights import load_snapshot
from tests.integration.feeding import make_entry
from tests.integration.population import field
from tests.ui.page import Page
from tests.ui.shop import Shop
from tests.workspace import set_workspace


@pytest.fixture(autouse=True)
def _theme_stays() -> Iterator[None]:
    """Streamlit's theme is that of the process."""
    options = [f"theme.{theme}.{name}" for theme in ("light", "dark") for name in ("primaryColor", "linkColor")]
    before = {option: config.get_option(option) for option in options}
    yield
    for option, value in before.items():
        config.set_option(option, value)


def sources(page: Page) -> dict[str, str]:
    """By the help of each setting, where its value comes from."""
    texts = [caption.value for caption in page.test.caption]
    return {
        row.name: next(text.removeprefix(row.help) for text in texts if text.startswith(row.help))
        for row in read_rows(WorkspaceSettings).values()
    }


def test_every_setting_is_shown_with_its_label_its_help_and_its_source(workspace: Services) -> None:
    page = Page("settings")
    assert page.title == "Settings"
    assert set(sources(page).values()) == {" :gray-badge[Default]"}
    assert page.widget("Time zone").value == "UTC"
    assert page.widget("Currency").value == "USD"
    assert "Nobody has changed a setting yet." in page.words


def test_a_change_is_listed_saved_audited_and_shown(workspace: Services) -> None:
    page = Page("settings")
    page.choose("Frequency cap", True)
    page.choose("Messages", 2)
    page.choose("Quiet hours", True)
    page.choose("From", time(22, 30))
    page.choose("SMS", 100.0)
    page.choose("Unknown consent", "Are not messaged (strict)")
    page.choose("Error budget (%)", 2.5)
    assert "Quiet hours: No quiet hours :material/arrow_forward: 22:30–08:00" in page.words.replace("**", "")
    assert workspace.workspace.known().settings == WorkspaceSettings()  # until it is saved
    page.click("Save changes")
    assert workspace.workspace.current() == WorkspaceSettings(
        frequency_cap=2,
        quiet_hours="22:30-08:00",
        channel_rates={"sms": 100.0},
        message_unknown_consent=False,
        error_budget=0.025,
    )
    assert "Changed here" in sources(page)["quiet_hours"]
    assert "Default" in sources(page)["frequency_cap_days"]
    words = page.words.replace("**", "")
    assert "Nothing is changed." in words
    assert "Channel rates: No limit :material/arrow_forward: SMS 100/s" in words
    assert "local admin, just now" in words
    assert page.widget("SMS").value == 100


def test_a_wrong_value_is_named_beside_its_field_and_is_not_saved(workspace: Services) -> None:
    page = Page("settings")
    page.choose("SMS", 0.0)
    assert "Channel rates: sms needs messages a second, from 0.01 to 1,000,000." in page.words
    assert page.button("Save changes").disabled
    page.choose("SMS", None)
    page.choose("Workspace name", "x" * 41)
    assert "Workspace name: a name has 1 to 40 printable characters." in page.words
    page.click("Discard")
    assert page.widget("Workspace name").value == "ClientNest"
    assert "Nothing is changed." in page.words


def test_a_setting_of_the_environment_is_shown_as_locked(workspace: Services) -> None:
    vars(workspace)["workspace"] = Workspace(workspace.db, WorkspaceSettings, {"time_zone": "Asia/Kolkata"})
    page = Page("settings")
    assert (page.widget("Time zone").value, page.widget("Time zone").disabled) == ("Asia/Kolkata", True)
    assert "Set by CRM_TIME_ZONE" in sources(page)["time_zone"].replace("\\", "")


def test_the_currency_is_locked_by_the_amounts_that_are_stored_in_it(workspace: Services, shop: Shop) -> None:
    page = Page("settings")
    assert page.widget("Currency").disabled
    assert "Amounts are stored in it" in sources(page)["currency"]


def test_a_new_time_zone_names_the_segments_it_changes_and_recounts_them_when_saved(workspace: Services) -> None:
    order = {"id": "o1", "customer_id": "c1", "amount": 1, "ordered_at": "2025-12-31T19:00:00Z"}
    workspace.persister.store([make_entry(Stream.ORDERS, order)])
    rule = load_rule(field("last_order_at", "on", "2026-01-01"))
    segment = workspace.segments.save("New year", rule, actor=ASHA)
    page = Page("settings")
    page.choose("Time zone", "Asia/Kolkata")
    assert "1 saved segment has a date in the rules; 1 of them would have another number" in page.words
    (table,) = page.test.dataframe
    assert table.value.to_dict("records") == [{"Segment": "New year", "Now": 0, "Then": 1}]
    page.click("Save changes")
    assert workspace.segments.get(segment["_id"])["count"] == 1


def test_a_change_of_somebody_else_is_shown_when_nothing_is_being_edited(workspace: Services) -> None:
    page = Page("settings")
    set_workspace(workspace, frequency_cap_days=30)
    page.run()
    page.follow_to("settings")
    assert page.widget("Days of the cap (days)").value == 30
    assert "Nothing is changed." in page.words


def test_the_name_and_the_accent_of_the_workspace_show_on_every_page(workspace: Services, shop: Shop) -> None:
    set_workspace(workspace, workspace_name="Nordic <Outfitters>", accent_colour="#0E7490")
    load_snapshot(workspace)
    page = Page("overview")
    assert config.get_option("theme.light.primaryColor") == "#0E7490"
    assert config.get_option("theme.dark.linkColor") == shade_of("#0E7490", "dark").text
    assert page.chart("revenue")[0]["marker"]["color"] == shade_of("#0E7490", "light").text


class Extended(WorkspaceSettings):
    """As a colleague adds one: a row."""

    open_hour: Annotated[
        int,
        Field(
            title="Shop opens",
            description="Hour at which the shop opens.",
            json_schema_extra={"section": "Region", "unit": "o'clock"},
            ge=0,
            le=23,
        ),
    ] = 9


@pytest.fixture
def extended(workspace: Services) -> Any:
    """Install the services with one more setting, in this environment."""

    def install(environment: dict[str, str]) -> Workspace[Any]:
        found: Workspace[Any] = Workspace(workspace.db, Extended, read_environment(Extended, environment))
        vars(workspace)["workspace"] = found
        vars(workspace)["workspace_editor"] = WorkspaceEditor(workspace.db, found, workspace.audit, lambda: 0)
        return found

    return install


def test_one_more_row_in_the_model_is_on_the_page_stored_audited_and_locked(extended: Any) -> None:
    workspace = extended({})
    page = Page("settings")
    assert "Hour at which the shop opens." in page.words
    page.choose("Shop opens (o'clock)", 10)
    page.click("Save changes")
    assert workspace.current().open_hour == 10
    assert "Shop opens: 9 o'clock :material/arrow_forward: 10 o'clock" in page.words.replace("**", "")
    st.cache_data.clear()
    assert extended({"CRM_OPEN_HOUR": "7"}).current().open_hour == 7
    locked = Page("settings")
    assert locked.widget("Shop opens (o'clock)").disabled
    assert "Set by CRM_OPEN_HOUR" in locked.words
