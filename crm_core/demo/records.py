"""Demo columns as records in the wire format of ``POST /api/v1/customers`` and ``/orders``."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np

from crm_core.demo.baskets import STATUSES
from crm_core.demo.catalogue import CATEGORY_NAMES, PRODUCT_NAMES
from crm_core.demo.columns import Baskets, Habits, People, Purchases
from crm_core.demo.consent import ASKED, STATES
from crm_core.demo.names import FAMILY, FAMILY_FIRST, GIVEN
from crm_core.demo.places import CITIES
from crm_core.demo.wording import SIGNUP_CHANNELS, write_email, write_phone

CHUNK = 5_000  # rows turned into Python objects at a time


def customer_id(index: int) -> str:
    """Id of the customer in row ``index``."""
    return f"demo-{index + 1:06}"


def iterate_customers(people: People, habits: Habits) -> Iterator[dict[str, Any]]:
    """Yield one record per customer."""
    for index in range(len(people)):
        record: dict[str, Any] = {"id": customer_id(index)}
        record |= describe_person(people, index)
        record |= describe_habits(people, habits, index)
        yield record


def describe_person(people: People, index: int) -> dict[str, Any]:
    """Name, addresses and consent; what is not known is left out."""
    country, city = CITIES[people.city_index[index]]
    family_index = people.family_index[index]
    given, family = GIVEN[people.given_index[index]], FAMILY[family_index]
    parts: dict[str, Any] = {"country": country.name}
    if people.has_name[index]:
        ordered = (family, given) if FAMILY_FIRST[family_index] else (given, family)
        parts["name"] = " ".join(name.written for name in ordered)
        if FAMILY_FIRST[family_index]:  # the name alone does not tell how to greet
            parts |= {"first_name": given.written, "last_name": family.written}
    if people.has_email[index]:
        style, domain = int(people.email_style[index]), int(people.email_domain[index])
        parts["email"] = write_email(given, family, index + 1, style, domain)
    if people.has_phone[index]:
        parts["phone"] = write_phone(country.calling_code, int(people.phone_number[index]))
    if people.has_city[index]:
        parts["city"] = city
    states = people.consent[index].tolist()
    parts["consent"] = {channel: STATES[state] for channel, state in zip(ASKED, states, strict=True)}
    parts["attributes"] = describe_attributes(people, index)
    return parts


def describe_attributes(people: People, index: int) -> dict[str, Any]:
    """Custom attributes."""
    country, _ = CITIES[people.city_index[index]]
    attributes: dict[str, Any] = {
        "signup_channel": SIGNUP_CHANNELS[people.signup_channel[index]],
        "preferred_language": country.languages[people.language_index[index]],
    }
    if people.has_app[index]:
        attributes["push_token"] = f"{customer_id(index)}-app"
    if people.birthday_month[index]:
        attributes["birthday_month"] = int(people.birthday_month[index])
    return attributes


def describe_habits(people: People, habits: Habits, index: int) -> dict[str, Any]:
    """Loyalty, visits, cart, tags and taste."""
    flags = {
        "vip": habits.is_vip,
        "newsletter": habits.is_newsletter,
        "wholesale": people.is_wholesale,
        "early-adopter": habits.is_early,
        "student": people.is_student,
    }
    cart_minor = int(habits.cart_minor[index])
    parts: dict[str, Any] = {
        "tags": [tag for tag, flag in flags.items() if flag[index]],
        "loyalty_member": bool(people.is_loyal[index]),
        "visits": int(habits.visits[index]),
        "abandoned_cart": cart_minor > 0,
    }
    if cart_minor:
        parts["cart_value"] = cart_minor / 100
    if habits.knows_category[index]:
        parts["category"] = CATEGORY_NAMES[people.category_index[index]]
    return parts


def iterate_orders(purchases: Purchases, baskets: Baskets) -> Iterator[dict[str, Any]]:
    """Yield one record per order, grouped by customer, each oldest first; ids count in that order."""
    for start in range(0, len(purchases), CHUNK):
        rows = slice(start, start + CHUNK)
        dates = np.datetime_as_string(purchases.at_s[rows].astype("datetime64[s]"), timezone="UTC").tolist()
        columns = (
            purchases.customer_index[rows].tolist(),
            baskets.category_index[rows].tolist(),
            baskets.status_index[rows].tolist(),
            baskets.amount_minor[rows].tolist(),
            baskets.refunded_minor[rows].tolist(),
            dates,
            iterate_items(baskets, start, min(start + CHUNK, len(purchases))),
        )
        for number, (customer, category, status, amount_minor, refunded_minor, date, items) in enumerate(
            zip(*columns, strict=True), start=start + 1
        ):
            refunded = {"refunded": refunded_minor / 100} if refunded_minor else {}
            yield {
                "id": f"demo-o-{number:07}",
                "customer_id": customer_id(customer),
                "amount": amount_minor / 100,
                "status": STATUSES[status],
                "category": CATEGORY_NAMES[category],
                "items": items,
                "ordered_at": date,
                **refunded,
            }


def iterate_items(baskets: Baskets, start: int, stop: int) -> Iterator[list[dict[str, Any]]]:
    """Yield the items of the orders ``start`` to ``stop``."""
    bounds = baskets.first_line[start : stop + 1].tolist()
    rows = slice(bounds[0], bounds[-1])
    lines = list(
        zip(
            baskets.line_product[rows].tolist(),
            baskets.line_quantity[rows].tolist(),
            baskets.line_price_minor[rows].tolist(),
            strict=True,
        )
    )
    categories = baskets.category_index[start:stop].tolist()
    for category, (first, last) in zip(categories, pairwise(bounds), strict=True):
        names = PRODUCT_NAMES[category]
        yield [
            {"name": names[product], "quantity": quantity, "price": price_minor / 100}
            for product, quantity, price_minor in lines[first - bounds[0] : last - bounds[0]]
        ]
