"""What was said of customers and their addresses, kept in the plainest form, and what must follow from it."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from crm_core.schema.suppressions import REASONS

Said = Literal["denied", "granted", "unknown"]
Place = tuple[str, str]
"""A customer and a channel, or a channel and the key of an address."""
UNSUBSCRIBED = "unsubscribed"


@dataclass(frozen=True)
class Sent:
    """key: None once the customer was erased."""

    name: str
    channel: str
    key: str | None
    at: datetime


@dataclass
class Expected:
    """Who is messaged, with the key, and why the others are not."""

    messaged: dict[str, str] = field(default_factory=dict)
    reasons: Counter[str] = field(default_factory=Counter)
    same_as: dict[str, str] = field(default_factory=dict)


@dataclass
class Told:
    """cap: messages within 24 hours."""

    people: list[str]
    unknown_may_be_messaged: bool
    cap: int | None
    keys: dict[Place, str] = field(default_factory=dict)
    consent: dict[Place, Said] = field(default_factory=dict)
    by_customer: dict[Place, str] = field(default_factory=dict)
    """The reasons of suppressions; so of addresses, and of those of which a hash is kept."""
    by_key: dict[Place, str] = field(default_factory=dict)
    by_hash: dict[Place, str] = field(default_factory=dict)
    sent: list[Sent] = field(default_factory=list)

    def say(self, name: str, channel: str, state: Said) -> None:
        self.consent[name, channel] = state

    def offer(self, name: str, channel: str, state: Said) -> None:
        """By a file."""
        if self.consent.get((name, channel)) != "denied":
            self.consent[name, channel] = state

    def suppress(self, rows: dict[Place, str], place: Place, reason: str) -> None:
        if REASONS.index(reason) >= REASONS.index(rows.get(place, REASONS[0])):
            rows[place] = reason

    def unsubscribe(self, name: str, channel: str) -> None:
        self.say(name, channel, "denied")
        if not list(self._suppressions(name, channel)):
            self._put_unsubscribed(name, channel)

    def _put_unsubscribed(self, name: str, channel: str) -> None:
        if key := self.keys.get((name, channel)):
            self.by_key[channel, key] = UNSUBSCRIBED
        else:
            self.by_customer[name, channel] = UNSUBSCRIBED

    def may_come_back(self, name: str, channel: str) -> bool:
        """Whether it is plain which suppression that lifts."""
        return len(list(self._suppressions(name, channel))) < 2

    def come_back(self, name: str, channel: str) -> None:
        for rows, place in self._suppressions(name, channel):
            if rows[place] == UNSUBSCRIBED:
                del rows[place]
        self.say(name, channel, "granted")

    def _suppressions(self, name: str, channel: str) -> Iterator[tuple[dict[Place, str], Place]]:
        if (name, channel) in self.by_customer:
            yield self.by_customer, (name, channel)
        key = self.keys.get((name, channel))
        for rows in (self.by_key, self.by_hash):
            if key and (channel, key) in rows:
                yield rows, (channel, key)

    def erase(self, name: str) -> None:
        """A no stays with the hash of the address, which is readable for as long as somebody else has it."""
        for (_, channel), key in [each for each in self.keys.items() if each[0][0] == name]:
            reasons = [rows[place] for rows, place in self._suppressions(name, channel) if rows is not self.by_hash]
            reasons += [UNSUBSCRIBED] if self.consent.get((name, channel)) == "denied" else []
            if reasons:
                self.suppress(self.by_hash, (channel, key), max(reasons, key=REASONS.index))
                if self.holders(channel, key) == [name]:
                    self.by_key.pop((channel, key), None)
        for known in (self.keys, self.consent, self.by_customer):
            for place in [each for each in known if each[0] == name]:
                del known[place]
        self.sent = [Sent(s.name, s.channel, None, s.at) if s.name == name else s for s in self.sent]

    def holders(self, channel: str, key: str) -> list[str]:
        return [name for name in self.people if self.keys.get((name, channel)) == key]

    def expect(self, channel: str, now: datetime) -> Expected:
        """Of a campaign to everybody, one after the other."""
        found = Expected()
        first: dict[str, str] = {}
        for name in self.people:
            key = self.keys.get((name, channel), "")
            reason = self._reason(name, channel, key, now)
            if reason is None and key in first:
                reason, found.same_as[name] = "same_address", first[key]
            if reason:
                found.reasons[reason] += 1
            else:
                first[key] = name
                found.messaged[name] = key
        return found

    def _reason(self, name: str, channel: str, key: str, now: datetime) -> str | None:
        with_it = self.holders(channel, key) if key else [name]
        state = self.consent.get((name, channel), "unknown")
        if any(self.consent.get((each, channel)) == "denied" for each in with_it):
            return "no_consent"
        if state != "granted" and not self.unknown_may_be_messaged:
            return "no_consent"
        if not key:
            return "no_address"
        if any((each, channel) in self.by_customer for each in with_it):
            return "suppressed"
        if (channel, key) in self.by_key or (channel, key) in self.by_hash:
            return "suppressed"
        return "frequency_cap" if self.cap and self._most_sent(name, channel, key, now) >= self.cap else None

    def _most_sent(self, name: str, channel: str, key: str, now: datetime) -> int:
        late = [each for each in self.sent if each.channel == channel and each.at >= now - timedelta(days=1)]
        return max(sum(each.name == name for each in late), sum(each.key == key for each in late))
