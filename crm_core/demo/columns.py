"""The demo shop as columns: one array per property, one row per customer, order or order line."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class People:
    """Who the customers are, before they buy. One row per customer; *_index points into a table."""

    city_index: Ints  # into places.CITIES
    given_index: Ints  # into names.GIVEN
    family_index: Ints  # into names.FAMILY
    email_style: Ints
    email_domain: Ints
    phone_number: Ints  # 0..1_999_999, no two alike
    category_index: Ints  # into catalogue.CATEGORIES, what the customer likes best
    signup_channel: Ints
    birthday_month: Ints  # 1..12, 0 unknown
    language_index: Ints  # into the languages of the customer's country
    consent: Ints  # shape (customers, channels), into consent.STATES
    has_name: Bools
    has_email: Bools
    has_phone: Bools
    has_city: Bools
    has_app: Bools  # and with it a push token
    is_loyal: Bools
    is_wholesale: Bools
    is_student: Bools

    def __len__(self) -> int:
        return len(self.city_index)


@dataclass(frozen=True, eq=False)
class Purchases:
    """Who bought when, grouped by customer, each oldest first."""

    customer_index: Ints
    at_s: Ints  # epoch seconds, UTC

    def __len__(self) -> int:
        return len(self.at_s)


@dataclass(frozen=True, eq=False)
class Baskets:
    """What each purchase held. Lines of order ``i`` are rows ``first_line[i]:first_line[i + 1]``."""

    category_index: Ints
    status_index: Ints  # into baskets.STATUSES
    amount_minor: Ints
    refunded_minor: Ints
    first_line: Ints  # orders + 1 rows
    line_product: Ints  # product of the order's category
    line_quantity: Ints
    line_price_minor: Ints  # of one piece


@dataclass(frozen=True, eq=False)
class Habits:
    """What follows from the orders; one row per customer."""

    visits: Ints
    cart_minor: Ints  # value of the abandoned cart, 0 = none
    knows_category: Bools
    is_vip: Bools
    is_early: Bools  # bought in the shop's first weeks
    is_newsletter: Bools
