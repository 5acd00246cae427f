"""The rehearsal of a draft as it is: begun by itself, followed until it is done."""

from datetime import datetime, timedelta
from typing import Final

from crm_core.infra.mongo import Doc
from crm_core.jobs.model import UNFINISHED, JobState
from pages._ui.deps import actor, services
from pages.wizard.draft import Draft

STALE: Final = timedelta(minutes=10)
"""Of an audience that may have changed meanwhile, and of a start at once."""


def rehearsal_of(draft: Draft) -> Doc | None:
    """The newest one of the draft as it is now; begun when there is none. Raises as ``Rehearsals.start``."""
    campaign_id = draft.campaign["_id"]
    newest = _newest(draft)
    if newest is None or not _fits(newest, draft, services().clock()):
        rehearse(draft)
        newest = _newest(draft)
    if newest and newest["state"] == JobState.DONE:
        return services().rehearsals.get(campaign_id, newest["_id"], actor=actor())
    return newest


def rehearse(draft: Draft) -> None:
    services().rehearsals.start(draft.campaign["_id"], actor=actor(), start_at=draft["start_at"])


def is_running(rehearsal: Doc | None) -> bool:
    return rehearsal is not None and rehearsal["state"] in UNFINISHED


def _newest(draft: Draft) -> Doc | None:
    found, _ = services().rehearsals.page(draft.campaign["_id"], limit=1)
    return found[0] if found else None


def _fits(rehearsal: Doc, draft: Draft, now: datetime) -> bool:
    start = draft["start_at"]
    is_same = rehearsal.get("revision") == draft.campaign.get("revision", 0)
    return is_same and now - rehearsal["created_at"] < STALE and (start is None or rehearsal["start_at"] == start)
