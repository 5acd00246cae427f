"""The steps of the wizard, and what each still lacks."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import streamlit as st

from crm_core.errors import InvalidInput
from pages.wizard.draft import touch

Step = Literal["audience", "message", "delivery", "review"]


@dataclass(frozen=True)
class StepInfo:
    """fields: those of a draft that are written in it, by the first part of their name."""

    title: str
    icon: str
    fields: frozenset[str] = frozenset()


STEPS: Final[dict[Step, StepInfo]] = {
    "audience": StepInfo(
        "Audience",
        "groups",
        frozenset(
            {"name", "audience", "segment_id", "rule", "customer_ids", "exclude_segment_ids", "exclude_recent_days"}
        ),
    ),
    "message": StepInfo("Message", "edit_note"),
    "delivery": StepInfo(
        "Delivery", "schedule", frozenset({"start_at", "holdout_percent", "quiet_hours", "tags", "intent"})
    ),
    "review": StepInfo("Review", "fact_check"),
}
STEP: Final = "step"
ORDER: Final[tuple[Step, ...]] = tuple(STEPS)


def step_of(field: str | None) -> Step:
    """Where a field is written, such as ``variants[1].subject``; what no other step has belongs to the message."""
    first = (field or "").partition(".")[0].partition("[")[0]
    return next((step for step, info in STEPS.items() if first in info.fields), "message")


def faults_in(step: Step, faults: Sequence[InvalidInput]) -> list[InvalidInput]:
    return [fault for fault in faults if step_of(fault.field) == step]


def step_now() -> Step:
    """The step that the address names."""
    wanted = st.query_params.get(STEP)
    return next((step for step in ORDER if step == wanted), ORDER[0])


def go_to_step(step: Step) -> None:
    """From a click on."""
    touch()
    st.query_params[STEP] = step


def neighbours(step: Step) -> tuple[Step | None, Step | None]:
    """The steps before and after."""
    place = ORDER.index(step)
    return ORDER[place - 1] if place else None, ORDER[place + 1] if place + 1 < len(ORDER) else None
