"""The campaigns of the demo shop's last year: to whom, over which channel, and what they said."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from crm_core.demo.columns import Bools, Floats, Ints, People
from crm_core.demo.places import COUNTRIES, COUNTRY_OF_CITY

Rule = Mapping[str, Any]
LAPSED_DAYS, NEW_DAYS, OFTEN = 90, 60, 3


@dataclass(frozen=True)
class Known:
    """What the shop knew at a time: one row per customer; days are infinite for who has no order.

    has_joined: whether it knew them at all.
    """

    people: People
    has_joined: Bools
    orders: Ints
    since_first_days: Floats
    since_last_days: Floats


@dataclass(frozen=True)
class PastSegment:
    """rule: as it is saved. holds: who was in it at a time."""

    name: str
    rule: Rule
    holds: Callable[[Known], Bools]


@dataclass(frozen=True)
class PastCampaign:
    """days_ago: when it started. hour: of UTC. segment: into SEGMENTS. appeal: factor on how many open and click.

    other: another text to try against, of the subject where there is one, else of the message; its appeal follows.
    """

    days_ago: int
    hour: int
    name: str
    channel: str
    segment: str
    message: str
    subject: str | None = None
    other: tuple[str, float] | None = None
    appeal: float = 1.0
    holdout_percent: float = 0.0
    tags: tuple[str, ...] = ()


def _field(field: str, op: str, value: Any) -> Rule:
    return {"kind": "field", "field": field, "op": op, "value": value}


def _lives_in(country: str) -> Callable[[Known], Bools]:
    place = [each.name for each in COUNTRIES].index(country)
    return lambda known: np.equal(COUNTRY_OF_CITY[known.people.city_index], place)


SEGMENTS = {
    "everyone": PastSegment("All customers", {"kind": "all", "rules": []}, lambda known: known.has_joined),
    "loyal": PastSegment("Loyalty members", _field("loyalty_member", "is", True), lambda known: known.people.is_loyal),
    "often": PastSegment(
        "Ordered 3 times or more", _field("order_count", "gte", OFTEN), lambda known: known.orders >= OFTEN
    ),
    "lapsed": PastSegment(
        "Lapsed for 90 days",
        _field("last_order_at", "more_than_days_ago", LAPSED_DAYS),
        lambda known: (known.orders > 0) & (known.since_last_days > LAPSED_DAYS),
    ),
    "new": PastSegment(
        "New in 60 days",
        _field("first_order_at", "in_last_days", NEW_DAYS),
        lambda known: known.since_first_days <= NEW_DAYS,
    ),
    "india": PastSegment("India", _field("country", "in", ["India"]), _lives_in("India")),
    "students": PastSegment("Students", _field("tags", "has_any", ["student"]), lambda known: known.people.is_student),
}
_MAILED: Rule = {"kind": "messages", "channel": "email", "within_days": 90}
ENGAGEMENT: Mapping[str, Rule] = {
    "Opened an e-mail in 90 days": {**_MAILED, "state": "opened", "op": "gte", "value": 1},
    "Got e-mails, opened none in 90 days": {
        "kind": "all",
        "rules": [
            {**_MAILED, "state": "delivered", "op": "gte", "value": 1},
            {**_MAILED, "state": "opened", "op": "eq", "value": 0},
        ],
    },
}
"""Segments by what became of the campaigns: name to rule."""
HI = "Hi {{ customer.first_name | default: 'there' }}, "
CAMPAIGNS = (
    PastCampaign(
        350, 16, "Winter clearance", "email", "everyone",
        HI + "the winter shelves are being cleared: up to 40 % off until Sunday.",
        "Winter clearance, {{ customer.first_name | default: 'for you' }}", tags=("sale",),
    ),
    PastCampaign(
        322, 9, "Thank you, members", "in_app", "loyal",
        HI + "thank you for another year with us. Your points doubled.", tags=("loyalty",), appeal=1.2,
    ),
    PastCampaign(
        301, 17, "Spring arrivals", "email", "often", HI + "the spring range is in, picked by what you liked before.",
        "What is new this spring", other=("{{ customer.first_name | default: 'You' }}, spring is here", 1.25),
        tags=("season",),
    ),
    PastCampaign(274, 11, "Back in stock", "sms", "often", HI + "what was sold out is back.", tags=("service",)),
    PastCampaign(
        251, 15, "We miss you", "email", "lapsed",
        HI + "it has been a while. Here is 10 % for your next order, good for a week.",
        "We miss you, {{ customer.first_name | default: 'friend' }}", holdout_percent=10, tags=("win-back",),
    ),
    PastCampaign(
        229, 13, "Monsoon essentials", "whatsapp", "india", HI + "be ready for the rain: our monsoon picks.",
        tags=("season", "india"),
    ),
    PastCampaign(
        203, 16, "Summer sale", "email", "everyone", HI + "summer sale: from today, while it lasts.",
        "Summer sale starts today", tags=("sale",), appeal=1.1,
    ),
    PastCampaign(
        188, 10, "App: early access", "push", "loyal", "Early access to the sale, for you alone.",
        "{{ customer.first_name | default: 'Hello' }}, you are first", tags=("sale", "loyalty"), appeal=1.3,
    ),
    PastCampaign(
        160, 12, "Welcome to the shop", "email", "new",
        HI + "thank you for your first order. Three things our customers like next.",
        "Nice to meet you", other=("{{ customer.first_name | default: 'You' }}, what comes next?", 0.8),
        tags=("lifecycle",), appeal=1.3,
    ),
    PastCampaign(
        139, 14, "Back to campus", "in_app", "students", HI + "student prices until the term begins.", tags=("season",)
    ),
    PastCampaign(
        118, 15, "Win-back, autumn", "email", "lapsed", HI + "we put something aside for you: 15 % until Friday.",
        "Something is waiting for you", holdout_percent=10, tags=("win-back",), appeal=0.9,
    ),
    PastCampaign(
        96, 12, "Festival of lights", "whatsapp", "india", HI + "gifts by price for the festival.", tags=("festival",),
        appeal=1.2,
    ),
    PastCampaign(
        74, 17, "New in autumn", "email", "often", HI + "the autumn range, picked by what you liked before.",
        "Autumn, picked for you", tags=("season",),
    ),
    PastCampaign(
        60, 11, "Size guide", "sms", "new", HI + "questions about your order? Just answer.", tags=("service",),
    ),
    PastCampaign(
        45, 16, "Members' week", "email", "loyal", HI + "a week of double points begins today.",
        "Double points, all week", other=("{{ customer.first_name | default: 'Hello' }}, a week for members", 1.2),
        holdout_percent=5, tags=("loyalty",), appeal=1.15,
    ),
    PastCampaign(
        31, 9, "Flash sale", "push", "often", "24 hours, a third off.", "Flash sale", tags=("sale",)
    ),
    PastCampaign(
        17, 15, "Win-back, latest", "email", "lapsed", HI + "10 % for your next order, good for two weeks.",
        "{{ customer.first_name | default: 'Hello' }}, 10 % for you",
        holdout_percent=10, tags=("win-back",),
    ),
    PastCampaign(
        4, 16, "Gifts by price", "email", "everyone", HI + "gifts under 20, 50 and 100, ready to send.",
        "Gifts by price", other=("{{ customer.first_name | default: 'You' }}, gifts are easy", 1.15),
        tags=("season",), appeal=1.1,
    ),
)  # fmt: skip
"""The oldest first."""
