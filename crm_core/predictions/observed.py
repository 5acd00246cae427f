"""The orders of a workspace as the models see them: what was observed, of whom, and until when."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from crm_core.predictions.histories import Floats, Histories, Whole

EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, eq=False)
class Period:
    """Days as numbers since 1970, in the workspace's time zone. split: the first day of the holdout period."""

    first: int
    last: int
    split: int

    @property
    def weeks(self) -> float:
        return (self.last - self.first) / 7

    @property
    def holdout_weeks(self) -> float:
        return (self.last - self.split + 1) / 7


@dataclass(frozen=True, eq=False)
class Purchases:
    """A row for each customer with orders: days with orders, the first and the last of them, what all orders add up to
    less returns, in minor units. known: the same of what was before the holdout period."""

    days: Whole
    first: Whole
    last: Whole
    net: Whole
    known_days: Whole
    known_last: Whole
    known_net: Whole

    def histories(self, period: Period) -> Histories:
        """All that was observed."""
        return Histories.of_days(self.days, self.first, self.last, period.last)

    def known_histories(self, period: Period) -> Histories:
        """What was observed before the holdout period, of ``known`` customers."""
        is_known = self.is_known
        return Histories.of_days(
            self.known_days[is_known], self.first[is_known], self.known_last[is_known], period.split - 1
        )

    @property
    def is_known(self) -> Any:
        """Who had ordered before the holdout period."""
        return self.known_days > 0

    @property
    def means(self) -> Floats:
        """Of a day with orders, in minor units."""
        return self.net / self.days

    @property
    def repeaters(self) -> int:
        return int((self.days > 1).sum())


def day_words(day: int) -> str:
    """ISO 8601."""
    return (EPOCH + timedelta(days=day)).isoformat()


def day_number(words: str) -> int:
    """Of ``day_words``."""
    return (date.fromisoformat(words) - EPOCH).days
