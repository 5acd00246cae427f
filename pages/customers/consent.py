"""Per channel: what the customer has said, whether a message may be sent now, and stopping or allowing them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

import streamlit as st

from crm_core.audience.eligibility import Reason, eligibility
from crm_core.audience.model import Suppression
from crm_core.channels.registry import CHANNELS
from crm_core.customers.model import Customer
from crm_core.errors import CrmError
from pages._ui.channels import channel_title, reason_words, suppression_words
from pages._ui.deps import actor, services
from pages._ui.formats import literal, relative_time, utc_exact
from pages._ui.guard import show_error
from pages._ui.widgets import tinted_badge

_STATES: Final = {
    "granted": ("green", "thumb_up", "granted"),
    "denied": ("red", "thumb_down", "denied"),
    "unknown": ("gray", "help", "unknown"),
}
DONE: Final = "customer_consent_done"


def show_consent(customer: Customer) -> None:
    suppressed = services().suppressions.of_one(customer["id"])
    now = services().clock()
    with st.container(border=True):
        st.markdown("**Consent**")
        for channel in CHANNELS:
            _show_channel(customer, channel, suppressed, now)
    if done := st.session_state.pop(DONE, None):
        st.toast(done, icon=":material/check_circle:")


def reason_now(customer: Customer, channel: str, now: datetime) -> Reason | None:
    """Why a message over ``channel`` would not be sent; what a campaign asks when it sends."""
    policy = services().policy
    people = services().recipients.read([customer["id"]], channel, policy.cap, now)
    return eligibility(people.get(customer["id"]), channel, policy, now)


def _show_channel(customer: Customer, channel: str, suppressed: Mapping[str, Suppression], now: datetime) -> None:
    told = customer.get("consent", {}).get(channel, {})
    reason = reason_now(customer, channel, now)
    with st.container(key=f"customer_channel_{channel}", gap=None):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            with st.container(horizontal=True, vertical_alignment="center", width="content", gap="small"):
                st.markdown(f"**{channel_title(channel)}**", width="content")
                st.markdown(tinted_badge(*_STATES[told.get("state", "unknown")]), width="content")
            _offer_act(customer, channel, suppressed)
        _show_verdict(reason)
        if told.get("at"):
            by = f" by {literal(told['source'])}" if told.get("source") else ""
            st.caption(f"Noted {relative_time(told['at'], now)}{by}", help=utc_exact(told["at"]))
        if found := suppressed.get(channel):
            when, why = relative_time(found["created_at"], now), suppression_words(found["reason"]).lower()
            what = "Stopped" if "customer_id" in found else "The address was stopped"
            words = f"{what} {when} by {literal(found['created_by'])}: {why}"
            st.caption(words, help=utc_exact(found["created_at"]))


def _show_verdict(reason: Reason | None) -> None:
    if reason is None:
        st.markdown(":green[:material/check_circle:] A message may be sent now.")
    else:
        st.markdown(f":red[:material/cancel:] No message now: {reason_words(reason).lower()}.")


def _offer_act(customer: Customer, channel: str, suppressed: Mapping[str, Suppression]) -> None:
    if channel in suppressed:
        if st.button("Allow again", key=f"customer_allow_{channel}", type="tertiary", icon=":material/lock_open:"):
            services().suppressions.lift_row(suppressed[channel]["_id"], actor=actor())
            st.session_state[DONE] = f"{CHANNELS.label(channel)} messages are not stopped any more."
            st.rerun()
    elif st.button("Stop messages", key=f"customer_stop_{channel}", type="tertiary", icon=":material/block:"):
        _stop_dialog(customer, channel)


@st.dialog("Stop messages over this channel?", icon=":material/block:")
def _stop_dialog(customer: Customer, channel: str) -> None:
    name = literal(customer.get("name") or customer["id"])
    st.markdown(f"**{name}** gets no **{CHANNELS.label(channel)}** message any more, whatever consent says.")
    st.caption("Campaigns skip this customer, those that are being sent too. It can be allowed again here.")
    if not st.button("Stop messages", type="primary", key="customer_stop_confirm"):
        return
    try:
        services().suppressions.add(customer["id"], channel, reason="manual", actor=actor())
    except CrmError as exc:
        show_error(exc)
        return
    st.session_state[DONE] = f"{CHANNELS.label(channel)} messages are stopped."
    st.rerun()
