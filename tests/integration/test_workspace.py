"""Settings of the workspace: environment before stored before default, changes of admins, and the currency."""

from typing import Any

import pytest

from crm_core.access.permissions import Role
from crm_core.audience.eligibility import Cap, Policy
from crm_core.errors import Conflict, Forbidden, InvalidInput, Unavailable
from crm_core.infra.streams import Stream
from crm_core.services import Services, build_services
from crm_core.upgrades.version import VERSION_ID
from crm_core.workspace.model import WorkspaceSettings
from crm_core.workspace.reading import REMEMBERED_S, SETTINGS_ID
from tests.actors import ASHA, person
from tests.conftest import TestClock
from tests.integration.feeding import make_entry, store_customers
from tests.workspace import known_last, set_workspace

ORDER = {"id": "o1", "customer_id": "c1", "amount": 12.5}


def stored(services: Services) -> dict[str, Any]:
    return (services.db.workspace.find_one({"_id": SETTINGS_ID}) or {}).get("values", {})  # type: ignore[no-any-return]


def another(services: Services, clock: TestClock) -> Services:
    """What another process has, begun now."""
    return build_services(services.settings, clock=clock)


def test_without_anything_stored_every_setting_has_its_default(services: Services) -> None:
    assert services.workspace.current() == WorkspaceSettings()
    assert services.policy == Policy()
    assert services.sending_rules.quiet is None


def test_a_change_is_in_force_at_once_here_and_in_other_processes(services: Services, clock: TestClock) -> None:
    other = another(services, clock)
    assert other.workspace.current().frequency_cap is None
    set_workspace(services, frequency_cap=3, message_unknown_consent=False, quiet_hours="21:00-08:00")
    assert services.policy == Policy(unknown_may_be_messaged=False, cap=Cap(3, 7))
    assert str(services.sending_rules.quiet) == "21:00-08:00 UTC"
    other.workspace.forget()
    assert other.workspace.current() == services.workspace.current()
    assert REMEMBERED_S <= 1  # so that what is asked for once a second follows within two
    other.close()


def test_what_was_read_is_asked_for_again_after_a_second_only(services: Services) -> None:
    before = services.workspace.current()
    services.db.workspace.update_one({"_id": SETTINGS_ID}, {"$set": {"values.frequency_cap": 5}}, upsert=True)
    assert services.workspace.current() is before
    assert services.workspace.known().settings.frequency_cap == 5


def test_a_change_is_audited_with_what_it_was_before(services: Services) -> None:
    set_workspace(services, frequency_cap=3, time_zone="Europe/Berlin")
    set_workspace(services, frequency_cap=4)
    latest, first = services.workspace_editor.history()
    assert (latest["actor"], latest["action"], latest["target"]) == ("asha", "settings.change", "settings")
    assert latest["details"] == {"frequency_cap": {"from": 3, "to": 4}}
    assert first["details"] == {
        "frequency_cap": {"from": None, "to": 3},
        "time_zone": {"from": "UTC", "to": "Europe/Berlin"},
    }


def test_a_value_that_is_in_force_is_no_change_and_a_default_is_not_stored(services: Services) -> None:
    assert services.workspace_editor.change({"frequency_cap": None}, actor=ASHA) == {}
    set_workspace(services, frequency_cap=3, error_budget=0.2)
    set_workspace(services, frequency_cap=None)
    assert stored(services) == {"error_budget": 0.2}
    assert len(services.workspace_editor.history()) == 2


@pytest.mark.parametrize("role", [Role.VIEWER, Role.ANALYST, Role.MARKETER])
def test_only_an_admin_may_change_settings(services: Services, role: Role) -> None:
    with pytest.raises(Forbidden, match="takes the role admin"):
        services.workspace_editor.change({"frequency_cap": 3}, actor=person("vera", role))
    assert stored(services) == {}


def test_a_wrong_value_is_refused_by_its_label_and_nothing_of_the_change_is_stored(services: Services) -> None:
    with pytest.raises(InvalidInput, match="Days of the cap: must be at most 90") as caught:
        services.workspace_editor.change({"frequency_cap": 3, "frequency_cap_days": 100}, actor=ASHA)
    assert caught.value.field == "frequency_cap_days"
    with pytest.raises(InvalidInput, match="no setting 'colour'"):
        services.workspace_editor.change({"colour": "red"}, actor=ASHA)
    assert stored(services) == {}


