"""What somebody who may read figures only sees: the figures, and a sentence in place of what shows customers."""

import pytest

from crm_core.access.actor import Actor
from crm_core.access.permissions import Role
from crm_core.audience.snapshot.keeper import Status
from crm_core.rules.loading import load_rule
from crm_core.rules.text.parsing import parse_text
from crm_core.services import Services
from pages._ui import deps
from pages.builder.audience.details import DETAILS
from tests.actors import TEST, person
from tests.ui.builder import matches
from tests.ui.page import Page
from tests.ui.shop import Shop
from tests.ui.tables import rows_of

REFUSAL = "v is a viewer; to see customers takes the role analyst or marketer or admin."
NAME = "Asha"


def sign_in(monkeypatch: pytest.MonkeyPatch, actor: Actor) -> None:
    monkeypatch.setattr(deps, "_LOCAL_ADMIN", actor)


@pytest.fixture
def viewer(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Shop:
    sign_in(monkeypatch, person("v", Role.VIEWER))
    return shop


def launched(services: Services) -> str:
    rule = load_rule({"kind": "field", "field": "visits", "op": "gt", "value": 5})
    campaign = services.campaigns.create(name="June", channel="in_app", message="Hi", rule=rule, actor=TEST)
    services.campaigns.launch(campaign["_id"], actor=TEST)
    return str(campaign["_id"])


def test_the_overview_shows_a_viewer_figures_and_no_orders(viewer: Shop, workspace: Services) -> None:
    page = Page("overview")
    assert page.metric("Customers") == str(len(viewer.customers))
    assert REFUSAL in page.words
    assert "Recent campaigns" in page.words
    assert not [order for order in viewer.orders if order["id"] in page.words]


def test_what_an_admin_has_read_is_not_shown_to_a_viewer(
    shop: Shop, workspace: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pages remember what they read for some seconds."""
    admin = Page("overview")
    assert rows_of(admin, "Orders")
    sign_in(monkeypatch, person("v", Role.VIEWER))
    assert REFUSAL in Page("overview").words


def test_the_list_of_customers_is_refused_in_words(viewer: Shop) -> None:
    page = Page("customers")
    assert REFUSAL in page.errors
    assert NAME not in page.words


def test_a_customer_is_refused_in_words(viewer: Shop) -> None:
    page = Page("customer", customer="c01")
    assert page.errors == REFUSAL
    assert NAME not in page.words


def test_the_builder_counts_for_a_viewer_and_hides_the_sample(viewer: Shop, workspace: Services) -> None:
    workspace.snapshot.start()
    workspace.snapshot.wait_until(lambda state: state.status is Status.READY, 20)
    shared = workspace.shared_rules.share(parse_text("visits > 5", workspace.rule_contexts.context()), actor=TEST)
    page = Page("audience_builder", board=shared)
    assert matches(page) == viewer.count(lambda who, _: who["visits"] > 5)
    assert REFUSAL in page.words
    assert NAME not in page.words
    page.choose("builder_detail", DETAILS["profile"])
    assert REFUSAL not in page.words


def test_a_viewer_sees_a_campaigns_figures_and_cannot_change_it(viewer: Shop, workspace: Services) -> None:
    page = Page("campaign", campaign=launched(workspace))
    assert "Finding the audience" in page.words
    page.click("Pause")
    assert "to change campaigns takes the role marketer or admin" in page.errors


def test_an_analyst_sees_customers(shop: Shop, workspace: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    sign_in(monkeypatch, person("a", Role.ANALYST))
    assert Page("customer", customer="c01").title == "Asha1 Rao"
    assert rows_of(Page("overview"), "Orders")
