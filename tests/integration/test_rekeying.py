"""Another default country makes other phone numbers of those without a calling code, for everybody stored before."""

from crm_core.services import Services
from tests.conftest import TestClock
from tests.integration.feeding import store_customers
from tests.workspace import set_workspace

HOME = "030 123456"


def keys(services: Services) -> dict[str, list[str]]:
    return {row["_id"]: row.get("address_keys", []) for row in services.db.customers.find()}


def test_numbers_without_a_calling_code_follow_the_default_country(services: Services, clock: TestClock) -> None:
    assert services.rekeying.run_slice() == 0
    british = {"id": "b", "phone": "020 7946 0018", "country": "United Kingdom"}
    store_customers(services, {"id": "a", "phone": HOME}, british, {"id": "c", "phone": "+49 30 123456"}, {"id": "d"})
    stored = {"a": ["phone:030123456"], "b": ["phone:+442079460018"], "c": ["phone:+4930123456"], "d": []}
    assert keys(services) == stored
    set_workspace(services, default_country="DE")
    assert services.rekeying.run_slice() == 0, "other processes do not know of the change yet"
    clock.advance(seconds=5)
    assert services.rekeying.run_slice() == 3
    assert keys(services) == stored | {"a": ["phone:+4930123456"]}
    assert services.rekeying.run_slice() == 0
