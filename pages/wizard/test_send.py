"""A test message to oneself: each variant as one customer would get it."""

from collections.abc import Sequence
from typing import Final

import streamlit as st

from crm_core.customers.model import Customer
from crm_core.errors import CrmError
from pages._ui.deps import actor, services
from pages._ui.formats import literal
from pages._ui.guard import show_error
from pages.wizard.draft import Draft
from pages.wizard.variants import variants_of

PEOPLE: Final = 20
HINTS: Final = {"email": "such as you@example.com", "phone": "such as +49 151 234 5678"}


def show_test_send(draft: Draft, sample: Sequence[Customer]) -> None:
    """sample: customers of the audience."""
    st.subheader("Test send", anchor=False)
    if not sample:
        st.caption("It needs a customer of the audience, as whom the message is made.")
        return
    people = {each["id"]: str(each.get("name") or each["id"]) for each in sample[:PEOPLE]}
    chosen = st.selectbox("As this customer would get it", list(people), format_func=people.__getitem__)
    channel = draft.channel
    to = st.text_input("To", placeholder=HINTS.get(channel.address or "", channel.address_words))
    names = [each["name"] for each in variants_of(draft)]
    label = "Send it to me" if len(names) == 1 else f"Send {' and '.join(literal(str(name)) for name in names)} to me"
    if not st.button(label, icon=":material/send:", disabled=not to.strip() or chosen is None) or chosen is None:
        return
    try:
        sent = services().test_sends.send(draft.campaign, names, to=to, customer_id=chosen, actor=actor())
    except CrmError as exc:
        show_error(exc)
        return
    for message in sent.messages:
        of = f"{literal(message.variant)}: " if message.variant else ""
        if reason := message.answer.reason:
            st.error(f"{of}the vendor refused it: {literal(reason)}.", icon=":material/error:")
        else:
            words = f"{of}taken by the vendor after {sent.took_ms:g} ms, for {literal(sent.to)}."
            st.success(words, icon=":material/check_circle:")
