"""What MongoDB computes for the models, against the same by hand from the orders."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from crm_core.infra.streams import Stream
from crm_core.predictions.fitting import fit
from crm_core.predictions.observed import EPOCH, Period, Purchases, day_number, day_words
from crm_core.predictions.purchases import fit_purchases
from crm_core.predictions.reading import PurchaseReader
from crm_core.services import Services
from tests.integration.feeding import store_orders
from tests.predictions.cdnow_sample import CALIBRATED, ENDED, read_days
from tests.predictions.shop import store_all


def read(services: Services, zone: str, split: date, last: date) -> dict[tuple[int, ...], int]:
    """How many customers are alike: days, first, last, net, and the first three of what was known before the split."""
    period = Period(0, day_number(str(last)), day_number(str(split)))
    found = PurchaseReader(services.db, ZoneInfo(zone)).read(period, lambda: None)
    counts: dict[tuple[int, ...], int] = defaultdict(int)
    for row in rows_of(found):
        counts[row] += 1
    return dict(counts)


def rows_of(found: Purchases) -> list[tuple[int, ...]]:
    parts = (found.days, found.first, found.last, found.net, found.known_days, found.known_last, found.known_net)
    return [tuple(map(int, row)) for row in zip(*parts, strict=True)]


def day(words: str) -> int:
    return day_number(words)


def test_orders_of_one_day_count_once_and_only_those_that_count(services: Services) -> None:
    store_orders(
        services,
        {"id": "1", "customer_id": "a", "amount": 10, "ordered_at": "2026-01-05T08:00:00Z"},
        {"id": "2", "customer_id": "a", "amount": 20, "ordered_at": "2026-01-05T22:00:00Z", "refunded": 5},
        {"id": "3", "customer_id": "a", "amount": 99, "ordered_at": "2026-02-01T10:00:00Z", "status": "cancelled"},
        {"id": "4", "customer_id": "a", "amount": 7, "ordered_at": "2026-03-01T10:00:00Z"},
        {"id": "5", "customer_id": "a", "amount": 4, "ordered_at": "2026-04-01T10:00:00Z", "status": "returned"},
        {"id": "6", "customer_id": "b", "amount": 4, "ordered_at": "2026-04-01T10:00:00Z", "status": "returned"},
        {"id": "7", "customer_id": "c", "amount": 50, "ordered_at": "2026-03-02T10:00:00Z"},
    )
    found = read(services, "UTC", date(2026, 2, 1), date(2026, 3, 31))
    first = day("2026-01-05")
    assert found == {
        (2, first, day("2026-03-01"), 2_800, 1, first, 2_500): 1,
        (1, day("2026-03-02"), day("2026-03-02"), 5_000, 0, 0, 0): 1,
    }
    reader = PurchaseReader(services.db, ZoneInfo("UTC"))
    assert reader.span() == (first, day("2026-03-02"))
    (row,) = reader.of_customers(["a", "b"], day("2026-02-28"))
    assert row == {"_id": "a", "days": 1, "first": first, "last": first, "net": 2_500}


@pytest.mark.parametrize(
    ("zone", "days"),
    [("UTC", 2), ("Asia/Kolkata", 1), ("America/New_York", 1), ("Australia/Lord_Howe", 2), ("Pacific/Apia", 2)],
)
def test_a_day_is_one_of_the_workspaces_time_zone(services: Services, zone: str, days: int) -> None:
    """Half hours, and clocks that change on the day before: New York on 8 March 2026, Lord Howe on 5 April."""
    moments = {
        "UTC": ("2026-03-08T23:59:59Z", "2026-03-09T00:00:00Z"),
        "Asia/Kolkata": ("2026-03-08T18:30:00Z", "2026-03-09T18:29:59Z"),
        "America/New_York": ("2026-03-08T05:00:00Z", "2026-03-09T03:59:59Z"),
        "Australia/Lord_Howe": ("2026-04-05T13:29:59Z", "2026-04-05T13:30:00Z"),
        "Pacific/Apia": ("2026-03-08T10:59:59Z", "2026-03-08T11:00:00Z"),
    }[zone]
    store_orders(
        services,
        *({"id": at, "customer_id": "a", "amount": 1, "ordered_at": at} for at in moments),
    )
    ((row, _),) = read(services, zone, date(2026, 5, 1), date(2026, 5, 31)).items()
    local = [datetime.fromisoformat(at).astimezone(ZoneInfo(zone)).date() for at in moments]
    assert row[:3] == (days, (min(local) - EPOCH).days, (max(local) - EPOCH).days)
    reader = PurchaseReader(services.db, ZoneInfo(zone))
    assert reader.span() == ((min(local) - EPOCH).days, (max(local) - EPOCH).days)
    assert reader.moment(day_number(str(local[0]))).astimezone(UTC) <= datetime.fromisoformat(moments[0])


def test_cdnow_from_the_database_gives_the_published_fit(services: Services) -> None:
    customers = read_days()
    store_sample(services, customers)
    split = CALIBRATED + timedelta(days=1)
    period = Period(day("1997-01-01"), day(str(ENDED)), day(str(split)))
    found = PurchaseReader(services.db, ZoneInfo("UTC")).read(period, lambda: None)
    assert sorted(rows_of(found)) == sorted(by_hand(customers))
    model = fit_purchases(found.known_histories(period)).model
    assert [round(each, 3) for each in (model.r, model.alpha, model.a, model.b)] == [0.243, 4.414, 0.793, 2.426]
    fitted = fit(found, period, lambda: None)
    assert (fitted.check["start"], fitted.check["weeks"]) == (day_words(period.split), 39)
    assert fitted.check["actual"] == 1882
    assert round(fitted.check["purchases"]["log_likelihood"], 1) == -9582.4
    assert fitted.spending is not None
    assert np.isfinite(fitted.outlook["orders_1y"])


def store_sample(services: Services, customers: Mapping[str, Mapping[date, int]]) -> None:
    records = [
        {"id": f"{name}-{at}", "customer_id": name, "amount": cents / 100, "ordered_at": f"{at}T12:00:00Z"}
        for name, days in customers.items()
        for at, cents in days.items()
    ]
    store_all(services, records)
    assert services.publisher.backlog(Stream.ORDERS) == 0


def by_hand(customers: Mapping[str, Mapping[date, int]]) -> list[tuple[int, ...]]:
    rows: list[tuple[int, ...]] = []
    for days in customers.values():
        known = [at for at in days if at <= CALIBRATED]
        number = {at: (at - EPOCH).days for at in days}
        rows.append(
            (
                len(days),
                number[min(days)],
                number[max(days)],
                sum(days.values()),
                len(known),
                number[max(known)],
                sum(days[at] for at in known),
            )
        )
    return rows
