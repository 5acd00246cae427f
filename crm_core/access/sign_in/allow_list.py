"""Addresses and whole domains that may sign in without an invitation."""

from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True)
class AllowList:
    """entries: in lower case; one with an @ is an address, any other a domain without those below it."""

    entries: frozenset[str]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Entries with commas between them."""
        return cls(frozenset(entry.strip().lower() for entry in text.split(",") if entry.strip()))

    def names(self, email: str) -> bool:
        address = email.strip().lower()
        return bool(self.entries & {address, address.rpartition("@")[2]})
