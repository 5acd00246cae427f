"""What the shop knows of its customers from their orders: visits, carts, tags."""

import numpy as np

from crm_core.demo.baskets import CANCELLED, REFUNDED
from crm_core.demo.catalogue import PRICES_MINOR, PRODUCTS_PER_CATEGORY
from crm_core.demo.columns import Baskets, Bools, Habits, Ints, People, Purchases
from crm_core.demo.consent import EMAIL, STATES
from crm_core.demo.seasons import DAY_S, ShopClock

VIP_SHARE = 0.04
EARLY_S = 45 * DAY_S
RECENT_S = 60 * DAY_S
NEWSLETTER_SHARE = 0.6  # of those who agreed to e-mail
TRACKED_SHARE = 0.82  # the others refuse cookies: hardly a visit is seen
VISITS_PER_ORDER = 1.8
CART_SHARES = {"no order": 0.24, "recent": 0.13, "other": 0.08}
NO_TASTE_SHARE = 0.3  # of those without an order: no preferred category is known


def draw_habits(
    rng: np.random.Generator, people: People, purchases: Purchases, baskets: Baskets, clock: ShopClock
) -> Habits:
    """Derive each customer's habits; a cancelled or refunded order counts nowhere."""
    count = len(people)
    valid = ~np.isin(baskets.status_index, (CANCELLED, REFUNDED))
    net = (baskets.amount_minor - baskets.refunded_minor)[valid]
    customer, at_s = purchases.customer_index[valid], purchases.at_s[valid]
    orders = np.bincount(customer, minlength=count)
    spend = np.bincount(customer, weights=net, minlength=count)
    recent = np.bincount(customer[at_s >= clock.end_s - RECENT_S], minlength=count) > 0
    early = np.bincount(customer[at_s < clock.start_s + EARLY_S], minlength=count) > 0
    agrees = people.consent[:, EMAIL] == STATES.index("granted")
    return Habits(
        visits=draw_visits(rng, orders),
        cart_minor=draw_carts(rng, people, orders, recent),
        knows_category=(orders > 0) | (rng.random(count) >= NO_TASTE_SHARE),
        is_vip=(spend > 0) & (spend >= np.quantile(spend, 1 - VIP_SHARE)),
        is_early=early,
        is_newsletter=agrees & (rng.random(count) < NEWSLETTER_SHARE),
    )


def draw_visits(rng: np.random.Generator, orders: Ints) -> Ints:
    """Draw visits to the shop: some for each order, some just to look."""
    seen = rng.poisson(orders * VISITS_PER_ORDER + rng.gamma(1.0, 2.5, len(orders)))
    unseen = rng.binomial(2, 0.4, len(orders))
    return np.where(rng.random(len(orders)) < TRACKED_SHARE, seen, unseen)


def draw_carts(rng: np.random.Generator, people: People, orders: Ints, recent: Bools) -> Ints:
    """Draw the value of the abandoned cart in minor units, 0 for none: pieces of the preferred category."""
    share = np.where(recent, CART_SHARES["recent"], CART_SHARES["other"])
    share = np.where(orders == 0, CART_SHARES["no order"], share)
    product = rng.integers(0, PRODUCTS_PER_CATEGORY, len(orders))
    value = PRICES_MINOR[people.category_index, product] * rng.integers(1, 4, len(orders))
    return np.where(rng.random(len(orders)) < share, value, 0)
