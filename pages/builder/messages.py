"""The parts of conditions on messages: which state they reached, and which of them are counted."""

from functools import partial
from typing import Final

import streamlit as st

from crm_core.channels.registry import CHANNELS
from crm_core.rules.wording_records import MESSAGES
from crm_core.schema.message_states import MessageState
from pages._ui.channels import known_reasons, reason_words
from pages.builder.board.reading import Reading
from pages.builder.board.tree import Condition, Draft
from pages.builder.widgets import ANYTHING, choice_field, commit, days_field, hold, key_of, put_field

WITH_REASON: Final = (MessageState.FAILED, MessageState.SKIPPED)
MEANS: Final = {
    "sent": "Attempted, and so are those that failed.",
    "delivered": "Delivered at least: opened and clicked ones are among them.",
    "opened": "Opened at least: clicked ones are among them.",
    "clicked": "A link in them was clicked.",
    "failed": "They could not be delivered.",
    "skipped": "Not sent, for a reason such as no consent.",
}


def edit_messages(condition: Condition, reading: Reading) -> None:
    """State, period, and what of the messages has to fit; what is left open counts all."""
    draft = condition.draft
    state = str(draft["state"])
    left, right = st.columns([3, 2], gap="small")
    with left:
        key = key_of(condition.id, "state")
        hold(key, state)
        st.selectbox(
            "Messages",
            list(MESSAGES),
            list(MESSAGES).index(state),
            format_func=lambda each: MESSAGES[each][0],
            key=key,
            on_change=commit,
            args=(condition.id, key, _of_state),
        )
        st.caption(MEANS[state])
    with right:
        key, put = put_field(condition, "within_days")
        days_field(f"{state} in the last days", key, draft.get("within_days"), put, least=1, placeholder="any time")
    columns = st.columns(4 if state in WITH_REASON else 3, gap="small")
    with columns[0]:
        key, put = put_field(condition, "channel")
        labels = {name: channel.label for name, channel in CHANNELS.items()}
        _choose("over channel", key, draft.get("channel"), labels, put)
    with columns[1]:
        key, put = put_field(condition, "campaign_id")
        _choose("of campaign", key, draft.get("campaign_id"), reading.words.campaigns.labels(), put)
    with columns[2]:
        key, put = put_field(condition, "tag")
        tags = reading.words.campaigns.tags()
        choice_field("tagged", key, draft.get("tag"), tags, put, placeholder=ANYTHING)
    if state in WITH_REASON:
        with columns[3]:
            key, put = put_field(condition, "reason")
            reasons = {each: reason_words(each) for each in known_reasons(state, draft.get("channel"))}
            _choose("for the reason", key, draft.get("reason"), reasons, put, accept_new_options=True)


def _of_state(state: str) -> Draft:
    """Other states have no reason."""
    return {"state": state} if state in WITH_REASON else {"state": state, "reason": None}


def _choose(label: str, key: str, value: str | None, labels: dict[str, str], put: partial[None], **more: bool) -> None:
    """labels: what each choice is called; one that is not among them shows as it is."""
    choice_field(
        label,
        key,
        value,
        list(labels),
        put,
        format_func=lambda each: labels.get(each, each),
        placeholder=ANYTHING,
        **more,
    )
