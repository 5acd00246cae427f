"""Rules on engagement over a large message log, held against a calculation with pandas that shares no code with ours.

``CLIENTNEST_MESSAGES`` is the size of the log; ``make fuzz`` takes a million.
"""

import os
from collections.abc import Iterator
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from crm_core.audience.snapshot.loading import Loader
from crm_core.audience.snapshot.population import Population
from crm_core.audience.snapshot.version import Part, Version
from crm_core.campaigns.messages.rows import row_id
from crm_core.customers.document import arrange
from crm_core.infra.mongo import Doc
from crm_core.infra.text import fold
from crm_core.rules.binding import bind
from crm_core.rules.bound import Bound
from crm_core.rules.context import BUILT_IN, KnownCampaigns, RuleContext
from crm_core.rules.engines.mongo import to_mongo
from crm_core.rules.text.parsing import parse_text
from crm_core.services import Services
from crm_core.settings import Settings
from tests.conftest import TestClock
from tests.databases import open_database

SIZE = int(os.environ.get("CLIENTNEST_MESSAGES", "6000"))
CUSTOMERS, CAMPAIGNS, BATCH = SIZE // 2, 12, 5_000
NOW = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)
RANKS = ("pending", "sent", "failed", "delivered", "opened", "clicked", "skipped", "held_out")
CHANNELS = ("email", "sms", "in_app", "push")
REASONS = {"failed": ("hard_bounce", "unsubscribed"), "skipped": ("no_consent", "frequency_cap")}
STEPS = ("sent", "failed", "delivered", "opened", "clicked", "skipped")
DAY = pd.Timedelta(days=1)


