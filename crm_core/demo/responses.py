"""What became of the messages of past campaigns, and what their readers ordered because of them.

The effect is drawn, and so is known: an order follows a click with ``ORDERS_AFTER[CLICKED]``, and so on; whoever is
held out orders as if there had been no campaign. What charts and intervals find can be held against it.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from crm_core.channels.channel import Channel
from crm_core.channels.registry import CHANNELS
from crm_core.demo.columns import Floats, Ints, People, Purchases
from crm_core.demo.past_campaigns import CAMPAIGNS, SEGMENTS, Known, PastCampaign
from crm_core.demo.refusing import REASONS, Refusing
from crm_core.demo.seasons import DAY_S, HOUR_S, ShopClock
from crm_core.schema.message_states import MessageState

NOBODY_OPENS: Final = (0.0, 0.0)
OPEN_CLICK: Final = {"email": (0.34, 0.16), "push": (0.17, 0.3), "in_app": (0.48, 0.14), "whatsapp": (0.68, 0.12)}
"""Of what was delivered the share that is opened, of that the share that is clicked; SMS does not tell."""
FAILURES: Final = {
    "email": (
        0.03,
        {"mailbox_full": 0.5, "mailbox_not_found": 0.38, "blocked_by_recipient": 0.09, "marked_as_spam": 0.03},
    ),
    "sms": (0.05, {"carrier_rejected": 0.5, "invalid_recipient": 0.4, "unsubscribed_at_carrier": 0.1}),
    "whatsapp": (0.04, {"invalid_recipient": 0.8, "blocked_by_recipient": 0.2}),
    "push": (0.08, {"invalid_recipient": 1.0}),
    "in_app": (0.004, {"invalid_recipient": 1.0}),
}
"""The share of messages that fail, and of these the share of each of the vendor's reasons."""
UNSUBSCRIBES: Final = 0.008
"""Of those who open a message with the link."""
ORDERS_AFTER: Final = {MessageState.CLICKED: 0.11, MessageState.OPENED: 0.018, MessageState.DELIVERED: 0.004}
"""Probability of one more order within a week or so, by how far a message got."""
MESSAGES_A_SECOND: Final = 40.0
NO_TIME: Final = 0


@dataclass(frozen=True, eq=False)
class Responses:
    """The messages of one campaign, one row each, by customer. Times in epoch seconds, 0 for what did not happen.

    state: rank. reason: into ``reasons``, -1 for none. variant: 0 or 1, -1 for none. unsubscribed_s: by the link.
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
    unsubscribed_s: Ints

    @property
    def blamed(self) -> Ints:
        """Places of the rows whose failure says that the address is to get no more over the channel."""
        meant = [place for place, reason in enumerate(self.reasons) if reason in self.channel.failures]
        return np.flatnonzero(np.isin(self.reason, meant))

    @property
    def unsubscribed(self) -> Ints:
        """Places of the rows of those who have."""
        return np.flatnonzero(self.unsubscribed_s)

    def reason_at(self, place: int) -> str:
        """Of a row that has one."""
        return self.reasons[int(self.reason[place])]

    @property
    def channel(self) -> Channel:
        return CHANNELS[self.campaign.channel]


def draw_responses(
    rng: np.random.Generator, people: People, purchases: Purchases, joined_s: Ints, clock: ShopClock
) -> tuple[list[Responses], Purchases, Ints]:
    """The year's campaigns, the purchases with those that followed from them, and consent as it is after all that.

    joined_s: of each customer.
    """
    drawn, refusing = [], Refusing(people)
    for campaign in CAMPAIGNS:
        start_s = (clock.end_s - campaign.days_ago * DAY_S) // DAY_S * DAY_S + campaign.hour * HOUR_S
        known = know(people, purchases, joined_s, start_s)
        made = _draw(rng, campaign, start_s, known, refusing, clock.end_s)
        purchases = _with_orders(rng, made, purchases, clock.end_s)
        _note_refusals(made, refusing)
        drawn.append(made)
    return drawn, purchases, refusing.consent


def _note_refusals(made: Responses, refusing: Refusing) -> None:
    """Later campaigns leave them out."""
    channel, gone = made.channel.name, made.customer_index[made.unsubscribed]
    refusing.suppress(channel, made.customer_index[made.blamed])
    if len(gone):
        refusing.suppress(channel, gone)
        refusing.deny(channel, gone)


def know(people: People, purchases: Purchases, joined_s: Ints, at_s: int) -> Known:
    count, earlier = len(people), purchases.at_s < at_s
    who, when = purchases.customer_index[earlier], purchases.at_s[earlier]
    first, last = np.full(count, np.inf), np.full(count, np.inf)
    days = (at_s - when) / DAY_S
    last[who] = days  # the later ones of a customer come later
    first[who[::-1]] = days[::-1]
    return Known(people, joined_s <= at_s, np.bincount(who, minlength=count), first, last)


def _draw(
    rng: np.random.Generator, campaign: PastCampaign, start_s: int, known: Known, refusing: Refusing, end_s: int
) -> Responses:
    """What readers have not done until ``end_s`` has not happened yet."""
    who = np.flatnonzero(SEGMENTS[campaign.segment].holds(known) & known.has_joined)
    count = len(who)
    failing, shares = FAILURES[campaign.channel]
    reason = refusing.reason(campaign.channel, who)
    gets_one = reason < 0
    is_held = gets_one & (rng.random(count) < campaign.holdout_percent / 100)
    is_sent = gets_one & ~is_held
    variant = np.where(is_sent, rng.integers(0, 2, count), -1) if campaign.other else np.full(count, -1)
    fails = is_sent & (rng.random(count) < failing)
    drawn_reason = rng.choice(len(shares), size=count, p=list(shares.values()))
    reason = np.where(fails, len(REASONS) + drawn_reason, reason)
    opens, clicks = OPEN_CLICK.get(campaign.channel, NOBODY_OPENS)
    appeal = campaign.appeal * np.where(variant == 1, campaign.other[1] if campaign.other else 1.0, 1.0)
    sent_s = start_s + 2 + (np.cumsum(is_sent) / MESSAGES_A_SECOND).astype(np.int64)
    ended_s = sent_s + rng.integers(1, 40, count)
    opened_s = ended_s + _delay(rng, count, hours=3.0)
    clicked_s = opened_s + rng.integers(5, 400, count)
    gone_s = clicked_s + rng.integers(5, 400, count)
    opened = is_sent & ~fails & (rng.random(count) < np.minimum(opens * appeal, 0.95)) & (opened_s < end_s)
    clicked = opened & (rng.random(count) < np.minimum(clicks * appeal, 0.95)) & (clicked_s < end_s)
    has_link = CHANNELS[campaign.channel].needs_unsubscribe
    gone = opened & (rng.random(count) < UNSUBSCRIBES * has_link) & (gone_s < end_s)
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
        (*REASONS, *shares),
        variant,
        np.where(is_sent, sent_s, NO_TIME),
        np.where(is_sent, ended_s, NO_TIME),
        np.where(opened, opened_s, NO_TIME),
        np.where(clicked, clicked_s, NO_TIME),
        np.where(gone, gone_s, NO_TIME),
    )


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
