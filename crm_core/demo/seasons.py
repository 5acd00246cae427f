"""When people buy: the shop's pace over year, week and day, as a clock that runs faster in busy hours.

Purchases are drawn on the shop clock, where time is even, and carried back to the calendar. Hours are UTC.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from crm_core.demo.columns import Floats, Ints

WINDOW = timedelta(days=730)
HOUR_S = 3600
DAY_S = 86_400

MONTH_PACE = (0.95, 0.70, 0.85, 0.90, 0.95, 0.90, 0.84, 0.86, 0.98, 1.12, 1.45, 1.60)
WEEKDAY_PACE = (0.95, 0.91, 0.93, 0.97, 1.02, 1.13, 1.16)  # Monday first
HOUR_PACE = (
    *(0.30, 0.18, 0.12, 0.10, 0.12, 0.22, 0.42, 0.65, 0.85, 1.00, 1.10, 1.18),  # night, morning
    *(1.32, 1.28, 1.12, 1.08, 1.15, 1.32, 1.60, 1.90, 2.10, 1.95, 1.35, 0.70),  # noon, evening
)
SPECIAL_DAYS = ((11, 22, 30, 1.5), (12, 25, 31, 0.65))
"""Month, first and last day, factor: the sales at the end of November, the quiet week after Christmas."""


@dataclass(frozen=True, eq=False)
class ShopClock:
    """Monotone map between epoch seconds and shop days; both columns hold the edges of whole hours.

    On average over the window a shop day is as long as a day.
    """

    start_s: int
    end_s: int
    edge_s: Floats
    edge_shop_days: Floats

    def to_shop_days(self, at_s: Floats | Ints) -> Floats:
        """Calendar to shop clock."""
        return np.interp(at_s, self.edge_s, self.edge_shop_days)

    def to_calendar_s(self, shop_days: Floats) -> Ints:
        """Shop clock to calendar, in whole seconds within the window."""
        at_s = np.interp(shop_days, self.edge_shop_days, self.edge_s).astype(np.int64)
        return np.clip(at_s, self.start_s, self.end_s)


def build_clock(now: datetime) -> ShopClock:
    """Build the clock of the two years before ``now`` (aware)."""
    end_s = int(now.timestamp())
    start_s = end_s - int(WINDOW.total_seconds())
    hours = np.arange(start_s // HOUR_S, -(-end_s // HOUR_S))
    paces = compute_pace(hours)
    elapsed = np.concatenate(([0.0], np.cumsum(paces))) * (WINDOW.days / paces.sum())
    edges = np.append(hours, hours[-1] + 1).astype(np.float64) * HOUR_S
    return ShopClock(start_s, end_s, edges, elapsed)


def compute_pace(hours: Ints) -> Floats:
    """Relative number of purchases in each hour, given as hours since the epoch."""
    days = hours // 24
    dates = days.astype("datetime64[D]")
    years = dates.astype("datetime64[Y]")
    day_of_year = (dates - years).astype(np.int64)
    middles = np.arange(12) * (365.25 / 12) + 15
    pace: Floats = np.interp(day_of_year, middles, MONTH_PACE, period=365.25)
    pace *= np.array(WEEKDAY_PACE)[(days + 3) % 7]  # 1 January 1970 was a Thursday
    pace *= np.array(HOUR_PACE)[hours % 24]
    months = month_of(days)
    day_of_month = (dates - dates.astype("datetime64[M]")).astype(np.int64) + 1
    for month, first, last, factor in SPECIAL_DAYS:
        pace[(months == month) & (day_of_month >= first) & (day_of_month <= last)] *= factor
    return pace


def month_of(days: Ints) -> Ints:
    """Month (1..12) of days since the epoch."""
    months: Ints = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12 + 1
    return months
