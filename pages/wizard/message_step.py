"""Second step: the channel, and what the message says."""

from collections.abc import Sequence
from typing import Final

import streamlit as st

from crm_core.campaigns.drafting.content import MAX_SENDER
from crm_core.campaigns.drafting.definition import DraftFields
from crm_core.campaigns.drafting.message_fields import AttributeTypes, MessageField, message_fields
from crm_core.campaigns.drafting.template import MAX_LINE, MAX_TEMPLATE
from crm_core.channels.channel import LINES
from crm_core.channels.registry import CHANNELS
from crm_core.errors import InvalidInput
from pages._ui import queries
from pages._ui.deps import services
from pages._ui.formats import literal, number
from pages.wizard.draft import Draft, save
from pages.wizard.preview import SAMPLE, Seen, length_words, render_sample, show_failing, show_preview
from pages.wizard.reach import Reach
from pages.wizard.used_fields import find_used, show_used
from pages.wizard.variants import Variant, choose_variant, text_widget, variants_of, with_text

QUICK: Final = ("first_name", "city", "last_order_at")


def show_message_step(draft: Draft, reach: Reach, faults: Sequence[InvalidInput]) -> None:
    _choose_channel(draft, reach)
    variants = variants_of(draft)
    left, right = st.columns([3, 2], gap="medium")
    attributes = services().rule_contexts.catalogue().attributes
    with left, st.container(border=True):
        place = choose_variant(draft, variants)
        sample = queries.audience_sample(reach.rule, SAMPLE) if reach.rule is not None else []
        seen = render_sample(draft, variants[place], sample) if not faults else []
        _sender(draft)
        for name in draft.channel.lines:
            _line(draft, variants, place, name, seen)
        st.text_area("Message", height=220, max_chars=MAX_TEMPLATE, **text_widget(draft, variants, place, "message"))
        _insert(draft, variants, place, attributes)
        for fault in faults:
            st.error(literal(str(fault)), icon=":material/error:")
        show_failing(seen)
        texts = [variants[place][name] for name in ("message", *draft.channel.lines)]
        show_used(find_used(texts, reach.rule, attributes), reach.result.count if reach.result else 0)
    with right:
        show_preview(draft, seen)


def _choose_channel(draft: Draft, reach: Reach) -> None:
    def words(name: str) -> str:
        over = reach.over(name)
        count = f" · {number(over.count)}" if over else ""
        return f":material/{CHANNELS[name].icon}: {CHANNELS[name].label}{count}"

    st.segmented_control(
        "Channel",
        list(CHANNELS),
        required=True,
        format_func=words,
        wrap=True,
        **draft.bind("channel", draft["channel"], lambda name: _to_channel(draft, name), default="default"),
    )
    reached = (
        f" It reaches {number(over.count)} of {number(reach.matched)}."
        if (over := reach.over(draft.channel.name))
        else ""
    )
    st.caption(f"{draft.channel.label} needs {draft.channel.address_words}.{reached}")


def _to_channel(draft: Draft, name: str) -> DraftFields:
    """What the other channel has no place for is put aside, and comes back with the first one."""
    before, after = draft.channel, CHANNELS[name]
    aside: dict[str, str] = st.session_state.setdefault(draft.key("aside"), {})
    fields: DraftFields = {"channel": name}
    for line in LINES:
        fields |= _moved(draft, aside, line, line in before.lines, line in after.lines)
    for part in ("from_name", "reply_to"):
        fields |= _moved(draft, aside, part, before.has_sender, after.has_sender)
    if variants := draft.latest()["variants"]:
        fields["variants"] = [
            {key: value for key, value in each.items() if key not in LINES or key in after.lines} for each in variants
        ]
    return fields


def _moved(draft: Draft, aside: dict[str, str], name: str, had: bool, has: bool) -> DraftFields:
    if had and not has and draft[name]:
        aside[name] = draft[name]
        return {name: None}  # type: ignore[misc]
    return {name: aside[name]} if has and not had and name in aside else {}  # type: ignore[misc]


def _sender(draft: Draft) -> None:
    if not draft.channel.has_sender:
        return
    workspace = services().workspace.current()
    left, right = st.columns(2)
    left.text_input("From", max_chars=MAX_SENDER, placeholder=workspace.workspace_name, **draft.text("from_name"))
    right.text_input("Reply to", max_chars=254, placeholder="such as help@example.com", **draft.text("reply_to"))


def _line(draft: Draft, variants: Sequence[Variant], place: int, name: str, seen: Sequence[Seen]) -> None:
    line = draft.channel.lines[name]
    label = line.label if line.is_required else f"{line.label} (optional)"
    st.text_input(label, max_chars=MAX_LINE, **text_widget(draft, variants, place, name))
    if words := length_words(draft.channel, seen, name):
        st.caption(words)


def _insert(draft: Draft, variants: Sequence[Variant], place: int, attributes: AttributeTypes) -> None:
    fields = {field.name: field for field in message_fields(attributes)}
    targets = {name: draft.channel.lines[name].label for name in draft.channel.lines} | {"message": "Message"}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox(
            "Insert a field",
            list(fields),
            index=None,
            format_func=lambda name: fields[name].label,
            placeholder="Choose",
            key=draft.key("insert_field"),
        )
        fallback = st.text_input("If it is empty, say", placeholder="nothing", key=draft.key("insert_fallback"))
        into = "message"
        if len(targets) > 1:
            into = st.selectbox(
                "Into",
                list(targets),
                index=len(targets) - 1,
                format_func=targets.__getitem__,
                key=draft.key("insert_into"),
            )
        st.button(
            "Insert",
            icon=":material/add:",
            disabled=chosen is None,
            on_click=_insert_field,
            args=(draft, place, into, fields[chosen] if chosen else None, fallback),
            key=draft.key("insert"),
        )


def _insert_field(draft: Draft, place: int, into: str, field: MessageField | None, fallback: str) -> None:
    """At the end of the text."""
    if field is None:
        return
    variants = variants_of(draft.latest())
    before = variants[place][into] or ""
    text = f"{before.rstrip()} {field.with_fallback(fallback)}".lstrip()
    draft.write(f"{into}_{place}_{len(variants)}", text)
    draft.write("insert_field", None)
    draft.write("insert_fallback", "")
    save(with_text(draft, place, into, text))
