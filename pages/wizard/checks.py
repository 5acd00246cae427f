"""What somebody should know before a launch, each with where it is mended."""

from collections.abc import Iterator
from datetime import timedelta

import streamlit as st

from crm_core.campaigns.drafting.content import TEXTS
from crm_core.campaigns.states import RowReason
from crm_core.infra.mongo import Doc
from crm_core.schema.message_states import MessageState
from pages._ui.deps import services
from pages._ui.formats import literal, number, relative_time
from pages._ui.links import link_to
from pages.wizard.draft import Draft
from pages.wizard.reach import Reach
from pages.wizard.used_fields import find_used
from pages.wizard.variants import variants_of

GOOD, WARNING, BAD = ":green[:material/check_circle:]", ":orange[:material/warning:]", ":red[:material/error:]"


def show_checks(draft: Draft, reach: Reach, result: Doc | None) -> None:
    st.subheader("Checks", anchor=False)
    if result:
        _show_rendering(result)
    for line in _empty_fields(draft, reach):
        st.markdown(line)
    _show_vendor()
    if draft.is_unnamed:
        st.markdown(f"{WARNING} It has no name of its own: in lists it is an “{literal(draft['name'])}”.")


def _show_rendering(result: Doc) -> None:
    sent = result["by_state"][MessageState.SENT]
    failing = result["failed_by_reason"].get(RowReason.TEMPLATE_FAILED, 0)
    if not failing:
        st.markdown(f"{GOOD} The message can be made for all {number(sent)} customers.")
        return
    st.markdown(
        f"{BAD} It cannot be made for **{number(failing)}** of {number(sent + failing)} customers: they get nothing."
    )
    for fault in result["faults"] or ():
        link_to("customer", literal(fault["customer_id"]), ":material/person:", customer=fault["customer_id"])


def _show_vendor() -> None:
    health, now = services().vendor_health(), services().clock()
    if health.is_reachable:
        st.markdown(f"{GOOD} The vendor answers, in {health.took_ms:g} ms.")
        return
    since = f"Since {relative_time(health.since, now)}" if now - health.since > timedelta(seconds=5) else "Now"
    trouble = literal(health.trouble or "The vendor cannot be reached.")
    st.markdown(f"{BAD} {trouble} {since}. Messages wait for it; none is lost.")


def _empty_fields(draft: Draft, reach: Reach) -> Iterator[str]:
    attributes = services().rule_contexts.catalogue().attributes
    texts = [variant[name] for variant in variants_of(draft) for name in TEXTS]
    for used in find_used(texts, reach.rule, attributes):
        if used.empty:
            says = " or ".join(f"“{literal(each)}”" for each in used.says if each) or "nothing"
            verb = "has" if used.empty == 1 else "have"
            who = f"{number(used.empty)} of the audience {verb} no {literal(used.label.lower())}"
            yield f"{WARNING} {who}: it says {says}."
