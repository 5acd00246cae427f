"""New campaign: whom, what, and launch."""

from functools import partial

import streamlit as st

from crm_core.campaigns.delivery import template_fields
from crm_core.campaigns.eligibility import eligibility
from crm_core.campaigns.template import FIELDS, check_template, render_message
from crm_core.errors import CrmError
from crm_core.infra.mongo import Doc
from crm_core.rules.loading import load_rule
from pages._ui import queries
from pages._ui.deps import ACTOR, services
from pages._ui.formats import literal, number, percent
from pages._ui.launching import launch_dialog
from pages._ui.links import go_to
from pages._ui.rule_words import rule_words
from pages._ui.widgets import empty_state, page_header

CHANNEL = "in_app"
MESSAGE = "new_campaign_message"
FIRST_MESSAGE = "Hi {{ customer.first_name | default: 'there' }}, we saved something for you."


def insert_field() -> None:
    """Put the picked field at the end of the message."""
    name = st.session_state["new_campaign_field"]
    if name:
        default = " | default: 'there'" if name in {"name", "first_name"} else ""
        text = st.session_state[MESSAGE].rstrip()
        st.session_state[MESSAGE] = f"{text} {{{{ customer.{name}{default} }}}}"
        st.session_state["new_campaign_field"] = None


def choose_segment() -> Doc | None:
    segments = services().segments.list_all()
    if not segments:
        with empty_state("groups", "No segment yet", "A campaign goes to a segment. Build one first."):
            if st.button("Build an audience", icon=":material/filter_alt:", type="primary"):
                go_to("audience_builder")
        return None
    wanted = st.query_params.get("segment")
    if wanted and not any(segment["_id"] == wanted for segment in segments):
        segments.append(services().segments.get(wanted))  # an old one, or none: then this says so
    ids = [segment["_id"] for segment in segments]
    names = {segment["_id"]: segment["name"] for segment in segments}
    index = ids.index(wanted) if wanted else None
    picked = st.selectbox(
        "Segment", ids, index, format_func=names.__getitem__, key="new_campaign_segment", placeholder="Choose a segment"
    )
    return next((segment for segment in segments if segment["_id"] == picked), None)


def write_message() -> str:
    st.session_state.setdefault(MESSAGE, FIRST_MESSAGE)
    text = st.text_area("Message", key=MESSAGE, height=140, max_chars=5000, persist_state="session")
    st.pills(
        "Insert a field of the customer",
        list(FIELDS),
        format_func=FIELDS.__getitem__,
        key="new_campaign_field",
        on_change=insert_field,
    )
    return text


def is_sound(message: str) -> bool:
    try:
        check_template(message)
    except CrmError as exc:
        st.error(literal(str(exc)), icon=":material/error:")
        return False
    return True


def show_preview(message: str, sample: list[Doc]) -> None:
    """What the first customers of the segment will read."""
    with st.container(border=True):
        st.markdown("**Preview with real customers**")
        if not sample:
            st.caption("Choose a segment that has customers to see what they will read.")
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
                st.text(render_message(message, template_fields(customer)))
            except CrmError as exc:
                st.error(f"For this customer {literal(str(exc))}.", icon=":material/error:")
        if eligibility(customer, CHANNEL):
            st.caption("This customer has declined in-app messages and will be skipped.")


page_header("New campaign", "Choose whom to write to, write the message, and launch.")
left, right = st.columns([3, 2], gap="medium")
with left:
    with st.container(border=True):
        st.subheader("Audience", anchor=False)
        segment = choose_segment()
        result = queries.preview(load_rule(segment["rule"])) if segment else None
        if segment and result:
            st.caption(rule_words(load_rule(segment["rule"])))
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
        message = write_message()
        sound = is_sound(message)
with right:
    if result:
        share = percent(result.count, result.total)
        with st.container(border=True):
            st.metric(
                "Customers match now",
                number(result.count),
                f"{share} of {number(result.total)}",
                delta_color="off",
                delta_arrow="off",
            )
            st.caption(f"Exact as of {result.as_of:%H:%M:%S} UTC. Evaluated once more at launch.")
    if sound:
        show_preview(message, result.sample if result else [])
    missing = [
        word
        for word, is_there in (("a segment", segment), ("a name", name.strip()), ("a message without errors", sound))
        if not is_there
    ]
    if result and not result.count:
        missing.append("a segment that has customers")
    if missing:
        st.caption(f"Still needed: {', '.join(missing)}.")
    if (
        st.button("Launch …", type="primary", icon=":material/rocket_launch:", disabled=bool(missing), width="stretch")
        and segment
        and result
    ):
        draft = partial(
            services().campaigns.create,
            name=name,
            channel=CHANNEL,
            message=message,
            segment_id=segment["_id"],
            actor=ACTOR,
        )
        launch_dialog(name, segment["name"], load_rule(segment["rule"]), result.count, draft)
