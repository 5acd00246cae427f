"""Predictions: whether to trust them, what they come from, and why there are none."""

from typing import Any

import pytest

from crm_core.insights.frame import Unit
from crm_core.jobs.refits import REFIT
from crm_core.services import Services
from pages._ui.units import in_words
from tests.actors import ASHA, TEST
from tests.integration.feeding import store_customers
from tests.integration.job_rig import jobs_worker
from tests.predictions.shop import store_shop
from tests.ui.builder import builder_with, rules_of
from tests.ui.page import Page


@pytest.fixture
def fitted(workspace: Services) -> Services:
    store_shop(workspace, 700)
    workspace.refits.start(actor=ASHA)
    jobs_worker(workspace).run_once()
    return workspace


def test_an_empty_workspace_is_told_what_it_takes(workspace: Services) -> None:
    page = Page("predictions")
    assert "No predictions yet" in page.words
    assert "200 customers who ordered on more than one day" in page.words
    assert "orders of 26 weeks" in page.words
    assert not page.test.metric


def test_the_button_asks_for_a_fit_and_shows_how_far_it_is(workspace: Services) -> None:
    page = Page("predictions")
    page.click("Refit now")
    job = workspace.refits.latest(actor=TEST)
    assert job
    assert (job["kind"], job["state"], job["created_by"]) == (REFIT.name, "queued", "local admin")
    assert "A fit is under way" in page.words
    workspace.db.jobs.update_one({}, {"$set": {"state": "running", "done": 500, "total": 2_000}})
    assert "500 of 2,000 customers written" in Page("predictions").words
    page.click("Cancel the fit")
    assert "The last fit was cancelled by local admin" in Page("predictions").words


def test_a_fit_says_whether_to_trust_it_and_shows_its_models(fitted: Services) -> None:
    fit = fitted.prediction_fits.latest(actor=TEST)
    assert fit
    assert fit["reason"] is None
    assert fit["purchases"]
    page = Page("predictions")
    assert "these predictions" in page.words
    assert "Knowing only what was before" in page.words
    assert "Customers: 700" in page.words
    assert f"{fit['purchases']['alpha']:.3f}" in page.words
    assert "How often: BG/NBD" in page.words
    assert "How much: Gamma-Gamma" in page.words
    assert fit["check"]
    found = fitted.insights.ask("bgnbd", {}, actor=TEST)
    assert found.as_of == fit["fitted_at"]
    assert [row["actual"] for row in found.rows] == [tenth["actual"] for tenth in fit["check"]["deciles"]]
    assert f"placed by each {in_words(found.rows[0]['actual_each'], Unit.NUMBER, 'USD')}" in page.words
    page.click("Valuable, at risk")
    assert page.title == "Audience builder"
    assert [each["field"] for each in rules_of(page)] == ["predicted.value_1y", "predicted.churn_risk"]


def test_a_model_that_failed_its_check_is_shown_with_what_it_got_wrong(fitted: Services) -> None:
    reason = "What the model expected of the last months is too far from what happened."
    fitted.db.predictions.update_one({}, {"$set": {"reason": reason, "outlook": None, "check.actual": 9}})
    page = Page("predictions")
    assert "Predictions are not offered" in page.words
    assert reason in page.words
    assert "What the model got wrong" in page.words
    assert not page.test.metric


def test_without_order_values_the_page_says_why(fitted: Services) -> None:
    change: dict[str, Any] = {"spending": None, "spending_reason": "Customers have spent nothing."}
    fitted.db.predictions.update_one({}, {"$set": {**change, "outlook.value_1y_minor": None}})
    page = Page("predictions")
    assert "How much: not offered" in page.words
    assert "Customers have spent nothing." in page.words
    assert "Value in a year" not in page.words


def test_a_customer_shows_predictions_or_why_there_are_none(fitted: Services) -> None:
    fitted.db.customers.update_one(
        {"_id": "p00003"},
        {
            "$set": {
                "predicted": {"orders_90d": 0.25, "order_value_minor": 1_234, "value_1y_minor": 900, "churn_risk": 61}
            }
        },
    )
    words = Page("customer", customer="p00003").words
    assert "61 %" in words
    assert "$12.34" in words
    assert "not known from one order" in words
    store_customers(fitted, {"id": "new"})
    assert "Predictions come with the next fit" in Page("customer", customer="new").words


def test_without_a_fit_the_customers_page_and_the_builder_say_so(workspace: Services) -> None:
    store_customers(workspace, {"id": "new"})
    assert "The models were not fitted yet." in Page("customer", customer="new").words
    page = builder_with("Churn risk in %")
    assert "No customer has predictions. The models were not fitted yet." in page.words
