"""Insights in the core: each question over 1,000,000 customers, 5,000,000 orders and 2,000,000 messages in memory."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from benchmarks.columns import CUSTOMERS, NOW, NOW_MS, YEARS_MS, coded, make_columns
from benchmarks.report import median_of, time_of
from crm_core.audience.reach import LAYOUT
from crm_core.audience.snapshot.ids import IdTable
from crm_core.audience.snapshot.shard import Sends, Shard
from crm_core.insights.facts import FactPart, Facts
from crm_core.insights.periods import Period
from crm_core.insights.question import Asked, Choice, LaunchedCampaign, OfField, Question, Whole
from crm_core.insights.registry import QUESTIONS
from crm_core.rules.engines.columns import Columns, Messages, Numbers
from crm_core.rules.engines.encoding_messages import arrange_messages
from crm_core.schema.message_states import MessageState

MESSAGES, CAMPAIGNS = 2_000_000, 50
ZONE = ZoneInfo("Asia/Kolkata")
RUNS = 5
IDS = [f"c{number:07}" for number in range(CUSTOMERS)]
CAMPAIGN = LaunchedCampaign(
    "campaign 1",
    "Spring",
    "email",
    NOW_MS - 30 * 86_400_000,
    lambda: {MessageState.DELIVERED: 12_000, MessageState.OPENED: 2_703},
    {name: {MessageState.DELIVERED: 4_000, MessageState.OPENED: 900 + place} for place, name in enumerate("ABC")},
    lambda: IDS[::10],
)
COMPARED = [
    replace(CAMPAIGN, id=f"campaign {place}", name=f"Campaign {place}", held_out=lambda: IDS[::100])
    for place in range(5)
]
GOAL_MS = 300


def run(_: Path) -> None:
    columns = _with_messages(make_columns())
    shard = Shard(columns, IdTable.of(IDS), np.empty(0, dtype=LAYOUT.dtype), _no_sends())
    facts = Facts([FactPart(shard, np.ones(CUSTOMERS, dtype=bool))], ZONE, NOW.date())
    for days in (30, 365):
        period = Period(NOW.date() - timedelta(days=days - 1), NOW.date())
        print(f"{days} days, {CUSTOMERS:,} customers, {columns.orders.times.size:,} orders, {MESSAGES:,} messages:")
        for question in QUESTIONS.values():
            asked = _asked(question, period)
            question.answer(facts, asked)
            took_ms = median_of(lambda question=question, asked=asked: question.answer(facts, asked), runs=RUNS) * 1000  # type: ignore[misc]
            print(f"  {question.name:22s} {took_ms:8.1f} ms   goal < {GOAL_MS} ms")
    _beside_pandas(facts, columns)


def _beside_pandas(facts: Facts, columns: Columns) -> None:
    question, period = QUESTIONS["revenue_by_month"], Period(date(2025, 7, 1), NOW.date())
    ours = median_of(lambda: question.answer(facts, _asked(question, period)), runs=RUNS)
    orders = pd.DataFrame({"at": pd.to_datetime(columns.orders.times, unit="ms", utc=True), "net": columns.orders.nets})

    def bare() -> Any:
        local = orders["at"].dt.tz_convert(ZONE)
        return orders.net.groupby([local.dt.year, local.dt.month]).sum()

    theirs = time_of(bare)
    print(f"revenue by month: {ours * 1000:.1f} ms, bare pandas {theirs * 1000:.1f} ms, ratio {ours / theirs:.2f}")


def _asked(question: Question, period: Period) -> Asked:
    values = {each.name: each.default for each in question.parameters if isinstance(each, Choice | OfField | Whole)}
    return Asked(period, values, 5, "opened", 2, campaign=CAMPAIGN, campaigns=COMPARED)


def _with_messages(columns: Columns) -> Columns:
    """The last year's, and first orders up to a year before the last ones."""
    random = np.random.default_rng(3)
    last = columns.fields["last_order_at"]
    assert isinstance(last, Numbers)
    first = Numbers(last.values - random.integers(0, YEARS_MS // 2, CUSTOMERS), last.present)
    return replace(columns, messages=_messages(random), fields={**columns.fields, "first_order_at": first})


def _messages(random: np.random.Generator) -> Messages:
    times = np.sort(NOW_MS - random.integers(0, YEARS_MS // 2, MESSAGES))
    ranks = random.choice(np.arange(1, 7, dtype=np.int8), MESSAGES, p=[0.05, 0.05, 0.5, 0.25, 0.1, 0.05])
    ended = times + random.integers(1_000, 60_000, MESSAGES)
    opened = ended + random.integers(1_000, 86_400_000, MESSAGES)
    clicked = opened + random.integers(1_000, 600_000, MESSAGES)
    values = (["email", "sms"], [f"campaign {n}" for n in range(CAMPAIGNS)], ["no_consent"])
    texts = [coded(random, each, MESSAGES) for each in values]
    customers = random.integers(0, CUSTOMERS, MESSAGES, dtype=np.int32)
    return arrange_messages(customers, times, ranks, texts, ended, opened, clicked)


def _no_sends() -> Sends:
    whole = np.empty(0, dtype=np.int64)
    return Sends(np.empty(0, dtype=np.int32), whole, np.empty(0, dtype=np.int8))
