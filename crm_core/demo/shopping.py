"""Who buys how often: the BG/NBD model of buying and dropping out.

Source: Fader, Hardie, Lee (2005), "Counting Your Customers the Easy Way": customers buy at a
gamma-distributed rate; after each purchase they leave for good with a beta-distributed probability.
"""

import numpy as np

from crm_core.demo.columns import Floats, Ints, People, Purchases
from crm_core.demo.seasons import DAY_S, ShopClock

BUYER_SHARE = 0.88
RATE_SHAPE = 0.56
RATE_PER_DAY = 1 / 30  # mean
DROPOUT_ALPHA, DROPOUT_BETA = 0.8, 2.3
LOYAL_RATE, LOYAL_DROPOUT = 1.5, 0.6  # factors for loyalty members
FASTEST_PER_DAY = 0.11

LAUNCH_SHARE, LAUNCH_DAYS = 0.08, 30.0  # who came in the first weeks, exponentially
SIGNUP_LEAD_DAYS = 4.0
GROWTH = 1.2  # sign-ups a day at the end of the window, over those at its start, less one


def draw_purchases(rng: np.random.Generator, people: People, clock: ShopClock) -> Purchases:
    """Draw the purchases, customer by customer, each oldest first; those who are no buyers have none."""
    buyers = np.flatnonzero(rng.random(len(people)) < BUYER_SHARE)
    rates, dropouts = draw_habits(rng, people)
    first = clock.to_shop_days(draw_joining(rng, clock, len(buyers)))
    who, when = draw_repeats(rng, buyers, first, rates, dropouts, float(clock.to_shop_days(np.array(clock.end_s))))
    at_s = clock.to_calendar_s(when)
    order = np.lexsort((at_s, who))
    return Purchases(who[order], at_s[order])


def draw_signups(rng: np.random.Generator, purchases: Purchases, clock: ShopClock, count: int) -> Ints:
    """Draw when each of ``count`` customers became known, in epoch seconds: buyers up to some days before their first
    order, the others at any time."""
    at_s = draw_joining(rng, clock, count).astype(np.int64)
    lead_s = (rng.exponential(SIGNUP_LEAD_DAYS, count) * DAY_S).astype(np.int64)
    who, first = np.unique(purchases.customer_index, return_index=True)
    at_s[who] = purchases.at_s[first] - lead_s[who]
    return np.clip(at_s, clock.start_s, clock.end_s)


def draw_habits(rng: np.random.Generator, people: People) -> tuple[Floats, Floats]:
    """Draw purchases per shop day and the probability of leaving after each, one row per customer."""
    rates = rng.gamma(RATE_SHAPE, RATE_PER_DAY / RATE_SHAPE, len(people))
    dropouts = rng.beta(DROPOUT_ALPHA, DROPOUT_BETA, len(people))
    rates = np.where(people.is_loyal, rates * LOYAL_RATE, rates)
    dropouts = np.where(people.is_loyal, dropouts * LOYAL_DROPOUT, dropouts)
    return np.clip(rates, 1e-9, FASTEST_PER_DAY), dropouts


def draw_joining(rng: np.random.Generator, clock: ShopClock, count: int) -> Floats:
    """Draw the seconds of first purchases: a launch, then growth, both with the seasons of the shop."""
    age_days = (clock.edge_s[:-1] - clock.start_s) / DAY_S
    share_of_window = age_days / age_days[-1]
    trend = 1 + GROWTH * share_of_window
    launch = np.exp(-np.maximum(age_days, 0) / LAUNCH_DAYS)
    density = (1 - LAUNCH_SHARE) * trend / trend.sum() + LAUNCH_SHARE * launch / launch.sum()
    mass = np.concatenate(([0.0], np.cumsum(density * np.diff(clock.edge_shop_days))))
    at_s: Floats = np.interp(rng.random(count) * mass[-1], mass, clock.edge_s)
    return np.clip(at_s, float(clock.start_s), float(clock.end_s))


def draw_repeats(
    rng: np.random.Generator, who: Ints, first: Floats, rates: Floats, dropouts: Floats, end: float
) -> tuple[Ints, Floats]:
    """Let each of ``who`` buy at ``first`` and then again and again until they leave or the window ends.

    Times are shop days. Returns customers and times of all purchases, round by round.
    """
    found_who, found_when = [who], [first]
    when = first
    while len(who):
        stays = rng.random(len(who)) >= dropouts[who]
        who, when = who[stays], when[stays]
        when = when + rng.exponential(1.0, len(who)) / rates[who]
        in_time = when < end
        who, when = who[in_time], when[in_time]
        found_who.append(who)
        found_when.append(when)
    return np.concatenate(found_who), np.concatenate(found_when)