def test_the_environment_stands_before_what_is_stored_and_locks_it(
    services: Services, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_workspace(services, frequency_cap=3, quiet_hours="21:00-08:00")
    monkeypatch.setenv("CRM_FREQUENCY_CAP", "9")
    locked = another(services, clock)
    assert locked.workspace.current().frequency_cap == 9
    assert locked.workspace.current().quiet_hours == "21:00-08:00"
    with pytest.raises(Conflict, match="Frequency cap is set by the environment variable CRM_FREQUENCY_CAP"):
        locked.workspace_editor.change({"frequency_cap": 4}, actor=ASHA)
    locked.close()


def test_a_wrong_variable_of_the_environment_stops_the_start(
    services: Services, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRM_QUIET_HOURS", "at night")
    with pytest.raises(InvalidInput, match=r"CRM_QUIET_HOURS: .*21:00-08:00"):
        another(services, clock)


def test_a_stored_value_that_is_wrong_does_not_take_the_others_with_it(services: Services) -> None:
    values = {"frequency_cap": -1, "error_budget": 0.2, "of_a_later_version": True}
    services.db.workspace.insert_one({"_id": SETTINGS_ID, "values": values})
    known = services.workspace.known()
    assert known.settings == WorkspaceSettings(error_budget=0.2)
    assert known.stored == {"error_budget"}


def test_during_an_outage_the_settings_known_last_stay_in_force(services: Services) -> None:
    set_workspace(services, frequency_cap=3)
    workspace = known_last(services.db)
    workspace.forget()
    assert workspace.current().frequency_cap == 3
    with pytest.raises(Unavailable):
        workspace.known()


def test_the_currency_can_be_changed_until_an_amount_is_stored(services: Services, clock: TestClock) -> None:
    set_workspace(services, currency="JPY")
    services.persister.store([make_entry(Stream.ORDERS, {**ORDER, "amount": 12})])
    order = services.db.orders.find_one()
    assert order
    assert order["amount_minor"] == 12
    with pytest.raises(Conflict, match="Amounts are stored in the present currency"):
        set_workspace(services, currency="EUR")
    assert services.workspace.current().currency == "JPY"
    assert services.workspace.known().amounts_in == "JPY"


def test_an_amount_is_stored_in_the_currency_of_now_whatever_was_remembered(
    services: Services, clock: TestClock
) -> None:
    stale = another(services, clock)
    assert stale.workspace.digits() == 2
    set_workspace(services, currency="KWD")
    stale.persister.store([make_entry(Stream.ORDERS, ORDER)])
    order = services.db.orders.find_one()
    assert order
    assert order["amount_minor"] == 12_500
    assert stale.workspace.current().currency == "KWD"
    stale.close()


def test_while_accepted_records_wait_the_currency_stays(services: Services) -> None:
    services.publisher.publish(Stream.ORDERS, [b"{}"])
    with pytest.raises(Conflict, match="still being stored"):
        set_workspace(services, currency="EUR")


def test_a_currency_in_the_environment_other_than_of_the_amounts_stops_the_start(
    services: Services, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    store_customers(services, {"id": "c1", "total_spend": 5})
    monkeypatch.setenv("CRM_CURRENCY", "EUR")
    with pytest.raises(InvalidInput, match="CRM_CURRENCY is EUR, but the amounts in this database are in USD"):
        another(services, clock)
    monkeypatch.setenv("CRM_CURRENCY", "USD")
    another(services, clock).close()


def test_a_database_of_before_keeps_the_currency_that_it_was_filled_in(
    services: Services, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    store_customers(services, {"id": "c1", "total_spend": 5})
    services.db.workspace.delete_many({"_id": {"$ne": VERSION_ID}})
    monkeypatch.setenv("CRM_CURRENCY", "INR")
    another(services, clock).close()
    monkeypatch.delenv("CRM_CURRENCY")
    after = another(services, clock)
    assert after.workspace.current().currency == "INR"
    after.close()


def test_an_international_number_finds_a_national_one_of_the_default_country(services: Services) -> None:
    store_customers(services, {"id": "a", "phone": "089 123456"}, {"id": "b", "phone": "+49 89 123456"})
    store_customers(services, {"id": "c", "phone": "+91 89 123456"})

    def found(text: str) -> list[str]:
        return [each["id"] for each in services.customer_search.search(text, actor=ASHA)]

    assert (found("+49 89 123"), found("089 123")) == (["b"], ["a", "b", "c"])
    set_workspace(services, default_country="DE")
    assert found("+49 89 123") == found("0049 (0)89 123") == ["a", "b"]
    assert found("+91 89 123") == ["c"]
