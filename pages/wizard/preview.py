"""The message as customers see it: real ones, stepped through, each in what the channel shows it in."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Final, cast

import streamlit as st

from crm_core.audience.eligibility import REASON_LABELS, Reason, eligibility
from crm_core.campaigns.drafting.content import Rendered, render_content
from crm_core.campaigns.model import Campaign
from crm_core.channels.channel import Channel, Look
from crm_core.customers.model import Customer
from crm_core.errors import Permanent
from pages._ui.deps import services
from pages._ui.formats import literal, number
from pages.wizard.draft import Draft
from pages.wizard.variants import Variant

SAMPLE: Final = 100
"""Customers that are rendered on each change."""


@dataclass(frozen=True)
class Seen:
    """A message as one customer would get it. skipped: why they would not get it now. rendered: None with the
    ``fault``."""

    customer: Customer
    skipped: Reason | None
    rendered: Rendered | None
    fault: str | None = None

    @property
    def length(self) -> int:
        return len(self.rendered.body) + sum(map(len, self.rendered.lines.values())) if self.rendered else 0


def render_sample(draft: Draft, variant: Variant, sample: Sequence[Customer]) -> list[Seen]:
    """Those who will be messaged first."""
    written = cast("Campaign", {**draft.campaign, **variant, "channel": draft.channel.name, "variants": []})
    formatting = services().message_format
    found, skipped = [], _reasons_to_skip([customer["id"] for customer in sample], draft.channel.name)
    for customer in sample:
        reason = skipped.get(customer["id"])
        try:
            found.append(Seen(customer, reason, render_content(written, None, customer, formatting)))
        except Permanent as exc:
            found.append(Seen(customer, reason, None, str(exc)))
    return sorted(found, key=lambda each: each.skipped is not None)


def show_preview(draft: Draft, seen: Sequence[Seen]) -> None:
    with st.container(border=True, key="wizard_preview"):
        st.markdown("**As customers see it**")
        if not seen:
            st.caption("Choose an audience that has customers to see what they will read.")
            return
        place = _choose(draft, seen)
        chosen = seen[place]
        name = chosen.customer.get("name") or chosen.customer["id"]
        st.caption(f"{literal(str(name))} · {literal(chosen.customer['id'])} · {place + 1} of {len(seen)}")
        if chosen.rendered is None:
            st.error(f"For this customer {literal(chosen.fault or '')}.", icon=":material/error:")
        else:
            st.html(_drawn(draft, chosen))
            preview = draft.channel.preview(chosen.rendered.body, chosen.rendered.lines.get("subject"))
            for note in preview.notes:
                st.caption(note)
        if chosen.skipped:
            st.caption(f":material/block: This customer will be skipped: {REASON_LABELS[chosen.skipped].lower()}.")


def show_failing(seen: Sequence[Seen]) -> None:
    """How many of the sample would get nothing because of the template."""
    failing = [each for each in seen if each.rendered is None]
    if failing and len(failing) < len(seen):
        name = literal(str(failing[0].customer["id"]))
        words = f"It cannot be rendered for {number(len(failing))} of the first {number(len(seen))} customers"
        st.warning(f"{words}, such as {name}: {literal(failing[0].fault or '')}.", icon=":material/warning:")


def length_words(channel: Channel, seen: Sequence[Seen], name: str) -> str | None:
    """How long a line is for real customers, beside what its readers see of it."""
    shown = channel.lines[name].shown
    lengths = [len(each.rendered.lines.get(name, "")) for each in seen if each.rendered]
    if not lengths or not max(lengths):
        return None
    span = f"{min(lengths)} to {max(lengths)}" if min(lengths) != max(lengths) else f"{max(lengths)}"
    told = f"{span} characters for real customers"
    if shown is None:
        return told
    mark = ":green[:material/check_circle:]" if max(lengths) <= shown else ":orange[:material/warning:]"
    return f"{mark} {told}; about {shown} are shown"


def _choose(draft: Draft, seen: Sequence[Seen]) -> int:
    key = draft.key("preview_place")
    place: int = min(st.session_state.get(key, 0), len(seen) - 1)

    def go(to: int) -> None:
        st.session_state[key] = to % len(seen)

    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        moves: Mapping[str, tuple[str, int]] = {
            "Previous": (":material/chevron_left:", place - 1),
            "Next": (":material/chevron_right:", place + 1),
            "Random": (":material/shuffle:", random.randrange(len(seen))),
            "Longest": (":material/expand:", max(range(len(seen)), key=lambda at: seen[at].length)),
            "Emptiest": (":material/compress:", min(range(len(seen)), key=lambda at: _filled(seen[at].customer))),
        }
        for label, (icon, to) in moves.items():
            is_step = label in {"Previous", "Next"}
            st.button(
                "" if is_step else label,
                icon=icon,
                help=f"{label} customer",
                on_click=go,
                args=(to,),
                key=draft.key(f"preview_{label}"),
            )
    return place


def _filled(customer: Customer) -> int:
    record: Mapping[str, Any] = customer
    return sum(value not in (None, "", [], {}) for value in record.values()) + len(record.get("attributes") or {})


def _drawn(draft: Draft, seen: Seen) -> str:
    """HTML; all that comes from people is escaped."""
    assert seen.rendered
    channel, rendered = draft.channel, seen.rendered
    workspace = services().workspace.current().workspace_name
    sender = escape(str(draft["from_name"] or workspace))
    preview = channel.preview(rendered.body, rendered.lines.get("subject"))
    title, body = escape(preview.title or ""), escape(preview.body).replace("\n", "<br>")
    initial, mark = sender[:1].upper(), '<span class="mark" aria-hidden="true">'
    heading = f"<strong>{title}</strong>" if title else ""
    match channel.look:
        case Look.MAIL:
            hint = escape(rendered.lines.get("preheader") or rendered.body.replace("\n", " ")[:90])
            to = escape(channel.address_of(seen.customer) or "no address")
            row = (
                f'<div class="row">{mark}{initial}</span><div><b>{sender}</b>{heading}<small>{hint}</small></div></div>'
            )
            head = f'<h4>{title}</h4><p class="from">{sender}<br><small>to {to}</small></p>'
            return f'<div class="look mail">{row}<div class="letter">{head}<p>{body}</p></div></div>'
        case Look.BUBBLE:
            return f'<div class="look phone"><p class="from">{sender}</p><div class="bubble">{body}</div></div>'
        case Look.BANNER:
            text = f"<div><b>{sender}</b><small>now</small>{heading}<p>{body}</p></div>"
            return f'<div class="look lock"><div class="banner">{mark}{initial}</span>{text}</div></div>'
        case Look.CARD:
            return f'<div class="look app"><div class="card">{heading}<p>{body}</p></div></div>'


def _reasons_to_skip(customer_ids: Sequence[str], channel: str) -> Mapping[str, Reason | None]:
    """Why these would get nothing if the message were sent now."""
    policy, now = services().policy, services().clock()
    people = services().recipients.read(customer_ids, channel, policy.cap, now)
    return {each: eligibility(people.get(each), channel, policy, now) for each in customer_ids}
