"""The table of campaigns as a file for spreadsheets."""

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from crm_core.campaigns.counts import plan_of
from crm_core.campaigns.model import Campaign, Counts
from crm_core.infra.text import spreadsheet_text

_OWN: Final[Mapping[str, Callable[[Campaign], Any]]] = {
    "id": lambda campaign: campaign["_id"],
    **{
        name: lambda campaign, name=name: campaign.get(name)  # type: ignore[misc]
        for name in ("name", "state", "channel", "segment_name", "created_by")
    },
    "tags": lambda campaign: ", ".join(campaign.get("tags") or ()),
    **{
        name: lambda campaign, name=name: campaign.get(name)  # type: ignore[misc]
        for name in ("created_at", "scheduled_at", "launched_at", "finished_at")
    },
    "plan": plan_of,
    "never_planned": lambda campaign: campaign.get("never_planned"),
}
_COUNTED: Final[Mapping[str, Callable[[Counts], Any]]] = {
    "audience": lambda counts: counts["audience"],
    "sent": lambda counts: counts["sent"],
    **{
        f"{name}_percent": lambda counts, name=name: _percent(counts[f"{name}_rate"])  # type: ignore[misc]
        for name in ("delivered", "opened", "clicked")
    },
    "unsubscribed": lambda counts: counts.get("unsubscribed"),
    **{
        f"{name}_now": lambda counts, name=name: counts["by_state"].get(name)  # type: ignore[misc]
        for name in ("pending", "sent", "delivered", "opened", "clicked", "failed", "skipped", "held_out")
    },
    "counted_at": lambda counts: counts["as_of"],
}


def to_csv(campaigns: Iterable[Campaign]) -> bytes:
    """A line for each in UTF-8. delivered_percent: of sent; opened, clicked: of delivered. The columns with ``_now``
    add up to the audience. Figures are those kept with the campaign, empty where nothing was counted yet.
    """
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([*_OWN, *_COUNTED])
    for campaign in campaigns:
        counts = campaign.get("counts")
        own = [read(campaign) for read in _OWN.values()]
        writer.writerow(map(_cell, [*own, *(read(counts) if counts else None for read in _COUNTED.values())]))
    return out.getvalue().encode()


def _percent(rate: float | None) -> float | None:
    return None if rate is None else round(100 * rate, 2)


def _cell(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    return "" if value is None else spreadsheet_text(str(value))
