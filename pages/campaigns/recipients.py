"""Who is in the audience, and where each of them is now: filtered, searched and paged in the database."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import streamlit as st

from crm_core.campaigns.messages.message_log import Stats
from crm_core.campaigns.messages.recipients import MAX_FOUND, Recipient, RecipientPage
from crm_core.campaigns.model import Campaign
from crm_core.customers.searching import MAX_TEXT
from crm_core.schema.message_states import MessageState
from pages._ui.channels import SAME_ADDRESS_AS, failure_words, reason_words
from pages._ui.deps import actor, services
from pages._ui.formats import NONE, literal, number, utc_exact
from pages._ui.guard import hidden_if_forbidden
from pages._ui.link_table import Cell, Column, Row, full_table
from pages._ui.links import go_to
from pages._ui.palette import NOW_LABELS
from pages._ui.tables import customer_href, customer_lead

PER_PAGE: Final = 25
M = MessageState
ALL: Final = "all"
ORDER: Final = (M.CLICKED, M.OPENED, M.DELIVERED, M.SENT, M.PENDING, M.FAILED, M.SKIPPED, M.HELD_OUT)
LABELS: Final = {
    M.CLICKED: "Clicked",
    M.OPENED: "Opened only",
    M.DELIVERED: "Delivered only",
    M.SENT: "No receipt",
    M.PENDING: "Pending",
    M.FAILED: "Failed",
    M.SKIPPED: "Skipped",
    M.HELD_OUT: "Held out",
}
ICONS: Final = {
    M.CLICKED: "ads_click",
    M.OPENED: "drafts",
    M.DELIVERED: "mark_email_read",
    M.SENT: "send",
    M.PENDING: "hourglass_top",
    M.FAILED: "error",
    M.SKIPPED: "block",
    M.HELD_OUT: "science",
}
TIMES: Final = {"sent_at": "Sent", "delivered_at": "Delivered", "opened_at": "Opened", "clicked_at": "Clicked"}
CURSORS: Final = "campaign_cursors"
"""Where each page so far began, of the list that it belongs to."""


def show_recipients(campaign_id: str) -> None:
    campaign = services().campaigns.watch(campaign_id)
    stats = services().figures.stats(campaign, actor=actor()).value
    if not stats.audience:
        st.caption("Nobody is planned yet.")
        return
    with hidden_if_forbidden():
        state, reason, text = _choose(campaign, stats)
        _show_page(campaign, state, reason, text, _count(stats, state, reason))


def _choose(campaign: Campaign, stats: Stats) -> tuple[MessageState | None, str | None, str]:
    state = _choose_state(stats)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        text = st.text_input(
            "Search", st.query_params.get("search", ""), key="campaign_search", icon=":material/search:",
            placeholder="Name, e-mail or id", label_visibility="collapsed", max_chars=MAX_TEXT, width=260,
        )  # fmt: skip
        reason = _choose_reason(campaign, stats, state)
    _put({"state": state, "reason": reason, "search": text.strip()})
    return state, reason, text.strip()


def _choose_state(stats: Stats) -> MessageState | None:
    asked = st.query_params.get("state")
    shown = [state for state in ORDER if stats.by_state[state] or state == asked]
    counts = {ALL: stats.audience, **{str(state): count for state, count in stats.by_state.items()}}
    st.session_state.setdefault("campaign_state", asked if asked in {*MessageState} else ALL)
    chosen = st.segmented_control(
        "State",
        [ALL, *(str(state) for state in shown)],
        required=True,
        format_func=lambda each: (
            f"{LABELS[MessageState(each)] if each != ALL else 'All'} :gray[{number(counts[each])}]"
        ),
        key="campaign_state",
        label_visibility="collapsed",
        wrap=True,
    )
    return MessageState(chosen) if chosen and chosen != ALL else None


def _choose_reason(campaign: Campaign, stats: Stats, state: MessageState | None) -> str | None:
    reasons = _reasons(stats, state)
    if len(reasons) < 2 and not st.query_params.get("reason"):
        return None
    asked = st.query_params.get("reason")
    if asked not in reasons:
        asked = None
    st.session_state.setdefault("campaign_reason", asked)
    words = _words_of(campaign["channel"], state)
    chosen: str | None = st.selectbox(
        "Reason", list(reasons), index=None, placeholder="Any reason", key="campaign_reason",
        format_func=lambda each: f"{words(each)} · {number(reasons[each])}", label_visibility="collapsed", width=380,
    )  # fmt: skip
    return chosen if chosen in reasons else None


def _reasons(stats: Stats, state: MessageState | None) -> Mapping[str, int]:
    found = {M.FAILED: stats.failed_by_reason, M.SKIPPED: stats.skipped_by_reason, M.PENDING: stats.pending_by_reason}
    return dict(sorted(found.get(state, {}).items(), key=lambda item: -item[1])) if state else {}


def _words_of(channel: str, state: MessageState | None) -> Any:
    return (lambda reason: failure_words(channel, reason)) if state is M.FAILED else reason_words


def _count(stats: Stats, state: MessageState | None, reason: str | None) -> int:
    if state is None:
        return stats.audience
    return _reasons(stats, state).get(reason, 0) if reason else stats.by_state[state]


def _put(values: Mapping[str, str | None]) -> None:
    for name, value in values.items():
        if value:
            st.query_params[name] = value
        else:
            st.query_params.pop(name, None)


def _show_page(campaign: Campaign, state: MessageState | None, reason: str | None, text: str, count: int) -> None:
    asked = (campaign["_id"], state, reason, text)
    if st.session_state.get(CURSORS, (None, []))[0] != asked:
        st.session_state[CURSORS] = asked, [None]
    cursors: list[str | None] = st.session_state[CURSORS][1]
    found = _read(campaign["_id"], state, reason, text, cursors[-1])
    if not found.recipients:
        st.caption(f"Nobody found for “{literal(text)}”." if text else "Nobody is here now.")
        return
    columns = _columns(campaign, found.recipients)
    rows = [_row(each, campaign["channel"], [name for name, _ in columns]) for each in found.recipients]
    events = full_table("Recipients", [column for _, column in columns], rows, key="campaign_recipients", is_dense=True)
    if customer_id := events.opened or events.led:
        go_to("customer", customer=customer_id)
    _show_foot(found, cursors, text, count)


def _read(
    campaign_id: str, state: MessageState | None, reason: str | None, text: str, after: str | None
) -> RecipientPage:
    recipients = services().campaign_recipients
    if text:
        return recipients.find(campaign_id, text, actor=actor(), state=state, reason=reason, limit=PER_PAGE)
    return recipients.page(campaign_id, actor=actor(), state=state, reason=reason, limit=PER_PAGE, after=after)


def _show_foot(found: RecipientPage, cursors: list[str | None], text: str, count: int) -> None:
    skip, shown = (len(cursors) - 1) * PER_PAGE, len(found.recipients)
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.caption("Where each customer is now, with the reason. Times are UTC.", width="content")
        with st.container(horizontal=True, width="content", vertical_alignment="center", gap="small"):
            if text:
                words = f"The first {number(shown)}; search for more of the name." if found.is_cut else number(shown)
                st.caption(f"{words} found", width="content", help=f"Of {MAX_FOUND} customers at most.")
                return
            st.caption(f"{number(skip + 1)}–{number(skip + shown)} of {number(count)}", width="content")
            st.button(
                "", icon=":material/chevron_left:", help="Previous page", key="campaign_previous",
                disabled=len(cursors) == 1, on_click=_turn_back, args=(cursors,),
            )  # fmt: skip
            st.button(
                "", icon=":material/chevron_right:", help="Next page", key="campaign_next",
                disabled=found.after is None, on_click=cursors.append, args=(found.after,),
            )  # fmt: skip


def _turn_back(cursors: list[str | None]) -> None:
    cursors.pop()


def _columns(campaign: Campaign, recipients: Sequence[Recipient]) -> list[tuple[str, Column]]:
    times = [name for name in TIMES if any(each.row.get(name) for each in recipients)]
    return [
        ("who", Column("Customer", shape="wide plain", is_link=True)),
        ("customer_id", Column("Id", shape="plain")),
        *([("variant", Column("Variant"))] if campaign.get("variants") else []),
        ("state", Column("State", shape="wide plain")),
        *((name, Column(TIMES[name])) for name in times),
    ]


def _row(recipient: Recipient, channel: str, names: Sequence[str]) -> Row:
    customer_id = recipient.row["customer_id"]
    href = customer_href(customer_id) if recipient.customer else ""
    return Row(customer_id, href, [_cell(recipient, name, channel) for name in names])


def _cell(recipient: Recipient, name: str, channel: str) -> Cell:
    row, customer = recipient.row, recipient.customer
    match name:
        case "who":
            return Cell((customer.get("name") or customer["id"]) if customer else "Erased")
        case "state":
            return _state(recipient, channel)
        case "variant" | "customer_id":
            return Cell(row.get(name) or NONE)
        case _:
            return _time(row.get(name))


def _state(recipient: Recipient, channel: str) -> Cell:
    state, reason, instead = MessageState(recipient.row["state"]), recipient.row.get("reason"), recipient.instead
    words = NOW_LABELS[state].capitalize()
    if instead:
        return Cell(f"{words}: {SAME_ADDRESS_AS}", icon=ICONS[state], tone=state.value, lead=customer_lead(instead))
    more = f": {_words_of(channel, state)(reason).lower()}" if reason else ""
    return Cell(f"{words}{more}", icon=ICONS[state], tone=state.value)


def _time(at: datetime | None) -> Cell:
    return Cell(f"{at.day} {at:%b, %H:%M}", utc_exact(at)) if at else Cell(NONE)
