"""What somebody who may read figures only sees: the figures, and a sentence in place of what shows customers."""

import pytest

from crm_core.access.permissions import Role
from crm_core.audience.snapshot.keeper import Status
from crm_core.rules.loading import load_rule
from crm_core.rules.text.parsing import parse_text
from crm_core.services import Services
from pages.builder.audience.details import DETAILS
from tests.actors import TEST
from tests.insights import load_snapshot
from tests.ui.builder import matches
from tests.ui.page import Page
from tests.ui.shop import Shop
from tests.ui.tables import rows_of

EMAIL = "v@example.com"
REFUSAL = f"{EMAIL} is a viewer; to see customers takes the role analyst or marketer or admin."
NAME = "Asha"


def invited(workspace: Services, role: Role) -> str:
    return workspace.users.invite(EMAIL, role, actor=TEST).id


@pytest.fixture
def viewer(shop: Shop, workspace: Services) -> str:
    """Somebody who may see the figures of the shop."""
    return invited(workspace, Role.VIEWER)


def launched(services: Services) -> str:
    rule = load_rule({"kind": "field", "field": "visits", "op": "gt", "value": 5})
    campaign = services.campaigns.create(name="June", channel="in_app", message="Hi", rule=rule, actor=TEST)
    services.campaigns.launch(campaign["_id"], actor=TEST)
    return str(campaign["_id"])


def test_the_overview_shows_a_viewer_figures_and_no_orders(viewer: str, shop: Shop, workspace: Services) -> None:
    load_snapshot(workspace)
    page = Page("overview", user=viewer)
    assert page.metric("Orders")
    assert REFUSAL in page.words
    assert "Recent campaigns" in page.words
    assert not [order for order in shop.orders if order["id"] in page.words]


def test_what_an_admin_has_read_is_not_shown_to_a_viewer(viewer: str, shop: Shop, workspace: Services) -> None:
    """Pages remember what they read for some seconds."""
    admin = Page("overview")
    assert rows_of(admin, "Orders")
    assert REFUSAL in Page("overview", user=viewer).words


def test_the_list_of_customers_is_refused_in_words(viewer: str, shop: Shop) -> None:
    page = Page("customers", user=viewer)
    assert REFUSAL in page.errors
    assert NAME not in page.words


def test_a_customer_is_refused_in_words(viewer: str, shop: Shop) -> None:
    page = Page("customer", user=viewer, customer="c01")
    assert page.errors == REFUSAL
    assert NAME not in page.words


def test_the_builder_counts_for_a_viewer_and_hides_the_sample(viewer: str, shop: Shop, workspace: Services) -> None:
    workspace.snapshot.start()
    workspace.snapshot.wait_until(lambda state: state.status is Status.READY, 20)
    shared = workspace.shared_rules.share(parse_text("visits > 5", workspace.rule_contexts.context()), actor=TEST)
    page = Page("audience_builder", user=viewer, board=shared)
    assert matches(page) == shop.count(lambda who, _: who["visits"] > 5)
    assert REFUSAL in page.words
    assert NAME not in page.words
    page.choose("builder_detail", DETAILS["profile"])
    assert REFUSAL not in page.words


def test_a_viewer_sees_a_campaigns_figures_and_cannot_change_it(viewer: str, shop: Shop, workspace: Services) -> None:
    page = Page("campaign", user=viewer, campaign=launched(workspace))
    assert "Finding the audience" in page.words
    page.click("Pause")
    assert "to change campaigns takes the role marketer or admin" in page.errors


def test_an_analyst_sees_customers(shop: Shop, workspace: Services) -> None:
    analyst = invited(workspace, Role.ANALYST)
    assert Page("customer", user=analyst, customer="c01").title == "Asha1 Rao"
    assert rows_of(Page("overview", user=analyst), "Orders")
