"""Suppressing a customer, an address or a file of addresses, and lifting what was suppressed."""

from typing import Final, cast

import streamlit as st

from crm_core.access.permissions import Permission
from crm_core.audience.model import Suppression
from crm_core.channels.registry import CHANNELS
from crm_core.errors import CrmError
from crm_core.schema.suppressions import SuppressionReason
from pages._ui.channels import SUPPRESSION_REASONS, suppression_words
from pages._ui.deps import actor, services
from pages._ui.formats import literal, number, utc_exact
from pages._ui.guard import show_error
from pages._ui.links import link_to
from pages.consent.addresses import MAX_MB, read_addresses
from pages.consent.words import source_words, whom

DONE: Final = "consent_done"
WITH_ADDRESS: Final = [name for name, channel in CHANNELS.items() if channel.address]
MEANING: Final = "Campaigns skip it, those that are being sent too, for every customer who has the address."


@st.dialog("Suppress", icon=":material/block:")
def suppress_dialog() -> None:
    kind = st.segmented_control(
        "What",
        ["Address", "Customer"],
        default="Address",
        required=True,
        key="consent_what",
        label_visibility="collapsed",
    )
    is_address = kind != "Customer"
    text = st.text_input("Address" if is_address else "Customer id", key="consent_whom", max_chars=254)
    channel = _pick_channel(WITH_ADDRESS if is_address else list(CHANNELS))
    reason = _pick_reason()
    st.caption(MEANING if is_address else "Campaigns skip this customer, and whoever else has the address.")
    if not st.button("Suppress", type="primary", key="consent_suppress_confirm", disabled=not text.strip()):
        return
    try:
        if is_address:
            services().suppressions.add_address(channel, text, reason=reason, actor=actor())
        else:
            services().suppressions.add(text.strip(), channel, reason=reason, actor=actor())
    except CrmError as exc:
        show_error(exc)
        return
    st.session_state[DONE] = f"{text.strip()} gets no {CHANNELS.label(channel)} message any more."
    st.rerun()


@st.dialog("Suppress the addresses of a file", icon=":material/upload_file:")
def import_dialog() -> None:
    channel, reason = _pick_channel(WITH_ADDRESS), _pick_reason()
    file = st.file_uploader("CSV or text, an address a line", type=["csv", "txt"], max_upload_size=MAX_MB)
    if file is None:
        st.caption("Of a CSV the column of addresses is taken, or the first one.")
        return
    found = read_addresses(file.getvalue(), CHANNELS[channel].address or "")
    if not found.addresses:
        st.warning(
            f"{literal(file.name)} holds no line with {CHANNELS[channel].address_words}.", icon=":material/rule:"
        )
        return
    left = f" {number(found.left_out)} lines are none and are left out." if found.left_out else ""
    st.markdown(f"**{number(len(found.addresses))}** addresses, the first is `{literal(found.addresses[0])}`.{left}")
    st.caption(MEANING)
    if not st.button(f"Suppress {number(len(found.addresses))}", type="primary", key="consent_import_confirm"):
        return
    try:
        count = sum(
            services().suppressions.add_addresses(
                channel, part, reason=reason, actor=actor(), source=f"File {file.name}"
            )
            for part in found.parts()
        )
    except CrmError as exc:
        show_error(exc)
        return
    st.session_state[DONE] = f"{number(count)} addresses suppressed; the others were so already."
    st.rerun()


@st.dialog("Suppression", icon=":material/block:")
def entry_dialog(row: Suppression) -> None:
    channel = CHANNELS.label(row["channel"])
    st.markdown(f"**{literal(whom(row))}** gets no **{channel}** message: {suppression_words(row['reason']).lower()}.")
    source = source_words(row.get("source", ""))
    st.caption(
        f"Since {utc_exact(row['created_at'])}, by {literal(row['created_by'])}"
        + (f", {literal(source)}" if source else "")
    )
    if customer_id := row.get("customer_id"):
        link_to("customer", "Open the customer", ":material/person:", customer=customer_id)
    if not actor().may(Permission.WRITE_CONSENT):
        return
    st.markdown(
        f"Lifted, {channel} messages go there again where consent allows it. Consent itself does not change. Lift it "
        "only when its owner asked for messages again, or the address was mended."
    )
    if not st.button("Lift", icon=":material/lock_open:", key="consent_lift_confirm"):
        return
    try:
        services().suppressions.lift_row(row["_id"], actor=actor())
    except CrmError as exc:
        show_error(exc)
        return
    st.session_state[DONE] = f"{whom(row)} may get {channel} messages again."
    st.rerun()


def _pick_channel(names: list[str]) -> str:
    return st.selectbox("Channel", names, format_func=CHANNELS.label, key="consent_over")


def _pick_reason() -> SuppressionReason:
    chosen = st.selectbox("Reason", list(SUPPRESSION_REASONS), format_func=suppression_words, key="consent_why")
    return cast("SuppressionReason", chosen)
