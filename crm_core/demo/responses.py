"""What became of the messages of past campaigns, and what their readers ordered because of them.

The effect is drawn, and so is known: an order follows a click with ``ORDERS_AFTER[CLICKED]``, and so on; whoever is
held out orders as if there had been no campaign. What charts and intervals find can be held against it.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from crm_core.channels.registry import CHANNELS
from crm_core.demo.columns import Bools, Floats, Ints, People, Purchases
from crm_core.demo.consent import ASKED, STATES
from crm_core.demo.past_campaigns import CAMPAIGNS, SEGMENTS, Known, PastCampaign
from crm_core.demo.seasons import DAY_S, HOUR_S, ShopClock
from crm_core.schema.message_states import MessageState

NOBODY_OPENS: Final = (0.0, 0.0)
OPEN_CLICK: Final = {"email": (0.34, 0.16), "push": (0.17, 0.3), "in_app": (0.48, 0.14), "whatsapp": (0.68, 0.12)}
"""Of what was delivered the share that is opened, of that the share that is clicked; SMS does not tell."""
FAILURES: Final = {
    "email": (0.03, ("mailbox_not_found", "mailbox_full", "blocked_by_recipient", "marked_as_spam")),
    "sms": (0.05, ("carrier_rejected", "invalid_recipient", "unsubscribed_at_carrier")),
    "whatsapp": (0.04, ("invalid_recipient", "blocked_by_recipient")),
    "push": (0.08, ("invalid_recipient",)),
    "in_app": (0.004, ("invalid_recipient",)),
}
ORDERS_AFTER: Final = {MessageState.CLICKED: 0.11, MessageState.OPENED: 0.018, MessageState.DELIVERED: 0.004}
"""Probability of one more order within a week or so, by how far a message got."""
MESSAGES_A_SECOND: Final = 40.0
NO_TIME: Final = 0


@dataclass(frozen=True, eq=False)
class Responses:
    """The messages of one campaign, one row each, by customer. Times in epoch seconds, 0 for what did not happen.

    state: rank. reason: into ``reasons``, -1 for none. variant: 0 or 1, -1 for none.
    """

    campaign: PastCampaign
    start_s: int
    customer_index: Ints
    state: Ints
    reason: Ints
    reasons: tuple[str, ...]
    variant: Ints
    sent_s: Ints
    ended_s: Ints
    opened_s: Ints
    clicked_s: Ints


def draw_responses(
    rng: np.random.Generator, people: People, purchases: Purchases, joined_s: Ints, clock: ShopClock
) -> tuple[list[Responses], Purchases]:
    """The year's campaigns, and the purchases with those that followed from them. joined_s: of each customer."""
    drawn = []
    for campaign in CAMPAIGNS:
        start_s = (clock.end_s - campaign.days_ago * DAY_S) // DAY_S * DAY_S + campaign.hour * HOUR_S
        made = _draw(rng, campaign, start_s, know(people, purchases, joined_s, start_s))
        purchases = _with_orders(rng, made, purchases, clock.end_s)
        drawn.append(made)
    return drawn, purchases


def know(people: People, purchases: Purchases, joined_s: Ints, at_s: int) -> Known:
    count, earlier = len(people), purchases.at_s < at_s
    who, when = purchases.customer_index[earlier], purchases.at_s[earlier]
    first, last = np.full(count, np.inf), np.full(count, np.inf)
    days = (at_s - when) / DAY_S
    last[who] = days  # the later ones of a customer come later
    first[who[::-1]] = days[::-1]
    return Known(people, joined_s <= at_s, np.bincount(who, minlength=count), first, last)


def _draw(rng: np.random.Generator, campaign: PastCampaign, start_s: int, known: Known) -> Responses:
    who = np.flatnonzero(SEGMENTS[campaign.segment].holds(known) & known.has_joined)
    people, count = known.people, len(who)
    failing, reasons = FAILURES[campaign.channel]
    all_reasons = ("no_consent", "no_address", *reasons)
    denied, unreachable = _refused(people, campaign.channel)
    reason = np.where(denied[who], 0, np.where(unreachable[who], 1, -1))
    gets_one = reason < 0
    is_held = gets_one & (rng.random(count) < campaign.holdout_percent / 100)
    is_sent = gets_one & ~is_held
    variant = np.where(is_sent, rng.integers(0, 2, count), -1) if campaign.other else np.full(count, -1)
    fails = is_sent & (rng.random(count) < failing)
    reason = np.where(fails, 2 + rng.integers(0, len(reasons), count), reason)
    opens, clicks = OPEN_CLICK.get(campaign.channel, NOBODY_OPENS)
    appeal = campaign.appeal * np.where(variant == 1, campaign.other[1] if campaign.other else 1.0, 1.0)
    opened = is_sent & ~fails & (rng.random(count) < np.minimum(opens * appeal, 0.95))
    clicked = opened & (rng.random(count) < np.minimum(clicks * appeal, 0.95))
    sent_s = start_s + 2 + (np.cumsum(is_sent) / MESSAGES_A_SECOND).astype(np.int64)
    ended_s = sent_s + rng.integers(1, 40, count)
    opened_s = ended_s + _delay(rng, count, hours=3.0)
    clicked_s = opened_s + rng.integers(5, 400, count)
    reached = {
        MessageState.CLICKED: clicked,
        MessageState.OPENED: opened,
        MessageState.FAILED: fails,
        MessageState.DELIVERED: is_sent,
        MessageState.HELD_OUT: is_held,
    }
    state = np.select(list(reached.values()), [each.rank for each in reached], MessageState.SKIPPED.rank)
    return Responses(
        campaign,
        start_s,
        who,
        state,
        reason,
        all_reasons,
        variant,
        np.where(is_sent, sent_s, NO_TIME),
        np.where(is_sent, ended_s, NO_TIME),
        np.where(opened, opened_s, NO_TIME),
        np.where(clicked, clicked_s, NO_TIME),
    )


def _refused(people: People, channel: str) -> tuple[Bools, Bools]:
    """Who said no to the channel, and who has no address for it."""
    nobody = np.zeros(len(people), dtype=np.bool_)
    denied = people.consent[:, list(ASKED).index(channel)] == STATES.index("denied") if channel in ASKED else nobody
    match CHANNELS[channel].address:
        case "email":
            return denied, ~people.has_email
        case "phone":
            return denied, ~people.has_phone
        case None:
            return denied, nobody
        case _:
            return denied, ~people.has_app


def _delay(rng: np.random.Generator, count: int, *, hours: float) -> Ints:
    """Seconds: half within ``hours``, a few days later."""
    delays: Floats = rng.lognormal(np.log(hours * HOUR_S), 1.3, count)
    return np.minimum(delays, 6.0 * DAY_S).astype(np.int64)


def _with_orders(rng: np.random.Generator, made: Responses, purchases: Purchases, end_s: int) -> Purchases:
    """One more purchase by some of its readers."""
    chances = np.zeros(len(MessageState))
    for state, chance in ORDERS_AFTER.items():
        chances[state.rank] = chance
    follows = rng.random(len(made.state)) < chances[made.state]
    seen_s = np.maximum(made.ended_s, np.maximum(made.opened_s, made.clicked_s))[follows]
    at_s = seen_s + _delay(rng, len(seen_s), hours=14.0)
    in_time = at_s < end_s
    who = np.concatenate([purchases.customer_index, made.customer_index[follows][in_time]])
    when = np.concatenate([purchases.at_s, at_s[in_time]])
    order = np.lexsort((when, who))
    return Purchases(who[order], when[order])
