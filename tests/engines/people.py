"""Random customers made of the values that engines get wrong: gaps, ties, edges of windows, texts that fold oddly."""

from datetime import UTC, datetime, timedelta, timezone
from random import Random
from typing import Any

from crm_core.channels.registry import CHANNELS as KNOWN_CHANNELS
from crm_core.rules.fields import FieldType
from crm_core.rules.tree import STATUSES
from crm_core.schema.kinds import CONSENT_STATES
from crm_core.schema.message_states import MessageState
from crm_core.schema.suppressions import REASONS as STOP_REASONS
from tests.engines.stops import Stop

Json = dict[str, Any]

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
DAYS = (0, 1, 7, 30, 90, 365)
EDGES = (timedelta(0), timedelta(milliseconds=1), timedelta(milliseconds=-1), timedelta(hours=5), timedelta(days=-1))
ZONES = (UTC, timezone(timedelta(hours=5, minutes=30)), timezone(timedelta(hours=-9)), timezone(timedelta(hours=14)))
MOMENTS = (NOW, NOW, datetime(2026, 12, 30, 23, 30, tzinfo=UTC), datetime(2028, 2, 27, 18, tzinfo=UTC))
"""Of evaluations: also before New Year and before a leap day."""
PLAIN_DAYS = ("2026-06-15", "2026-06-16", "1969-12-31", "2000-01-01", "1992-02-29", "1990-02-28", "2031-03-01")
TEXTS = (
    *("", "a", "A", "ab", "ba", "x y", "^a.*$", "$a"),
    *("straße", "STRASSE", "İ", "i̇", "ſ", "s", "Σ", "ς", "ﬁ", "fi", "日本", "\u00e9", "e\u0301"),
)
"""With texts of one letter and several forms of what folds to the same."""
AMOUNTS = (0, 0.01, 0.1, 0.3, 1, 9.99, 10, 10.01, 33.33, 33.34, 100, 999_999_999_999.99, 1_000_000_000_000)
COUNTS = (0, 1, 2, 3, 10, 10**9)
NUMBERS = (0, 1, -1, 2.5, 0.1, 3, 10**15, 2**53 + 1, -(2**63), 2**63 - 1, 1e300, -1e-300)
EVENT_TYPES = ("visit", "cart_abandoned", "signup")
ATTRIBUTES = {
    "size": FieldType.TEXT,
    "score": FieldType.NUMBER,
    "birthday": FieldType.DATE,
    "renewal": FieldType.DATE,
    "points": FieldType.NUMBER,
    "shirt": FieldType.TEXT,
    "vegan": FieldType.BOOLEAN,
    "wants": FieldType.LIST,
}
"""As rules see them; the customers' values are sometimes of another type."""


PROPERTIES = {
    ("cart_abandoned", "kind"): FieldType.TEXT,
    ("cart_abandoned", "value"): FieldType.NUMBER,
    ("cart_abandoned", "gift"): FieldType.BOOLEAN,
    ("cart_abandoned", "due"): FieldType.DATE,
    ("cart_abandoned", "wants"): FieldType.LIST,
    ("signup", "value"): FieldType.TEXT,
}
"""Of events as rules see them; the events' values are sometimes of another type."""
CHANNELS = ("email", "sms", "in_app", "fax")
"""One of them is no more."""
CAMPAIGNS = {"m1": "Sale", "m2": "Sale", "m3": "News"}
TAGS = {"m1": ["Spring", "sale"], "m3": ["sale"]}
REASONS = ("no_consent", "hard_bounce")
SHARED_MAIL, SHARED_PHONE = ("a@b.de", "A@B.DE", "ſ@b.de"), ("+49 123", "+49123")
"""Addresses that several have."""


