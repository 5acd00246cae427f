"""Quiet hours: from when to when on the clock of the customer nothing is sent."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from functools import lru_cache
from typing import Final, Self
from zoneinfo import ZoneInfo

from crm_core.campaigns.sending.zones import offsets_on, read_zone, written_zone
from crm_core.customers.model import CustomerFields

NEVER: Final = datetime.max.replace(tzinfo=UTC)
"""The end for a customer whose zone is not understood, when it is always quiet somewhere."""


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
        """When the quiet hours that ``now`` is in end for this customer, aware UTC; None outside of them.

        Of a customer whose zone is not understood it is when they have ended everywhere; that may be NEVER.
        """
        said = written_zone(customer.get("attributes") or {})
        zone = self.zone if said is None else read_zone(said)
        return _end_everywhere(self, now.replace(second=0, microsecond=0)) if zone is None else self._end_in(zone, now)

    def _end_in(self, zone: tzinfo, now: datetime) -> datetime | None:
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


@lru_cache(maxsize=64)
def _end_everywhere(hours: QuietHours, now: datetime) -> datetime | None:
    """The first moment from ``now`` on, a whole minute, that is within no zone's quiet hours."""
    zones = offsets_on(now.date())
    ends = sorted(end for zone in zones if (end := hours._end_in(zone, now)))
    if not ends:
        return None
    return next((end for end in ends if not any(hours._end_in(zone, end) for zone in zones)), NEVER)
