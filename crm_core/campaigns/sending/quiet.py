"""Quiet hours: from when to when on the clock of the customer nothing is sent."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from functools import lru_cache
from typing import Self
from zoneinfo import ZoneInfo

from crm_core.customers.model import CustomerFields

ZONE_ATTRIBUTE = "time_zone"
"""The custom attribute with a customer's zone, an IANA name such as Asia/Kolkata."""


@dataclass(frozen=True)
class QuietHours:
    """From ``start`` to before ``end`` on the wall clock, also over midnight. zone: of customers without their own."""

    start: time
    end: time
    zone: tzinfo = UTC

    @classmethod
    def parse(cls, text: str, zone: str) -> Self:
        """As the settings have them: ``21:00-08:00`` and an IANA name, both checked there."""
        start, _, end = text.partition("-")
        return cls(time.fromisoformat(start), time.fromisoformat(end), ZoneInfo(zone))

    def __str__(self) -> str:
        """Their identity: rows that wait for the end of others are asked anew."""
        return f"{self.start:%H:%M}-{self.end:%H:%M} {self.zone}"

    def end_for(self, customer: CustomerFields, now: datetime) -> datetime | None:
        """When the quiet hours that ``now`` is in end for this customer, aware UTC; None outside of them."""
        zone = _zone_of(customer) or self.zone
        local = now.astimezone(zone)
        if not self._holds(local.time()):
            return None
        day = local.date() + timedelta(days=local.time() >= self.end)
        # A time that the change to summer exists skips: the offset before the gap makes it the moment after it.
        end = datetime.combine(day, self.end, tzinfo=zone).astimezone(UTC)
        return end if end > now else end + timedelta(hours=1)

    def _holds(self, clock: time) -> bool:
        if self.start < self.end:
            return self.start <= clock < self.end
        return clock >= self.start or clock < self.end


def _zone_of(customer: CustomerFields) -> tzinfo | None:
    name = (customer.get("attributes") or {}).get(ZONE_ATTRIBUTE)
    return _zone(name) if isinstance(name, str) else None


@lru_cache(maxsize=1024)
def _zone(name: str) -> tzinfo | None:
    """A key that is no plain name, such as a path, is none."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):  # ZoneInfoNotFoundError is a KeyError
        return None