class People:
    """customers, orders, events: as the API takes them. messages: as the message log has them. stops: suppressions,
    one of each id."""

    def __init__(self, seed: int, size: int) -> None:
        self._random = Random(seed)
        names = [f"c{number}" for number in range(size)]
        self.customers = [self._customer(name) for name in names]
        customer_ids = [*names, "x1", "x2"]
        self.orders = [self._order(number, customer_ids) for number in range(size * 3)]
        self.events = [self._event(number, customer_ids) for number in range(size * 2)]
        self.messages = [self._message(number, names) for number in range(size * 3)]
        stops = [self._stop(names) for _ in range(size // 4)]
        self.stops = list({(each.channel, each.customer_id, each.key, each.is_erased): each for each in stops}.values())

    def _customer(self, name: str) -> Json:
        pick = self._random.choice
        record: Json = {
            "name": pick(TEXTS),
            "first_name": pick(TEXTS),
            "last_name": pick(TEXTS),
            "email": pick((*SHARED_MAIL, *(f"{name}@b.de",) * 6)),
            "phone": pick((*SHARED_PHONE, *(f"+49 30 55{name[1:]:0>3}",) * 4)),
            "city": pick(TEXTS),
            "country": pick(TEXTS[:4]),
            "category": pick(TEXTS),
            "tags": self._some(TEXTS),
            "loyalty_member": pick((True, False)),
            "abandoned_cart": pick((True, False)),
            "cart_value": pick(AMOUNTS),
            "visits": pick(COUNTS),
            "total_spend": pick(AMOUNTS),
            "order_count": pick(COUNTS),
            "consent": self._kept(
                {channel: pick((*CONSENT_STATES, "granted")) for channel in ("email", "sms", "push")}
            ),
            "attributes": self._kept(
                {
                    "size": pick((*TEXTS, *TEXTS, 5, True, ["a", "ab"], "2026-01-01")),
                    "shirt": pick((*TEXTS, 5, ["a"])),
                    "score": pick((*NUMBERS, *NUMBERS, "3", True, ["3"])),
                    "points": pick((*NUMBERS, "3", True)),
                    "birthday": pick((self._dated(), self._dated(), *PLAIN_DAYS, "2026-06-15T12:00", "a")),
                    "renewal": pick((self._dated(), self._moment().isoformat(), *PLAIN_DAYS, 5)),
                    "vegan": pick((True, False, "true", 1)),
                    "wants": pick((self._some(TEXTS), self._some(TEXTS), "a", 5)),
                    "push_token": pick(("t1", f"t-{name}", f"t-{name}", " ", 5)),
                }
            ),
        }
        return {"id": name} | self._kept(record)

    def _order(self, number: int, names: list[str]) -> Json:
        pick = self._random.choice
        amount = pick(AMOUNTS)
        whose = {"id": f"o{number}", "customer_id": pick(names), "amount": amount}
        details = {
            "status": pick(STATUSES),
            "refunded": pick([refunded for refunded in AMOUNTS if refunded <= amount]),
            "category": pick(TEXTS),
            "items": [{"name": name} for name in self._some(TEXTS)],
            "ordered_at": self._moment().isoformat(),
        }
        return whose | self._kept(details)

    def _event(self, number: int, names: list[str]) -> Json:
        pick = self._random.choice
        properties = {
            "kind": pick((*TEXTS, *TEXTS, 5, ["a"])),
            "value": pick((*NUMBERS, *NUMBERS, *TEXTS, True)),
            "gift": pick((True, False, "true")),
            "due": pick((self._moment().isoformat(), "2026-06-15", "1969-12-31", "a", 3)),
            "wants": pick((self._some(TEXTS), self._some(TEXTS), "a")),
        }
        return {
            "id": f"e{number}",
            "customer_id": pick(names),
            "type": pick(EVENT_TYPES),
            "at": self._moment().isoformat(),
            "properties": self._kept(properties),
        }

    def _message(self, number: int, names: list[str]) -> Json:
        """Steps may be told in any order, or never."""
        pick = self._random.choice
        state = pick(tuple(MessageState))
        steps = {f"{each}_at": self._moment().astimezone(UTC) for each in MessageState if each is not state}
        message = {
            "_id": f"{number}",
            "campaign_id": pick((*CAMPAIGNS, "unknown")),
            "customer_id": pick(names),
            "channel": pick(CHANNELS),
            "rank": state.rank,
            "created_at": self._moment().astimezone(UTC),
        }
        return message | self._kept({"reason": pick(REASONS), f"{state}_at": self._moment().astimezone(UTC), **steps})

    def _stop(self, names: list[str]) -> Stop:
        """Mostly of somebody who is there, or of an address that somebody has."""
        pick = self._random.choice
        channel, reason, name = pick(tuple(KNOWN_CHANNELS)), pick(STOP_REASONS), pick([*names, "gone"])
        place = KNOWN_CHANNELS[channel].address
        if place is None or self._random.random() < 0.4:
            return Stop(channel, reason, customer_id=name)
        shared = {"email": SHARED_MAIL[0], "phone": SHARED_PHONE[0]}.get(place, "t1")
        own = {"email": f"{name}@b.de", "phone": f"+49 30 55{name[1:]:0>3}"}.get(place, f"t-{name}")
        return Stop(channel, reason, address=pick((shared, own, own)), is_erased=pick((True, False)))

    def _moment(self) -> datetime:
        """On the edge of a window or of a day, in some zone."""
        edge = self._random.choice((NOW, NOW.replace(hour=0))) - timedelta(days=self._random.choice(DAYS))
        moment = min(edge + self._random.choice(EDGES), NOW)
        return moment.astimezone(self._random.choice(ZONES))

    def _dated(self) -> str:
        """On the edge of a window or of a day of MOMENTS, back or ahead, in this year or another."""
        moment = self._random.choice(MOMENTS)
        edge = self._random.choice((moment, moment.replace(hour=0, minute=0)))
        edge += self._random.choice((-1, 1)) * timedelta(days=self._random.choice(DAYS)) + self._random.choice(EDGES)
        edge -= self._random.choice((0, 0, 34 * 365 + 8, 126 * 365)) * timedelta(days=1)
        return edge.astimezone(self._random.choice(ZONES)).isoformat()

    def _some(self, values: tuple[str, ...]) -> list[str]:
        return self._random.choices(values, k=self._random.choice((0, 1, 1, 2, 3)))

    def _kept(self, record: Json) -> Json:
        """Without some of it."""
        return {name: value for name, value in record.items() if self._random.random() < 0.75}
