"""Given and family names by culture, as written and in the Latin letters that go into an e-mail address."""

import unicodedata
from dataclasses import dataclass

import numpy as np

from crm_core.demo.columns import Ints
from crm_core.demo.name_tables import TABLES

_NOT_DECOMPOSED = str.maketrans({"ß": "ss", "ø": "o", "æ": "ae", "ł": "l", "đ": "d", "ı": "i", "ə": "e", "œ": "oe"})


@dataclass(frozen=True)
class Name:
    """One name: as people write it, and as lower-case ASCII letters."""

    written: str
    latin: str


@dataclass(frozen=True)
class NamePool:
    """The names of one culture; ``family_first`` where the family name is written first."""

    given: tuple[Name, ...]
    family: tuple[Name, ...]
    family_first: bool


def to_latin(text: str) -> str:
    """Reduce a name in Latin script to ``a``-``z``: "Müller-Łoś" gives "mullerlos"."""
    plain = unicodedata.normalize("NFKD", text.lower().translate(_NOT_DECOMPOSED))
    return "".join(letter for letter in plain if "a" <= letter <= "z")


def read_names(table: str) -> tuple[Name, ...]:
    """Read a comma-separated table of names."""
    names = []
    for entry in table.split(","):
        written, _, romanised = entry.strip().partition("/")
        names.append(Name(written, to_latin(romanised or written)))
    return tuple(names)


POOLS = {
    key: NamePool(read_names(table.given), read_names(table.family), table.family_first)
    for key, table in TABLES.items()
}
POOL_KEYS = tuple(POOLS)
GIVEN = tuple(name for pool in POOLS.values() for name in pool.given)
FAMILY = tuple(name for pool in POOLS.values() for name in pool.family)
FAMILY_FIRST = tuple(pool.family_first for pool in POOLS.values() for _ in pool.family)
"""One row per row of ``FAMILY``."""

GIVEN_COUNTS: Ints = np.array([len(pool.given) for pool in POOLS.values()])
FAMILY_COUNTS: Ints = np.array([len(pool.family) for pool in POOLS.values()])
GIVEN_STARTS: Ints = np.cumsum(GIVEN_COUNTS) - GIVEN_COUNTS
FAMILY_STARTS: Ints = np.cumsum(FAMILY_COUNTS) - FAMILY_COUNTS
