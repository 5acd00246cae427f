"""Ten rules on the real purchases, and whom they find, computed from the file with pandas alone."""

from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

NOW = datetime(1998, 7, 1, tzinfo=UTC)
"""The day after the last purchase of the file."""


def find_with_pandas(file: Path) -> dict[str, list[str]]:
    """Rule text to the ids of those who match."""
    frame = pd.read_csv(file, sep=r"\s+", header=None, names=["id", "day", "cds", "amount"], dtype={"id": str})
    frame["cents"] = (frame["amount"] * 100).round().astype("int64")
    frame["at"] = pd.to_datetime(frame["day"].astype(str), format="%Y%m%d", utc=True)
    by = frame.groupby("id")
    spend, count, first, last = by["cents"].sum(), by.size(), by["at"].min(), by["at"].max()

    def since(days: int) -> pd.DataFrame:
        return frame[frame["at"] >= NOW - pd.Timedelta(days=days)]

    def of_all(figures: "pd.Series[int]") -> "pd.Series[int]":
        return figures.reindex(count.index, fill_value=0)

    found = {
        "spend > 100": spend > 10_000,
        "order_count >= 5": count >= 5,
        "average_order between 20 and 30": (spend >= 2_000 * count) & (spend <= 3_000 * count),
        "inactive for 180 days": last <= NOW - pd.Timedelta(days=180),
        "first_order before 1997-02-01": first < pd.Timestamp("1997-02-01", tz="UTC"),
        "last_order in last 30 days AND order_count <= 5": (last >= NOW - pd.Timedelta(days=30)) & (count <= 5),
        "orders(last 90 days) >= 2": of_all(since(90).groupby("id").size()) >= 2,
        "orders.sum(last 365 days) > 200": of_all(since(365).groupby("id")["cents"].sum()) > 20_000,
        "orders.max() >= 100 AND NOT orders.min() < 10": (by["cents"].max() >= 10_000) & ~(by["cents"].min() < 1_000),
        "orders(amount >= 50) >= 2 OR spend < 20 AND order_count = 1": (
            of_all(frame[frame["cents"] >= 5_000].groupby("id").size()) >= 2
        )
        | ((spend < 2_000) & (count == 1)),
    }
    return {text: list(mask[mask].index) for text, mask in found.items()}
