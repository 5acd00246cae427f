"""What each purchase holds: category, products, pieces, prices, and how far its delivery is."""

import numpy as np

from crm_core.demo.catalogue import (
    EXTRA_LINES,
    EXTRA_QUANTITY,
    PRICES_MINOR,
    PRODUCTS_PER_CATEGORY,
    SEASONS,
    SHARES,
)
from crm_core.demo.columns import Baskets, Ints, People, Purchases
from crm_core.demo.seasons import DAY_S, month_of

STATUSES = ("pending", "confirmed", "shipped", "delivered", "cancelled", "refunded")
DELIVERED, CANCELLED, REFUNDED = (STATUSES.index(name) for name in ("delivered", "cancelled", "refunded"))
CANCELLED_SHARE = 0.03
REFUNDED_SHARE, PARTLY_REFUNDED_SHARE = 0.01, 0.03  # of what was delivered
STATUS_BY_AGE = (
    # age below, in days; cumulative shares of pending, confirmed, shipped, delivered
    (0.5, (0.70, 1.00, 1.00, 1.0)),
    (1.5, (0.15, 0.75, 0.99, 1.0)),
    (3.0, (0.02, 0.20, 0.85, 1.0)),
    (7.0, (0.00, 0.03, 0.30, 1.0)),
    (14.0, (0.00, 0.00, 0.04, 1.0)),
    (np.inf, (0.00, 0.00, 0.00, 1.0)),
)

PREFERENCE = 6.0  # how much likelier the preferred category is than its share says
MAX_LINES = 6
DISCOUNT_PERCENT, DISCOUNT_SHARES = (0, 5, 10, 15, 20), (0.76, 0.06, 0.09, 0.05, 0.04)
LOG_POPULARITY = -1.6 * np.log(np.arange(PRODUCTS_PER_CATEGORY) + 1.0)  # the first in the table sell best
WHOLESALE_BELOW_MINOR = 10_000  # wholesale customers take cases of what is cheap, not of laptops


def fill_baskets(
    rng: np.random.Generator, for_refunds: np.random.Generator, people: People, purchases: Purchases, end_s: int
) -> Baskets:
    """Fill the basket of each purchase; the amount is the exact sum of price × quantity over its lines."""
    category = draw_categories(rng, people, purchases)
    counts = 1 + np.minimum(rng.poisson(EXTRA_LINES[category]), MAX_LINES - 1)
    first_line = np.concatenate(([0], np.cumsum(counts)))
    order = np.repeat(np.arange(len(purchases)), counts)
    product = draw_products(rng, first_line, order)
    price = draw_prices(rng, category, product, order)
    quantity = 1 + rng.poisson(EXTRA_QUANTITY[category[order]])
    in_cases = people.is_wholesale[purchases.customer_index][order] & (price < WHOLESALE_BELOW_MINOR)
    quantity = np.where(in_cases, quantity * rng.integers(4, 13, len(order)), quantity)
    totals = np.concatenate(([0], np.cumsum(price * quantity)))
    amount = totals[first_line[1:]] - totals[first_line[:-1]]
    of_first_line = totals[first_line[:-1] + 1] - totals[first_line[:-1]]
    status, refunded = draw_refunds(
        for_refunds,
        draw_statuses(rng, end_s - purchases.at_s),
        amount,
        np.where(counts > 1, of_first_line, amount // 2),
    )
    return Baskets(
        category_index=category,
        status_index=status,
        amount_minor=amount,
        refunded_minor=refunded,
        first_line=first_line,
        line_product=product,
        line_quantity=quantity,
        line_price_minor=price,
    )


def draw_categories(rng: np.random.Generator, people: People, purchases: Purchases) -> Ints:
    """Draw each order's category by its share, the month and what the customer likes best."""
    weights = SHARES * SEASONS[month_of(purchases.at_s // DAY_S) - 1]
    rows = np.arange(len(purchases))
    weights[rows, people.category_index[purchases.customer_index]] *= PREFERENCE
    cumulative = np.cumsum(weights, axis=1)
    drawn = rng.random(len(purchases)) * cumulative[:, -1]
    category: Ints = (cumulative <= drawn[:, np.newaxis]).sum(axis=1)
    return np.minimum(category, len(SHARES) - 1)


def draw_products(rng: np.random.Generator, first_line: Ints, order: Ints) -> Ints:
    """Draw the product of each line by popularity, none twice in an order.

    Source: the Gumbel top-k trick: sorting log weights plus Gumbel noise draws without replacement.
    """
    orders = len(first_line) - 1
    keys = LOG_POPULARITY + rng.gumbel(size=(orders, PRODUCTS_PER_CATEGORY))
    ranking = np.argsort(-keys, axis=1)[:, :MAX_LINES]
    place = np.arange(len(order)) - first_line[order]
    product: Ints = ranking[order, place]
    return product


def draw_prices(rng: np.random.Generator, category: Ints, product: Ints, order: Ints) -> Ints:
    """List prices in minor units, less the discount that some orders get."""
    discount = rng.choice(DISCOUNT_PERCENT, size=len(category), p=DISCOUNT_SHARES)
    price: Ints = (PRICES_MINOR[category[order], product] * (100 - discount[order]) + 50) // 100
    return price


def draw_statuses(rng: np.random.Generator, age_s: Ints) -> Ints:
    """Draw how far each order is, by its age; a few of any age are cancelled."""
    limits = np.array([days * DAY_S for days, _ in STATUS_BY_AGE])
    steps = np.array([shares for _, shares in STATUS_BY_AGE])[np.searchsorted(limits, age_s, side="right")]
    status: Ints = (steps <= rng.random(len(age_s))[:, np.newaxis]).sum(axis=1)
    return np.where(rng.random(len(age_s)) < CANCELLED_SHARE, CANCELLED, status)


def draw_refunds(rng: np.random.Generator, status: Ints, amount: Ints, part: Ints) -> tuple[Ints, Ints]:
    """Refund some of what was delivered: wholly, which is a status of its own, or ``part`` of the amount."""
    luck = rng.random(len(status))
    is_whole = (status == DELIVERED) & (luck < REFUNDED_SHARE)
    is_partly = (status == DELIVERED) & ~is_whole & (luck < REFUNDED_SHARE + PARTLY_REFUNDED_SHARE)
    refunded = np.where(is_whole, amount, np.where(is_partly, part, 0))
    return np.where(is_whole, REFUNDED, status), refunded
