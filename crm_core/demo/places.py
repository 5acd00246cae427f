"""Where the demo customers live: countries with cities, name pools, languages and calling codes.

Shares are rough: larger cities weigh more, and one market is the shop's home.
"""

from dataclasses import dataclass

import numpy as np

from crm_core.demo.columns import Floats, Ints


@dataclass(frozen=True)
class Country:
    """One market."""

    name: str
    share: float
    calling_code: int
    names: str  # key into names.POOLS
    languages: tuple[str, ...]  # the usual one first
    cities: tuple[tuple[str, float], ...]  # name, weight within the country


COUNTRIES = (
    Country(
        name="India",
        share=30,
        calling_code=91,
        names="indian",
        languages=("en", "hi"),
        cities=(
            ("Mumbai", 20),
            ("Delhi", 18),
            ("Bengaluru", 15),
            ("Pune", 12),
            ("Hyderabad", 10),
            ("Chennai", 9),
            ("Kolkata", 8),
            ("Ahmedabad", 6),
            ("Jaipur", 4),
            ("Kochi", 3),
        ),
    ),
    Country(
        name="United States",
        share=13,
        calling_code=1,
        names="english",
        languages=("en", "es"),
        cities=(
            ("New York", 9),
            ("Los Angeles", 5),
            ("Chicago", 4),
            ("Houston", 3),
            ("Seattle", 2),
            ("Austin", 2),
            ("Boston", 2),
            ("Denver", 1),
        ),
    ),
    Country(
        name="United Kingdom",
        share=9,
        calling_code=44,
        names="english",
        languages=("en",),
        cities=(
            ("London", 9),
            ("Manchester", 3),
            ("Birmingham", 3),
            ("Leeds", 2),
            ("Glasgow", 2),
            ("Bristol", 1),
        ),
    ),
    Country(
        name="Germany",
        share=9,
        calling_code=49,
        names="german",
        languages=("de", "en"),
        cities=(
            ("Berlin", 6),
            ("Hamburg", 3),
            ("München", 3),
            ("Köln", 2),
            ("Düsseldorf", 1),
            ("Leipzig", 1),
        ),
    ),
    Country(
        name="France",
        share=6,
        calling_code=33,
        names="french",
        languages=("fr", "en"),
        cities=(("Paris", 7), ("Lyon", 2), ("Marseille", 2), ("Toulouse", 1), ("Nîmes", 1)),
    ),
    Country(
        name="Brazil",
        share=5,
        calling_code=55,
        names="brazilian",
        languages=("pt", "en"),
        cities=(("São Paulo", 7), ("Rio de Janeiro", 4), ("Brasília", 2), ("Salvador", 1), ("Goiânia", 1)),
    ),
    Country(
        name="Spain",
        share=4,
        calling_code=34,
        names="spanish",
        languages=("es", "en"),
        cities=(("Madrid", 5), ("Barcelona", 4), ("València", 2), ("Sevilla", 1), ("Málaga", 1)),
    ),
    Country(
        name="Italy",
        share=4,
        calling_code=39,
        names="italian",
        languages=("it", "en"),
        cities=(("Roma", 4), ("Milano", 4), ("Napoli", 2), ("Torino", 1), ("Forlì", 0.5)),
    ),
    Country(
        name="Mexico",
        share=3,
        calling_code=52,
        names="spanish",
        languages=("es", "en"),
        cities=(("Ciudad de México", 5), ("Guadalajara", 2), ("Monterrey", 2), ("Mérida", 1)),
    ),
    Country(
        name="Japan",
        share=3,
        calling_code=81,
        names="japanese",
        languages=("ja", "en"),
        cities=(("Tokyo", 6), ("Osaka", 3), ("Nagoya", 1), ("Fukuoka", 1)),
    ),
    Country(
        name="Netherlands",
        share=3,
        calling_code=31,
        names="dutch",
        languages=("nl", "en"),
        cities=(("Amsterdam", 4), ("Rotterdam", 3), ("Utrecht", 2), ("’s-Hertogenbosch", 1)),
    ),
    Country(
        name="Poland",
        share=3,
        calling_code=48,
        names="polish",
        languages=("pl", "en"),
        cities=(("Warszawa", 4), ("Kraków", 2), ("Łódź", 1), ("Wrocław", 1), ("Gdańsk", 1)),
    ),
    Country(
        name="Nigeria",
        share=2,
        calling_code=234,
        names="nigerian",
        languages=("en",),
        cities=(("Lagos", 6), ("Abuja", 3), ("Ibadan", 1)),
    ),
    Country(
        name="Sweden",
        share=2,
        calling_code=46,
        names="swedish",
        languages=("sv", "en"),
        cities=(("Stockholm", 4), ("Göteborg", 2), ("Malmö", 1), ("Umeå", 0.5)),
    ),
    Country(
        name="Turkey",
        share=2,
        calling_code=90,
        names="turkish",
        languages=("tr", "en"),
        cities=(("İstanbul", 5), ("Ankara", 2), ("İzmir", 2), ("Eskişehir", 0.5)),
    ),
    Country(
        name="Ukraine",
        share=1,
        calling_code=380,
        names="ukrainian",
        languages=("uk", "en"),
        cities=(("Kyiv", 4), ("Lviv", 2), ("Odesa", 1)),
    ),
    Country(
        name="Singapore",
        share=1,
        calling_code=65,
        names="chinese",
        languages=("en", "zh"),
        cities=(("Singapore", 1),),
    ),
)

CITIES = tuple((country, city) for country in COUNTRIES for city, _ in country.cities)
"""Every city with its country."""

COUNTRY_OF_CITY: Ints = np.repeat(np.arange(len(COUNTRIES)), [len(country.cities) for country in COUNTRIES])


def build_city_shares() -> Floats:
    """Share of the customers in each row of ``CITIES``; sums to 1."""
    shares: list[float] = []
    for country in COUNTRIES:
        total = sum(weight for _, weight in country.cities)
        shares += [country.share * weight / total for _, weight in country.cities]
    total_share = sum(shares)
    return np.array([share / total_share for share in shares])


CITY_SHARES = build_city_shares()
