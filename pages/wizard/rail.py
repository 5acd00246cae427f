"""The rail above the steps: where one is, what each step holds, and what it still lacks."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import streamlit as st

from crm_core.errors import InvalidInput
from pages._ui.deps import services
from pages._ui.formats import literal, number
from pages.wizard.draft import Draft
from pages.wizard.reach import Reach
from pages.wizard.steps import STEPS, Step, faults_in, go_to_step
from pages.wizard.variants import variants_of


def show_rail(draft: Draft, reach: Reach, now: Step, faults: Sequence[InvalidInput]) -> None:
    words = _words(draft, reach, faults)
    for place, (column, (step, info)) in enumerate(
        zip(st.columns(len(STEPS), gap=None), STEPS.items(), strict=True), 1
    ):
        lacks = faults if step == "review" else faults_in(step, faults)
        state = "now" if step == now else "open" if lacks or step == "review" else "done"
        mark = ":material/check_circle:" if state == "done" else f":material/counter_{place}:"
        with column.container(key=f"rail_{state}_{step}", gap=None):
            st.button(
                info.title,
                icon=mark,
                type="tertiary",
                key=draft.key(f"rail_{step}"),
                on_click=go_to_step,
                args=(step,),
                help=" ".join(str(fault) for fault in lacks[:3]) or None,
            )
            st.caption(words[step])


def _words(draft: Draft, reach: Reach, faults: Sequence[InvalidInput]) -> Mapping[Step, str]:
    over = reach.over(draft.channel.name)
    if over:
        audience = f"{number(reach.matched)} match, {number(over.count)} by {draft.channel.label}"
    else:
        audience = f"{number(reach.matched)} match" if reach.result else "Nobody is chosen yet"
    variants = len(variants_of(draft))
    written = "1 message" if variants == 1 else f"{variants} variants"
    wrong = faults_in("message", faults)
    message = f"{written}, {number(len(wrong))} to mend" if wrong else f"{written}, no fault found"
    left = len(faults)
    review = "Rehearses by itself" if not left else "1 thing is missing" if left == 1 else f"{left} things are missing"
    return {"audience": audience, "message": message, "delivery": literal(start_words(draft)), "review": review}


def start_words(draft: Draft) -> str:
    start: datetime | None = draft["start_at"]
    if start is None:
        return "At launch"
    zone = services().workspace.current().zone
    return f"{start.astimezone(zone):%a %-d %b, %H:%M %Z}"
