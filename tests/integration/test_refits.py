"""Fits as jobs: what they write, when they are offered, and what is left when a worker ends in the middle."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from crm_core.access.actor import SYSTEM
from crm_core.access.permissions import Role
from crm_core.errors import Conflict, Forbidden
from crm_core.infra.streams import Stream
from crm_core.jobs.model import JobState
from crm_core.jobs.refits import EVERY, FLOOD, GROWN_AFTER
from crm_core.predictions import writing
from crm_core.predictions.fitting import YEAR_WEEKS
from crm_core.predictions.model import PredictionFit
from crm_core.predictions.writing import PredictionWriter
from crm_core.services import Services, build_services
from crm_core.settings import Settings
from tests.actors import ASHA, BELA, TEST, person
from tests.conftest import TestClock
from tests.databases import empty
from tests.integration.feeding import make_entry, store_customers, store_orders
from tests.integration.job_rig import Killed, jobs_worker
from tests.predictions.shop import LAST, store_all, store_shop

VIEWER = person("vera", Role.VIEWER)


@pytest.fixture(scope="module")
def stocked(servers: Settings) -> Iterator[Services]:
    """A shop that tests of this module share, each with the predictions of the one before."""
    built = build_services(servers.with_servers(mongodb_database="test_predictions"), clock=TestClock(LAST))
    built.redis.flushdb()
    store_shop(built)
    store_customers(built, {"id": "z", "name": "Never Ordered"})
    yield built
    empty(built.db)
    built.close()


@pytest.fixture
def shop(stocked: Services) -> Services:
    stocked.redis.flushdb()
    for name in ("jobs", "predictions"):
        stocked.db[name].delete_many({})
    return stocked


def refit(services: Services) -> PredictionFit:
    services.refits.start(actor=ASHA)
    jobs_worker(services).run_once()
    fit = services.prediction_fits.latest(actor=TEST)
    assert fit is not None
    return fit


def predictions(services: Services) -> dict[str, Any]:
    return {row["_id"]: row["predicted"] for row in services.db.customers.find({"predicted": {"$exists": True}})}


def test_a_fit_is_checked_kept_and_written_to_every_customer_who_ordered(shop: Services) -> None:
    fit = refit(shop)
    assert fit["reason"] is None
    assert fit["spending_reason"] is None
    assert (fit["customers"], fit["written"], fit["last_day"]) == (1_200, 1_200, "2026-06-14")
    job = shop.refits.latest(actor=TEST)
    assert job
    assert (job["state"], job["done"], job["created_by"]) == (JobState.DONE, 1_201, "asha")
    found = predictions(shop)
    assert found.keys() == {f"p{number:05}" for number in range(1_200)}
    assert all(0 <= each["churn_risk"] <= 100 and 0 <= each.get("active", 50) <= 100 for each in found.values())
    assert all(each["orders_90d"] >= 0 and each["value_1y_minor"] >= 0 for each in found.values())
    outlook, check = fit["outlook"], fit["check"]
    assert outlook
    assert check
    assert sum(each["orders_90d"] for each in found.values()) == pytest.approx(outlook["orders_90d"], rel=0.01)
    assert sum(each["value_1y_minor"] for each in found.values()) == pytest.approx(outlook["value_1y_minor"], rel=0.01)
    assert sum(row["actual"] for row in check["deciles"]) == check["actual"]
    assert abs(check["expected"] / check["actual"] - 1) < 0.15
    assert pytest.approx(365 / 7) == YEAR_WEEKS


def test_who_ordered_on_one_day_only_has_no_chance_to_be_active(shop: Services) -> None:
    refit(shop)
    days = shop.db.orders.aggregate(
        [
            {
                "$group": {
                    "_id": "$customer_id",
                    "days": {"$addToSet": {"$dateTrunc": {"date": "$ordered_at", "unit": "day"}}},
                }
            }
        ]
    )
    repeated = {row["_id"]: len(row["days"]) > 1 for row in days}
    assert {name: "active" in each for name, each in predictions(shop).items()} == repeated


def test_after_the_end_of_its_worker_a_fit_goes_on_where_it_was(
    shop: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = refit(shop)
    wanted = predictions(shop)
    shop.db.customers.update_many({}, {"$unset": {"predicted": ""}})
    shop.redis.flushdb()
    shop.db.jobs.delete_many({})
    monkeypatch.setattr(writing, "SLICE", 300)
    shop.refits.start(actor=ASHA)
    write, slices = PredictionWriter.write_slice, 0

    def die_in_the_third(writer: PredictionWriter, after: str | None) -> Any:
        nonlocal slices
        slices += 1
        part = write(writer, after)
        if slices == 3:  # written, and not noted
            raise Killed
        return part

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(PredictionWriter, "write_slice", die_in_the_third)
        with pytest.raises(Killed):
            jobs_worker(shop).run_once()
    job = shop.refits.latest(actor=TEST)
    assert job
    assert (job["state"], job["done"]) == (JobState.RUNNING, 600)
    assert len(predictions(shop)) == 900
    jobs_worker(shop).run_once()
    job = shop.refits.latest(actor=TEST)
    assert job
    assert (job["state"], job["runs"], job["done"]) == (JobState.DONE, 2, 1_201)
    assert predictions(shop) == wanted
    again = shop.prediction_fits.latest(actor=TEST)
    assert again
    assert (again["written"], again["purchases"]) == (1_200, whole["purchases"])


def test_a_worker_that_ends_while_it_fits_starts_over(shop: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.refits.start(actor=ASHA)

    def die(*_: object) -> None:
        raise Killed

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("crm_core.predictions.refitting.fit", die)
        with pytest.raises(Killed):
            jobs_worker(shop).run_once()
    assert shop.db.predictions.count_documents({}) == 0
    jobs_worker(shop).run_once()
    fit = shop.prediction_fits.latest(actor=TEST)
    assert fit
    assert fit["written"] == 1_200


def test_a_cancelled_fit_writes_no_more(shop: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.db.customers.update_many({}, {"$unset": {"predicted": ""}})
    monkeypatch.setattr(writing, "SLICE", 300)
    job = shop.refits.start(actor=ASHA)
    write = PredictionWriter.write_slice

    def cancel_and_write(writer: PredictionWriter, after: str | None) -> Any:
        shop.refits.cancel(job["_id"], actor=BELA)
        return write(writer, after)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(PredictionWriter, "write_slice", cancel_and_write)
        jobs_worker(shop).run_once()
    ended = shop.refits.latest(actor=TEST)
    assert ended
    assert (ended["state"], ended["cancelled_by"]) == (JobState.CANCELLED, "bela")
    assert len(predictions(shop)) <= 300
    assert shop.prediction_fits.latest(actor=TEST) is None


def test_records_that_come_later_leave_the_predictions_of_a_customer(shop: Services) -> None:
    refit(shop)
    before = predictions(shop)["p00007"]
    store_customers(shop, {"id": "p00007", "city": "Pune", "tags": ["vip"]})
    store_orders(shop, {"id": "more", "customer_id": "p00007", "amount": 5, "ordered_at": "2026-06-01"})
    row = shop.db.customers.find_one({"_id": "p00007"})
    assert row
    assert (row["predicted"], row["city"]) == (before, "Pune")
    shop.db.orders.delete_one({"_id": "more"})


def test_predictions_are_no_part_of_what_can_be_sent(shop: Services) -> None:
    with pytest.raises(AssertionError, match="predicted"):
        make_entry(Stream.CUSTOMERS, {"id": "p00007", "predicted": {"active": 5}})


def test_a_fit_that_is_not_offered_takes_the_old_predictions_away(services: Services) -> None:
    store_all(
        services,
        [
            {
                "id": f"o{number}",
                "customer_id": f"c{number % 60}",
                "amount": 9,
                "ordered_at": str(LAST - timedelta(number)),
            }
            for number in range(500)
        ],
    )
    services.db.customers.update_one({"_id": "c1"}, {"$set": {"predicted": {"churn_risk": 9}}})
    fit = refit(services)
    assert fit["reason"] == ("60 customers ordered on more than one day; it takes 200 to see how customers come back.")
    assert (fit["repeaters"], fit["written"], fit["purchases"]) == (60, 0, None)
    assert predictions(services) == {}


def test_too_short_a_time_is_not_offered_and_no_order_at_all_neither(services: Services) -> None:
    assert refit(services)["reason"] == "There are no orders yet."
    store_orders(
        services,
        {"id": "a", "customer_id": "c1", "amount": 9, "ordered_at": "2026-05-01"},
        {"id": "b", "customer_id": "c1", "amount": 9, "ordered_at": "2026-06-05", "status": "cancelled"},
        {"id": "c", "customer_id": "c1", "amount": 9, "ordered_at": "2026-05-15"},
    )
    services.redis.flushdb()
    fit = refit(services)
    assert fit["reason"] == "The orders span 2 weeks; it takes 26 to tell who comes back from who does not."
    assert (fit["first_day"], fit["last_day"]) == ("2026-05-01", "2026-05-15")


def test_a_shop_that_gives_everything_away_has_no_values(services: Services) -> None:
    store_shop(services, 900)
    services.db.orders.update_many({}, {"$set": {"amount_minor": 0}})
    fit = refit(services)
    assert (fit["reason"], fit["spending"]) == (None, None)
    assert fit["spending_reason"] == "Customers have spent nothing, or amounts that vary too widely for a mean."
    assert {name for each in predictions(services).values() for name in each} == {"active", "churn_risk", "orders_90d"}


def test_one_at_a_time_and_only_for_those_who_may(shop: Services) -> None:
    job = shop.refits.start(actor=ASHA)
    with pytest.raises(Conflict, match="There is a fit of the predictions under way"):
        shop.refits.start(actor=BELA)
    with pytest.raises(Forbidden, match="refit the predictions"):
        shop.refits.start(actor=VIEWER)
    with pytest.raises(Forbidden, match="refit the predictions"):
        shop.refits.cancel(job["_id"], actor=VIEWER)
    shop.refits.cancel(job["_id"], actor=ASHA)
    audited = shop.db.audit.find({"target": job["_id"]}).sort("_id", 1)
    assert [(row["actor"], row["action"]) for row in audited] == [("asha", "refit.start"), ("asha", "refit.cancel")]


def test_it_is_asked_for_once_a_day_and_when_there_are_twice_the_orders(shop: Services) -> None:
    clock = shop.clock
    assert isinstance(clock, TestClock)
    assert shop.refits.start_due() == 1
    assert shop.refits.start_due() == 0, "it is under way"
    jobs_worker(shop).run_once()
    assert shop.refits.start_due() == 0
    clock.advance(seconds=GROWN_AFTER.total_seconds())
    assert shop.refits.start_due() == 0
    shop.db.jobs.update_one({}, {"$set": {"orders": 500}})
    assert shop.refits.start_due() == 1
    jobs_worker(shop).run_once()
    clock.advance(seconds=EVERY.total_seconds())
    assert shop.refits.start_due() == 1
    job = shop.refits.latest(actor=TEST)
    assert job
    assert job["created_by"] == SYSTEM.label


def test_while_many_orders_wait_to_be_stored_none_is_asked_for(shop: Services) -> None:
    shop.publisher.publish(Stream.ORDERS, [b"{}"] * FLOOD)
    assert shop.refits.start_due() == 0
    shop.redis.delete(Stream.ORDERS)
    assert shop.refits.start_due() == 1


def test_an_empty_workspace_is_left_alone(services: Services) -> None:
    assert services.refits.start_due() == 0
    store_orders(services, {"id": "a", "customer_id": "c1", "amount": 9})
    assert services.refits.start_due() == 0
