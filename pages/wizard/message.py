"""The message of a new campaign: its channel, subject and text, and how a customer will see it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import streamlit as st

from crm_core.audience.eligibility import REASON_LABELS, Reason, eligibility
from crm_core.campaigns.drafting.message_fields import AttributeTypes, message_fields
from crm_core.campaigns.drafting.template import MAX_LINE, check_template, render_line, render_message
from crm_core.channels.channel import Channel
from crm_core.channels.registry import CHANNELS
from crm_core.customers.model import Customer
from crm_core.errors import CrmError
from pages._ui.channels import channel_title
from pages._ui.deps import services
from pages._ui.formats import literal
from pages._ui.guard import show_error

MESSAGE: Final = "new_campaign_message"
FIELD: Final = "new_campaign_field"
FIRST_MESSAGE: Final = "Hi {{ customer.first_name | default: 'there' }}, we saved something for you."


@dataclass(frozen=True)
class Written:
    """lack: what is missing before it can be sent, None when nothing is."""

    channel: Channel
    text: str
    subject: str | None
    lack: str | None


def write_message(attributes: AttributeTypes) -> Written:
    channel = _choose_channel()
    subject = _write_subject(channel)
    text = _write_text(attributes)
    return Written(channel, text, subject, _find_lack(channel, text, subject, attributes))


def _choose_channel() -> Channel:
    name = st.selectbox(
        "Channel",
        list(CHANNELS),
        format_func=CHANNELS.label,
        key="new_campaign_channel",
        persist_state="session",
    )
    channel = CHANNELS[name]
    st.markdown(f"{channel_title(name)} needs {channel.address_words}.")
    return channel


def _write_subject(channel: Channel) -> str | None:
    if channel.subject is None:
        return None
    label = channel.subject.label
    text = st.text_input(label, max_chars=MAX_LINE, key="new_campaign_subject", persist_state="session")
    return text if text.strip() else None


def _write_text(attributes: AttributeTypes) -> str:
    st.session_state.setdefault(MESSAGE, FIRST_MESSAGE)
    text = st.text_area("Message", key=MESSAGE, height=140, max_chars=5000, persist_state="session")
    st.selectbox(
        "Insert a field of the customer",
        message_fields(attributes),
        index=None,
        format_func=lambda field: field.label,
        key=FIELD,
        on_change=_insert_field,
        placeholder="Choose a field, or type to find one",
    )
    return text


def _insert_field() -> None:
    """Put the picked field at the end of the message."""
    if field := st.session_state[FIELD]:
        st.session_state[MESSAGE] = f"{st.session_state[MESSAGE].rstrip()} {field.snippet}"
        st.session_state[FIELD] = None


def _find_lack(channel: Channel, text: str, subject: str | None, attributes: AttributeTypes) -> str | None:
    try:
        check_template(text, attributes=attributes)
        if subject is not None:
            check_template(subject, field="subject", attributes=attributes)
    except CrmError as exc:
        show_error(exc)
        return "a message without errors"
    is_subject_missing = channel.subject and channel.subject.is_required and subject is None
    return f"a {channel.subject.label.lower()}" if channel.subject and is_subject_missing else None


def show_preview(written: Written, sample: Sequence[Customer]) -> None:
    """What the first customers of the audience will see."""
    with st.container(border=True):
        st.markdown("**Preview with real customers**")
        if not sample:
            st.caption("Choose an audience that has customers to see what they will read.")
            return
        labels = {record["id"]: record.get("name") or record["id"] for record in sample}
        picked = st.selectbox(
            "Customer",
            list(labels),
            format_func=labels.__getitem__,
            key="new_campaign_customer",
            label_visibility="collapsed",
        )
        _show_for(written, next(record for record in sample if record["id"] == picked))
        if reason := _reason_to_skip(picked, written.channel.name):
            st.caption(f"This customer will be skipped: {REASON_LABELS[reason].lower()}.")


def _show_for(written: Written, customer: Customer) -> None:
    formatting = services().message_format
    with st.container(key="message_bubble", border=True):
        try:
            body = render_message(written.text, customer, formatting)
            subject = render_line(written.subject, customer, formatting) if written.subject else None
        except CrmError as exc:
            st.error(f"For this customer {literal(str(exc))}.", icon=":material/error:")
            return
        preview = written.channel.preview(body, subject)
        if preview.title:
            st.markdown(f"**{literal(preview.title)}**")
        st.text(preview.body)
    for note in preview.notes:
        st.caption(note)


def _reason_to_skip(customer_id: str, channel: str) -> Reason | None:
    """Why this customer would get nothing if the message were sent now."""
    policy, now = services().policy, services().clock()
    people = services().recipients.read([customer_id], channel, policy.cap, now)
    return eligibility(people.get(customer_id), channel, policy, now)
