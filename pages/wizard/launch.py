"""The launch, or its planning for later: asked once, with the number."""

import streamlit as st

from crm_core.errors import CrmError
from crm_core.infra.mongo import Doc
from crm_core.schema.message_states import MessageState
from pages._ui.deps import actor, services
from pages._ui.formats import literal, number
from pages._ui.links import go_to
from pages.wizard.draft import Draft
from pages.wizard.rail import start_words


def show_launch(draft: Draft, result: Doc | None) -> None:
    """result: of the rehearsal, None when there is none."""
    count = result["by_state"][MessageState.SENT] if result else None
    is_later = draft["start_at"] is not None
    whom = "the audience" if count is None else f"{number(count)} customer{'' if count == 1 else 's'}"
    place = st.container(border=True, key="wizard_launch", horizontal=True, vertical_alignment="center")
    with place.container(gap=None):
        when = f"from {literal(start_words(draft))}" if is_later else "at once"
        st.markdown(f"**{draft.channel.label} to {whom}, {when}**")
        if count == 0:
            st.caption(":material/block: Nobody would get it: choose another audience or channel.")
        st.caption("It can be paused or cancelled at any time; what has been sent cannot be called back.")
    label, icon = ("Schedule", "schedule") if is_later else ("Launch", "rocket_launch")
    pressed = place.button(
        f"{label} to {whom} …",
        type="primary",
        icon=f":material/{icon}:",
        disabled=count == 0,
        key=draft.key("launch"),
    )
    if pressed:
        _ask(draft, result, whom, label)


@st.dialog("Launch this campaign?", icon=":material/rocket_launch:")
def _ask(draft: Draft, result: Doc | None, whom: str, label: str) -> None:
    campaign = draft.campaign
    when = f"From {literal(start_words(draft))} on" if draft["start_at"] else "Now"
    st.markdown(f"{when}, **{literal(campaign['name'])}** goes over {draft.channel.label} to **{whom}**.")
    st.caption("They are found once more at the start. What is sent cannot be called back.")
    is_everyone = bool(result and result["needs_confirmation"])
    confirmed = (
        st.checkbox("Yes, everyone: this audience has no condition", key="launch_everyone") if is_everyone else False
    )
    if not st.button(
        f"{label} now" if label == "Launch" else label,
        type="primary",
        disabled=is_everyone and not confirmed,
        key="launch_confirm",
    ):
        return
    campaigns = services().campaigns
    try:
        if draft["start_at"]:
            campaigns.schedule(campaign["_id"], draft["start_at"], actor=actor(), confirm_everyone=confirmed)
        else:
            campaigns.launch(campaign["_id"], actor=actor(), confirm_everyone=confirmed)
    except CrmError as exc:
        st.error(literal(str(exc)))
        return
    go_to("campaign", campaign=campaign["_id"])
