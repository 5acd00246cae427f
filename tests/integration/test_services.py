from crm_core.rules.tree import EVERYONE
from crm_core.services import Services


def test_an_empty_database_has_nobody(services: Services) -> None:
    assert services.audience.preview(EVERYONE).count == 0
