"""What can be done to a campaign in its state: buttons, and the questions before what cannot be undone."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import streamlit as st

from crm_core.campaigns.drafting.drafts import ARCHIVABLE
from crm_core.campaigns.lifecycle import CANCELLABLE, RETRYABLE, Campaigns
from crm_core.campaigns.messages.message_log import Stats
from crm_core.campaigns.model import Campaign
from crm_core.campaigns.states import CampaignState
from crm_core.errors import CrmError
from pages._ui.deps import actor, services
from pages._ui.formats import literal
from pages._ui.links import go_to
from pages.campaigns.words import cancel_words, retry_words, retryable

State = CampaignState
REFUSED: Final = "campaign_refused"
"""Why the last click had no effect, and until when that is said: the page is drawn anew every second."""
SAID_FOR: Final = timedelta(seconds=15)
MAIN: Final = {
    State.DRAFT: "review",
    State.SCHEDULED: "edit",
    State.PREPARING: "pause",
    State.SENDING: "pause",
    State.PAUSED: "resume",
}


@dataclass(frozen=True)
class _Button:
    """Either changes the campaign at once, or opens something: a question, if its label ends in an ellipsis."""

    label: str
    icon: str
    change: Callable[..., Campaign] | None = None
    open: Callable[[Campaign], None] | None = None


def may_retry(campaign: Campaign, stats: Stats) -> bool:
    return bool(campaign["state"] in RETRYABLE and retryable(campaign, stats) and not campaign.get("retry"))


def offered(campaign: Campaign, stats: Stats) -> Sequence[str]:
    """Names of the buttons, in order: they change with the state, and once there is something to retry."""
    state = campaign["state"]
    shelf = "unarchive" if campaign.get("archived_at") else "archive"
    return [
        *([MAIN[state]] if state in MAIN else []),
        *(["cancel"] if state in CANCELLABLE else []),
        *(["retry"] if may_retry(campaign, stats) else []),
        *(["edit"] if state == State.DRAFT else []),
        *(["unschedule"] if state == State.SCHEDULED else []),
        "duplicate",
        *([shelf] if state in ARCHIVABLE else []),
    ]


def show_buttons(campaign: Campaign, stats: Stats) -> None:
    """Those that are clicked in a hurry have places of their own, at the edge: whatever comes or goes beside them, they
    stay where the pointer is. A button that is left over from before is removed late, and moves its neighbours."""
    names = offered(campaign, stats)
    hurried = [name for name in names if name in {*MAIN.values(), "cancel"}]
    with st.container(horizontal=True, gap="xsmall", width="content", key="campaign_buttons"):
        for name in hurried:
            with st.container(width="content"):
                _show_button(name, campaign, is_primary=name != "cancel")
        with st.container(horizontal=True, gap="xsmall", width="content"):
            for name in names:
                if name not in hurried:
                    _show_button(name, campaign)


def retry_button(campaign: Campaign) -> None:
    """Where the failures are listed."""
    if st.button("Send failed ones again …", icon=":material/replay:", key="campaign_retry_here"):
        _ask_to_retry(campaign)


def _show_button(name: str, campaign: Campaign, *, is_primary: bool = False) -> None:
    button = _BUTTONS[name]
    kind: Any = "primary" if is_primary else "secondary"
    pressed = st.button(
        button.label,
        type=kind,
        icon=f":material/{button.icon}:",
        key=f"campaign_{name}",
        on_click=_change if button.change else None,
        args=(button, campaign["_id"]),
    )
    if pressed and button.open:
        button.open(campaign)


def show_refusal() -> None:
    """Somebody else was first: what they did stands above what the page shows now."""
    reason, until = st.session_state.get(REFUSED, ("", None))
    if until and services().clock() < until:
        st.error(literal(reason), icon=":material/error:")


def _change(button: _Button, campaign_id: str) -> None:
    """Before the page is drawn: what was clicked may not be offered any more, and that has to be said."""
    assert button.change
    st.session_state.pop(REFUSED, None)
    try:
        button.change(services().campaigns, campaign_id, actor=actor())
    except CrmError as exc:
        st.session_state[REFUSED] = str(exc), services().clock() + SAID_FOR


def _duplicate(campaign: Campaign) -> None:
    copy = services().campaigns.duplicate(campaign["_id"], actor=actor())
    go_to("campaign", campaign=copy["_id"])


def _edit(campaign: Campaign) -> None:
    go_to("new_campaign", campaign=campaign["_id"])


def _review(campaign: Campaign) -> None:
    """Where it is launched: after a rehearsal, with the number of those who will be messaged."""
    go_to("new_campaign", campaign=campaign["_id"], step="review")


@st.dialog("Cancel this campaign?", icon=":material/block:")
def _ask_to_cancel(campaign: Campaign) -> None:
    campaign_id = campaign["_id"]
    now = services().campaigns.get(campaign_id)
    _ask(
        cancel_words(now, services().message_log.stats(campaign_id)),
        "Cancel campaign",
        "campaign_confirm_cancel",
        lambda: services().campaigns.cancel(campaign_id, actor=actor()),
    )


@st.dialog("Send failed messages again?", icon=":material/replay:")
def _ask_to_retry(campaign: Campaign) -> None:
    campaign_id = campaign["_id"]
    _ask(
        retry_words(campaign, services().message_log.stats(campaign_id)),
        "Send again",
        "campaign_confirm_retry",
        lambda: services().campaigns.retry_failed(campaign_id, actor=actor()),
    )


def _ask(lines: Sequence[str], label: str, key: str, do: Callable[[], Any]) -> None:
    for line in lines:
        st.markdown(line)
    if not st.button(label, type="primary", key=key):
        return
    try:
        do()
    except CrmError as exc:
        st.error(literal(str(exc)))
        return
    st.rerun()


_BUTTONS: Final = {
    "review": _Button("Review and launch", "rocket_launch", open=_review),
    "edit": _Button("Edit", "edit", open=_edit),
    "unschedule": _Button("Back to draft", "event_busy", Campaigns.unschedule),
    "pause": _Button("Pause", "pause", Campaigns.pause),
    "resume": _Button("Resume", "play_arrow", Campaigns.resume),
    "retry": _Button("Retry failed …", "replay", open=_ask_to_retry),
    "duplicate": _Button("Duplicate", "content_copy", open=_duplicate),
    "archive": _Button("Archive", "archive", Campaigns.archive),
    "unarchive": _Button("Unarchive", "unarchive", Campaigns.unarchive),
    "cancel": _Button("Cancel …", "block", open=_ask_to_cancel),
}
