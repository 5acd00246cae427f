"""New campaign: whom, what, and launch."""

from functools import partial

import streamlit as st

from crm_core.audience.eligibility import REASON_LABELS, Reason, eligibility
from crm_core.audience.preview import Preview
from crm_core.campaigns.drafting.message_fields import AttributeTypes, message_fields
from crm_core.campaigns.drafting.template import check_template, render_message
from crm_core.errors import CrmError
from crm_core.infra.mongo import Doc
from pages._ui.deps import actor, services
from pages._ui.formats import literal, number, percent
from pages._ui.widgets import noted_metric, page_header
from pages.campaigns.audience import Chosen, choose_audience
from pages.campaigns.launching import launch_dialog

CHANNEL = "in_app"
MESSAGE = "new_campaign_message"
FIELD = "new_campaign_field"
FIRST_MESSAGE = "Hi {{ customer.first_name | default: 'there' }}, we saved something for you."


def insert_field() -> None:
    """Put the picked field at the end of the message."""
    if field := st.session_state[FIELD]:
        st.session_state[MESSAGE] = f"{st.session_state[MESSAGE].rstrip()} {field.snippet}"
        st.session_state[FIELD] = None


def write_message(attributes: AttributeTypes) -> str:
    st.session_state.setdefault(MESSAGE, FIRST_MESSAGE)
    text = st.text_area("Message", key=MESSAGE, height=140, max_chars=5000, persist_state="session")
    st.selectbox(
        "Insert a field of the customer",
        message_fields(attributes),
        index=None,
        format_func=lambda field: field.label,
        key=FIELD,
        on_change=insert_field,
        placeholder="Choose a field, or type to find one",
    )
    return text


def is_sound(message: str, attributes: AttributeTypes) -> bool:
    try:
        check_template(message, attributes=attributes)
    except CrmError as exc:
        st.error(literal(str(exc)), icon=":material/error:")
        return False
    return True


def reason_to_skip(customer_id: str) -> Reason | None:
    """Why this customer would get nothing if the message were sent now."""
    policy, now = services().policy, services().clock()
    people = services().recipients.read([customer_id], CHANNEL, policy.cap, now)
    return eligibility(people.get(customer_id), CHANNEL, policy, now)


def show_preview(message: str, sample: list[Doc]) -> None:
    """What the first customers of the audience will read."""
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
        customer = next(record for record in sample if record["id"] == picked)
        with st.container(key="message_bubble", border=True):
            try:
                st.text(render_message(message, customer, services().message_format))
            except CrmError as exc:
                st.error(f"For this customer {literal(str(exc))}.", icon=":material/error:")
        if reason := reason_to_skip(picked):
            st.caption(f"This customer will be skipped: {REASON_LABELS[reason].lower()}.")


def show_count(result: Preview) -> None:
    share = percent(result.count, result.total)
    card = st.container(border=True)
    with card:
        noted_metric(card, "Customers match now", number(result.count), f"{share} of {number(result.total)}")
        st.caption(f"Exact as of {result.as_of:%H:%M:%S} UTC. Evaluated once more at launch.")


def offer_launch(chosen: Chosen | None, name: str, message: str, *, is_sound: bool) -> None:
    """Say what is missing; when nothing is, ask for the launch."""
    lacks = [
        chosen.lack if chosen else "a segment",
        None if name.strip() else "a name",
        None if is_sound else "a message without errors",
    ]
    missing = [lack for lack in lacks if lack]
    if missing:
        st.caption(f"Still needed: {', '.join(missing)}.")
    asked = st.button(
        "Launch …", type="primary", icon=":material/rocket_launch:", disabled=bool(missing), width="stretch"
    )
    if not asked or not chosen or not chosen.result:
        return
    audience = {"segment_id": chosen.segment["_id"]} if chosen.segment else {"rule": chosen.rule}
    draft = partial(services().campaigns.create, name=name, channel=CHANNEL, message=message, actor=actor(), **audience)
    launch_dialog(name, chosen.segment["name"] if chosen.segment else None, chosen.rule, chosen.result.count, draft)


page_header("New campaign", "Choose whom to write to, write the message, and launch.")
left, right = st.columns([3, 2], gap="medium")
with left:
    with st.container(border=True):
        st.subheader("Audience", anchor=False)
        chosen = choose_audience()
    with st.container(border=True):
        st.subheader("Message", anchor=False)
        name = st.text_input(
            "Campaign name",
            max_chars=100,
            key="new_campaign_name",
            placeholder="such as Spring thank-you",
            persist_state="session",
        )
        st.markdown(":material/smartphone: In-app message, addressed by the customer id: needs no contact detail.")
        attributes = services().scopes.catalogue().attributes
        message = write_message(attributes)
        sound = is_sound(message, attributes)
with right:
    result = chosen.result if chosen else None
    if result:
        show_count(result)
    if sound:
        show_preview(message, result.sample if result else [])
    offer_launch(chosen, name, message, is_sound=sound)