def make_log() -> pd.DataFrame:
    """One row a message: whose, of which campaign, its state, and when it reached which step.

    Of one opened or clicked in ten the receipt of an earlier step is lost.
    """
    random = np.random.default_rng(7)
    pairs = random.choice(CUSTOMERS * CAMPAIGNS, SIZE, replace=False)
    log = pd.DataFrame({"customer": pairs // CAMPAIGNS, "campaign": pairs % CAMPAIGNS})
    log["channel"] = np.array(CHANNELS)[log.campaign % len(CHANNELS)]
    log["state"] = random.choice(RANKS, SIZE, p=(0.03, 0.1, 0.07, 0.3, 0.25, 0.15, 0.07, 0.03))
    log["created"] = pd.Timestamp(NOW) - pd.to_timedelta(random.integers(0, 400 * 86_400, SIZE), unit="s")
    at = log.created
    for step, states in (
        ("sent", ("sent", "failed", "delivered", "opened", "clicked")),
        ("failed", ("failed",)),
        ("delivered", ("delivered", "opened", "clicked")),
        ("opened", ("opened", "clicked")),
        ("clicked", ("clicked",)),
        ("skipped", ("skipped",)),
    ):
        at = at + pd.to_timedelta(random.integers(0, 3 * 86_400, SIZE), unit="s")
        is_told = log.state.isin(states) & ((log.state == step) | (random.random(SIZE) < 0.9) | (step == "sent"))
        log[step] = at.where(is_told)
    for state, reasons in REASONS.items():
        log.loc[log.state == state, "reason"] = random.choice(reasons, int((log.state == state).sum()))
    return log


def counted(log: pd.DataFrame, states: tuple[str, ...], steps: tuple[str, ...], days: int | None) -> pd.Series:
    """Messages a customer in one of these states, whose first known of ``steps`` lies within the days. The second and
    later steps stand in for the first, the earliest of them."""
    first, *later = steps
    at = log[first].fillna(log[later].min(axis=1)) if later else log[first]
    chosen = log.state.isin(states)
    if days is not None:
        chosen &= (at >= pd.Timestamp(NOW) - days * DAY) & (at <= pd.Timestamp(NOW))
    return log[chosen].groupby("customer").size().reindex(range(CUSTOMERS), fill_value=0)


def expected(log: pd.DataFrame) -> dict[str, pd.Series]:
    """By rule, for each customer whether it matches."""
    opened = ("opened", "clicked"), ("opened", "clicked")
    delivered = ("delivered", "opened", "clicked"), ("delivered", "opened", "clicked")
    sent = ("sent", "failed", "delivered", "opened", "clicked"), ("sent",)
    clicked, failed, skipped = (((state,), (state,)) for state in ("clicked", "failed", "skipped"))
    email, november = log[log.channel == "email"], log[log.campaign == 3]
    tagged, bounced = log[log.campaign < 4], log[log.reason == "hard_bounce"]
    return {
        "messages(opened, last 60 days) = 0": counted(log, *opened, 60) == 0,
        "messages(opened, channel = email, last 60 days) = 0": counted(email, *opened, 60) == 0,
        'messages(clicked, campaign "Campaign 3") >= 1': counted(november, *clicked, None) >= 1,
        'messages(clicked, tag = "Sale", last 200 days) >= 1': counted(tagged, *clicked, 200) >= 1,
        "messages(sent) = 0": counted(log, *sent, None) == 0,
        "messages(sent, last 90 days) between 2 and 4": counted(log, *sent, 90).between(2, 4),
        "messages(delivered, last 365 days) > 2": counted(log, *delivered, 365) > 2,
        "messages(failed, reason = hard_bounce) >= 1": counted(bounced, *failed, None) >= 1,
        "messages(skipped, last 30 days) >= 1 OR messages(failed, last 30 days) >= 1": (
            (counted(log, *skipped, 30) >= 1) | (counted(log, *failed, 30) >= 1)
        ),
        "messages(delivered, last 180 days) >= 2 AND NOT messages(opened, last 180 days) >= 1": (
            (counted(log, *delivered, 180) >= 2) & ~(counted(log, *opened, 180) >= 1)
        ),
    }


def to_rows(log: pd.DataFrame) -> Iterator[Doc]:
    """As the message log keeps them."""
    for row in log.to_dict("records"):
        campaign, customer = campaign_id(row["campaign"]), customer_id(row["customer"])
        kept: Doc = {"_id": row_id(campaign, customer), "campaign_id": campaign, "customer_id": customer}
        kept |= {"channel": row["channel"], "rank": RANKS.index(row["state"]), "created_at": row["created"]}
        kept |= {f"{step}_at": row[step] for step in STEPS if not pd.isna(row[step])}
        yield kept | ({"reason": row["reason"]} if isinstance(row["reason"], str) else {})


def customer_id(number: int) -> str:
    return f"customer-{number:07d}"


def campaign_id(number: int) -> str:
    return f"{number:032x}"


@pytest.fixture(scope="module")
def log() -> pd.DataFrame:
    return make_log()


@pytest.fixture(scope="module")
def stored(servers: Settings, log: pd.DataFrame) -> Iterator[Services]:
    with open_database(servers, TestClock(NOW)) as services:
        known = {"created_at": NOW, "updated_at": NOW, "versions": {"id": 1}}
        customers = (arrange({"_id": customer_id(number), **known}) for number in range(CUSTOMERS))
        for name, docs in (("customers", customers), ("messages", to_rows(log))):
            batch: list[Doc] = []
            for doc in docs:
                batch.append(doc)
                if len(batch) == BATCH:
                    services.db[name].insert_many(batch, ordered=False)
                    batch = []
            if batch:
                services.db[name].insert_many(batch, ordered=False)
        yield services


@pytest.fixture(scope="module")
def population(stored: Services) -> Population:
    loader = Loader(stored.db, BUILT_IN.fields, reads_sends=False, holds_messages=True)
    return Population(Version((Part.whole(loader.load_all()),)))


def bound(text: str) -> Bound:
    campaigns = {campaign_id(number): f"Campaign {number}" for number in range(CAMPAIGNS)}
    tags = {campaign_id(number): ["Sale"] for number in range(4)}
    context = RuleContext(NOW, 2, fold, campaigns=KnownCampaigns(campaigns, tags))
    return bind(parse_text(text, context), context)


@pytest.mark.parametrize("number", range(10))
def test_rules_on_engagement_find_whom_pandas_finds(
    stored: Services, population: Population, log: pd.DataFrame, number: int
) -> None:
    text, matching = list(expected(log).items())[number]
    ids = [customer_id(each) for each in np.flatnonzero(matching).tolist()]
    assert 0 < len(ids) < CUSTOMERS, "a rule that nobody or everybody fulfils shows nothing"
    rule = bound(text)
    in_memory = population.find(rule)
    assert population.first_ids(in_memory, CUSTOMERS) == ids
    stages = [*to_mongo(rule), {"$project": {"_id": 1}}]
    assert sorted(row["_id"] for row in stored.db.customers.aggregate(stages)) == ids
