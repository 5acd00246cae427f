"""Who the demo customers are: home, name, addresses, tastes."""

import numpy as np

from crm_core.demo import names, places
from crm_core.demo.catalogue import SHARES
from crm_core.demo.columns import Ints, People
from crm_core.demo.consent import draw_consent
from crm_core.demo.wording import EMAIL_DOMAINS, EMAIL_STYLES, SIGNUP_CHANNELS

LOYAL_SHARE, WHOLESALE_SHARE, STUDENT_SHARE = 0.28, 0.012, 0.06
HAS_APP = 0.34
HAS_NAME, HAS_EMAIL, HAS_PHONE, HAS_CITY, HAS_BIRTHDAY = 0.99, 0.95, 0.86, 0.965, 0.8
MOVED_SHARE = 0.07  # whose name comes from another country than their home
USUAL_LANGUAGE_SHARE = 0.8
DOMAIN_SHARES = (0.68, 0.18, 0.14)
CHANNEL_SHARES = (0.46, 0.27, 0.14, 0.08, 0.05)

PHONE_NUMBERS = 2_000_000  # as many as there may be customers
PHONE_STRIDE = 618_033  # coprime to PHONE_NUMBERS, so that no two customers share a number


def draw_people(rng: np.random.Generator, for_app: np.random.Generator, count: int) -> People:
    """Draw ``count`` customers. for_app: draws who has the shop's app."""
    city = rng.choice(len(places.CITIES), size=count, p=places.CITY_SHARES)
    given, family = draw_names(rng, city)
    has_email = rng.random(count) < HAS_EMAIL
    has_phone = rng.random(count) < HAS_PHONE
    birthdays = rng.integers(1, 13, count)
    return People(
        city_index=city,
        given_index=given,
        family_index=family,
        email_style=rng.integers(0, len(EMAIL_STYLES), count),
        email_domain=rng.choice(len(EMAIL_DOMAINS), size=count, p=DOMAIN_SHARES),
        phone_number=draw_phone_numbers(rng, count),
        category_index=rng.choice(len(SHARES), size=count, p=SHARES / SHARES.sum()),
        signup_channel=rng.choice(len(SIGNUP_CHANNELS), size=count, p=CHANNEL_SHARES),
        birthday_month=np.where(rng.random(count) < HAS_BIRTHDAY, birthdays, 0),
        language_index=draw_languages(rng, city),
        consent=draw_consent(rng, has_email, has_phone),
        has_name=rng.random(count) < HAS_NAME,
        has_email=has_email,
        has_phone=has_phone,
        has_city=rng.random(count) < HAS_CITY,
        has_app=for_app.random(count) < HAS_APP,
        is_loyal=rng.random(count) < LOYAL_SHARE,
        is_wholesale=rng.random(count) < WHOLESALE_SHARE,
        is_student=rng.random(count) < STUDENT_SHARE,
    )


def draw_names(rng: np.random.Generator, city: Ints) -> tuple[Ints, Ints]:
    """Draw given and family names (rows of ``names.GIVEN``, ``names.FAMILY``) that mostly fit the home."""
    origin = city[rng.permutation(len(city))]
    home = np.where(rng.random(len(city)) < MOVED_SHARE, origin, city)
    pools = np.array([names.POOL_KEYS.index(country.names) for country in places.COUNTRIES])
    pool = pools[places.COUNTRY_OF_CITY[home]]
    given = names.GIVEN_STARTS[pool] + rng.integers(0, names.GIVEN_COUNTS[pool])
    family = names.FAMILY_STARTS[pool] + rng.integers(0, names.FAMILY_COUNTS[pool])
    return given, family


def draw_phone_numbers(rng: np.random.Generator, count: int) -> Ints:
    """A number for each customer, all different."""
    return (np.arange(count) * PHONE_STRIDE + rng.integers(PHONE_NUMBERS)) % PHONE_NUMBERS


def draw_languages(rng: np.random.Generator, city: Ints) -> Ints:
    """Draw a row of the languages of the customer's country: the first, or sometimes the last."""
    last = np.array([len(country.languages) - 1 for country in places.COUNTRIES])
    return np.where(rng.random(len(city)) < USUAL_LANGUAGE_SHARE, 0, last[places.COUNTRY_OF_CITY[city]])
