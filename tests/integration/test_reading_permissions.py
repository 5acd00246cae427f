"""Who may read what: figures are for everybody, customers and what was written to them are not."""

from collections.abc import Callable
from typing import Any

import pytest

from crm_core.access.actor import Actor
from crm_core.access.permissions import Role
from crm_core.errors import Forbidden
from crm_core.insights.registry import QUESTIONS
from crm_core.rules.loading import load_rule
from crm_core.services import Services
from tests.actors import ASHA, person
from tests.conftest import TestClock
from tests.insights import ask
from tests.integration.campaign_rig import HAS_VISITED, Rig

VIEWER, ANALYST = person("v", Role.VIEWER), person("a", Role.ANALYST)
VISITED = load_rule({"kind": "field", "field": "visits", "op": "gt", "value": 0})
Read = Callable[[Services, Actor], Any]
SHOWING_CUSTOMERS: dict[str, Read] = {
    "page": lambda services, actor: services.customers.page(limit=1, after=None, actor=actor),
    "customer": lambda services, actor: services.customers.customer("c1", actor=actor),
    "orders": lambda services, actor: services.customers.orders("c1", actor=actor),
    "events": lambda services, actor: services.customers.events("c1", actor=actor),
    "search": lambda services, actor: services.customer_search.search("name", actor=actor),
    "count_found": lambda services, actor: services.customer_search.count_found("name", actor=actor),
    "timeline": lambda services, actor: services.timeline.page("c1", actor=actor),
    "messages": lambda services, actor: services.message_log.of_customer("c1", actor=actor),
    "explain": lambda services, actor: services.memberships.explain("c1", VISITED, actor=actor),
    "explain_all": lambda services, actor: services.memberships.explain_all("c1", {"r": VISITED}, actor=actor),
    "sample": lambda services, actor: services.previews.preview(VISITED, sample=1, actor=actor),
    "latest_orders": lambda services, actor: services.overview.latest_orders(actor=actor),
}
FIGURES: dict[str, Read] = {
    **{
        f"insight {name}": lambda services, actor, name=name: ask(services, name, actor=actor)  # type: ignore[misc]
        for name in QUESTIONS
    },
    "preview": lambda services, actor: services.previews.preview(VISITED, actor=actor),
    "emptiness": lambda services, actor: services.overview.is_empty(actor=actor),
    "options": lambda services, actor: services.overview.options("city", actor=actor),
}


@pytest.mark.parametrize("read", SHOWING_CUSTOMERS.values(), ids=SHOWING_CUSTOMERS)
def test_customers_are_shown_from_the_role_analyst_on(rig: Rig, read: Read) -> None:
    read(rig.services, ANALYST)
    with pytest.raises(Forbidden, match="to see customers takes the role"):
        read(rig.services, VIEWER)


@pytest.mark.parametrize("read", FIGURES.values(), ids=FIGURES)
def test_figures_are_shown_to_everybody(rig: Rig, read: Read) -> None:
    read(rig.services, VIEWER)


def test_a_viewer_reads_the_message_log_without_what_was_written(rig: Rig, clock: TestClock) -> None:
    campaign = rig.launch(rig.draft(HAS_VISITED, channel="in_app"))
    rig.finish(clock)
    read = rig.services.message_list.page
    seen, _ = read(campaign, actor=VIEWER, limit=10)
    whole, _ = read(campaign, actor=ANALYST, limit=10)
    assert [row["id"] for row in seen] == [row["id"] for row in whole]
    assert not [row for row in seen if "text" in row]
    assert "Hi Name1" in {row.get("text") for row in whole}


def test_a_viewer_reads_a_rehearsal_without_its_examples(rig: Rig) -> None:
    campaign = rig.draft(HAS_VISITED)
    job = rig.services.rehearsals.start(campaign, actor=ASHA)
    rig.services.db.jobs.update_one(
        {"_id": job["_id"]}, {"$set": {"state": "done", "result": {"examples": [{"body": "Hi Name1"}]}}}
    )
    read = rig.services.rehearsals.get
    assert read(campaign, job["_id"], actor=VIEWER)["result"]["examples"] is None
    assert read(campaign, job["_id"], actor=ANALYST)["result"]["examples"] == [{"body": "Hi Name1"}]
