"""The question before a launch, and the launch."""

from collections.abc import Callable

import streamlit as st

from crm_core.campaigns.model import Campaign
from crm_core.errors import CrmError
from crm_core.rules.binding import bind, has_conditions
from crm_core.rules.tree import AnyRule
from pages._ui.deps import actor, services
from pages._ui.formats import literal, number
from pages._ui.links import go_to
from pages._ui.rule_words import rule_words


@st.dialog("Launch this campaign?", icon=":material/rocket_launch:")
def launch_dialog(name: str, segment: str | None, rule: AnyRule, count: int, draft: Callable[[], Campaign]) -> None:
    """Ask, then launch and go to the campaign.

    segment: its name, None for a rule of the campaign's own. count: who match now. draft: gives the draft to
    launch, making it if need be; it stays, with a button of its own, when the launch fails.
    """
    whom = f" of **{literal(segment)}**." if segment else f": {rule_words(rule)}."
    st.markdown(f"**{literal(name)}** goes to **{number(count)}** customers{whom}")
    st.caption("They are evaluated once more at launch. What is sent cannot be called back.")
    is_everyone = not has_conditions(bind(rule, services().rule_contexts.context()))
    confirmed = st.checkbox("Yes, everyone", key="launch_everyone") if is_everyone else False
    if not st.button("Launch now", type="primary", disabled=is_everyone and not confirmed, key="launch_confirm"):
        return
    try:
        campaign = draft()
        services().campaigns.launch(campaign["_id"], actor=actor(), confirm_everyone=confirmed)
    except CrmError as exc:
        st.error(literal(str(exc)))
        return
    go_to("campaign", campaign=campaign["_id"])
