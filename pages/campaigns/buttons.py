"""What can be done to a campaign in its state: buttons, and the questions before what cannot be undone."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import streamlit as st

from crm_core.campaigns.lifecycle import Campaigns
from crm_core.campaigns.messages.message_log import Stats
from crm_core.campaigns.model import Campaign
from crm_core.campaigns.states import CampaignState
from crm_core.errors import CrmError
from pages._ui import queries
from pages._ui.deps import actor, services
from pages._ui.formats import literal
from pages._ui.links import go_to
from pages.campaigns.launching import launch_dialog
from pages.campaigns.words import cancel_words, retry_words, retryable

State = CampaignState
REFUSED: Final = "campaign_refused"
"""Why the last click had no effect; said once the page shows the campaign as it is by now."""


@dataclass(frozen=True)
class _Button:
    """Either changes the campaign at once, or opens something: a question, if its label ends in an ellipsis."""

    label: str
    icon: str
    change: Callable[..., Campaign] | None = None
    open: Callable[[Campaign], None] | None = None
    is_primary: bool = False


def offered(campaign: Campaign, stats: Stats) -> Sequence[str]:
    """Names of the buttons, in order: they change with the state, and once there is something to retry."""
    retry = ["retry"] if retryable(stats) and not campaign.get("retry") else []
    shelf = "unarchive" if campaign.get("archived_at") else "archive"
    match campaign["state"]:
        case State.DRAFT:
            return ["launch", "duplicate", shelf]
        case State.SCHEDULED:
            return ["launch", "unschedule", "duplicate", "cancel"]
        case State.PREPARING:
            return ["pause", "duplicate", "cancel"]
        case State.SENDING:
            return ["pause", *retry, "duplicate", "cancel"]
        case State.PAUSED:
            return ["resume", *retry, "duplicate", "cancel"]
        case State.COMPLETED:
            return [*retry, "duplicate", shelf]
        case _:
            return ["duplicate", shelf]


def show_buttons(campaign: Campaign, stats: Stats) -> None:
    for name in offered(campaign, stats):
        button = _BUTTONS[name]
        kind: Any = "primary" if button.is_primary else "secondary"
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
    if reason := st.session_state.pop(REFUSED, None):
        st.error(literal(reason), icon=":material/error:")


def _change(button: _Button, campaign_id: str) -> None:
    """Before the page is drawn: what was clicked may not be offered any more, and that has to be said."""
    assert button.change
    try:
        button.change(services().campaigns, campaign_id, actor=actor())
    except CrmError as exc:
        st.session_state[REFUSED] = str(exc)


def _duplicate(campaign: Campaign) -> None:
    copy = services().campaigns.duplicate(campaign["_id"], actor=actor())
    go_to("campaign", campaign=copy["_id"])


def _ask_to_launch(campaign: Campaign) -> None:
    bound, _ = services().campaigns.at_launch(campaign)
    count = queries.preview(bound.rule).count
    launch_dialog(campaign["name"], campaign["segment_name"], bound.rule, count, lambda: campaign)


@st.dialog("Cancel this campaign?", icon=":material/block:")
def _ask_to_cancel(campaign: Campaign) -> None:
    campaign_id = campaign["_id"]
    now = services().campaigns.get(campaign_id)
    _ask(
        cancel_words(now, services().message_log.stats(campaign_id)),
        "Cancel campaign",
        lambda: services().campaigns.cancel(campaign_id, actor=actor()),
    )


@st.dialog("Send failed messages again?", icon=":material/replay:")
def _ask_to_retry(campaign: Campaign) -> None:
    campaign_id = campaign["_id"]
    _ask(
        retry_words(services().message_log.stats(campaign_id)),
        "Send again",
        lambda: services().campaigns.retry_failed(campaign_id, actor=actor()),
    )


def _ask(lines: Sequence[str], label: str, do: Callable[[], Any]) -> None:
    for line in lines:
        st.markdown(line)
    if not st.button(label, type="primary", key="campaign_confirm"):
        return
    try:
        do()
    except CrmError as exc:
        st.error(literal(str(exc)))
        return
    st.rerun()


_BUTTONS: Final = {
    "launch": _Button("Launch …", "rocket_launch", open=_ask_to_launch, is_primary=True),
    "unschedule": _Button("Back to draft", "event_busy", Campaigns.unschedule),
    "pause": _Button("Pause", "pause", Campaigns.pause, is_primary=True),
    "resume": _Button("Resume", "play_arrow", Campaigns.resume, is_primary=True),
    "retry": _Button("Retry failed …", "replay", open=_ask_to_retry),
    "duplicate": _Button("Duplicate", "content_copy", open=_duplicate),
    "archive": _Button("Archive", "archive", Campaigns.archive),
    "unarchive": _Button("Unarchive", "unarchive", Campaigns.unarchive),
    "cancel": _Button("Cancel …", "block", open=_ask_to_cancel),
}
