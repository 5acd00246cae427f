"""The options of a campaign, each checked with the reason why it is refused."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from crm_core.campaigns.model import Definition
from crm_core.errors import InvalidInput
from crm_core.infra.names import clean_name, name_key

MAX_HOLDOUT_PERCENT = 90
MAX_RECENT_DAYS = 365
MAX_INTENT = 500
MAX_TAGS = 20
MAX_TAG = 50
DEFER, SKIP = "defer", "skip"
"""What becomes of a message in its customer's quiet hours."""


def check_options(fields: Mapping[str, Any]) -> Definition:
    """Raises InvalidInput."""
    return {
        "holdout_percent": _check_holdout(fields.get("holdout_percent") or 0),
        "exclude_recent_days": _check_days(fields.get("exclude_recent_days")),
        "quiet_hours": _check_quiet_hours(fields.get("quiet_hours") or DEFER),
        "start_at": _check_start(fields.get("start_at")),
    }


def check_labels(fields: Mapping[str, Any]) -> Definition:
    """What it is for, and its tags. Raises InvalidInput."""
    return {"intent": check_intent(fields.get("intent")), "tags": check_tags(fields.get("tags") or ())}


def check_intent(intent: Any) -> str | None:
    """What the campaign is for, in the words of its author. Raises InvalidInput."""
    if intent is None:
        return None
    if not isinstance(intent, str) or len(intent) > MAX_INTENT:
        raise InvalidInput(f"An intent is a text of at most {MAX_INTENT} characters.", field="intent")
    return intent.strip() or None


def check_tags(tags: Sequence[Any]) -> list[str]:
    """Without outer spaces, each once, in the order given. Raises InvalidInput."""
    if len(tags) > MAX_TAGS:
        raise InvalidInput(f"A campaign has at most {MAX_TAGS} tags, these are {len(tags)}.", field="tags")
    cleaned = [clean_name(tag, "tag", longest=MAX_TAG, field=f"tags[{place}]") for place, tag in enumerate(tags)]
    first = {name_key(tag): tag for tag in reversed(cleaned)}
    return [tag for tag in dict.fromkeys(cleaned) if first[name_key(tag)] == tag]


def _check_holdout(percent: Any) -> float:
    if isinstance(percent, bool) or not isinstance(percent, int | float) or not 0 <= percent <= MAX_HOLDOUT_PERCENT:
        raise InvalidInput(
            f"A holdout is 0 to {MAX_HOLDOUT_PERCENT} percent of the audience, not {percent!r}.",
            field="holdout_percent",
        )
    return percent


def _check_days(days: Any) -> int | None:
    if days is None:
        return None
    if isinstance(days, bool) or not isinstance(days, int) or not 1 <= days <= MAX_RECENT_DAYS:
        raise InvalidInput(
            f"Recipients of the last 1 to {MAX_RECENT_DAYS} days can be left out, not of {days!r}.",
            field="exclude_recent_days",
        )
    return days


def _check_start(start: Any) -> datetime | None:
    if start is not None and (not isinstance(start, datetime) or start.tzinfo is None):
        raise InvalidInput("The time of a start needs a time zone.", field="start_at")
    return start


def _check_quiet_hours(mode: Any) -> str:
    if mode not in (DEFER, SKIP):
        raise InvalidInput(f"Quiet hours {DEFER} or {SKIP} a message, not {mode!r}.", field="quiet_hours")
    return str(mode)
