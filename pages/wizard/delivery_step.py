"""Third step: when it goes out, how fast, and who is held back for comparison."""

from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

import streamlit as st

from crm_core.audience.eligibility import Reason
from crm_core.campaigns.drafting.options import DEFER, MAX_HOLDOUT_PERCENT, MAX_INTENT, MAX_TAGS, SKIP
from crm_core.errors import InvalidInput
from pages._ui.deps import services
from pages._ui.formats import duration, number, utc_exact
from pages._ui.guard import show_error
from pages._ui.links import link_to
from pages.wizard.best_time import suggest_time
from pages.wizard.draft import Draft, save
from pages.wizard.reach import Reach
from pages.wizard.start_time import is_twice, next_full_hour, to_moment

STARTS: Final = {"now": "As soon as it is launched", "later": "At a time"}
QUIET: Final = {DEFER: "Wait until they are over", SKIP: "Skip the customer"}


def show_delivery_step(draft: Draft, reach: Reach) -> None:
    left, right = st.columns([3, 2], gap="medium")
    with left:
        with st.container(border=True):
            st.subheader("Start", anchor=False)
            _choose_start(draft)
        with st.container(border=True):
            st.subheader("Comparison", anchor=False)
            _choose_holdout(draft, reach)
        with st.container(border=True):
            st.subheader("For your list", anchor=False)
            _choose_labels(draft)
    with right, st.container(border=True):
        st.subheader("Limits of the workspace", anchor=False)
        _show_limits(draft, reach)


def _choose_start(draft: Draft) -> None:
    key = draft.key("start")
    st.session_state.setdefault(key, "later" if draft["start_at"] else "now")
    chosen = st.segmented_control(
        "Start", list(STARTS), required=True, format_func=STARTS.__getitem__, key=key, label_visibility="collapsed"
    )
    if chosen == "now":
        st.caption("Messages begin to go out a second or two after the launch.")
        _note(draft, None)
        return
    zone_name = services().workspace.current().time_zone
    zone = ZoneInfo(st.session_state.get(draft.key("zone"), zone_name))
    shown = (draft["start_at"] or next_full_hour(services().clock(), zone)).astimezone(zone)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        for name, value in (("day", shown.date()), ("clock", shown.time()), ("zone", str(zone))):
            st.session_state.setdefault(draft.key(name), value)
        day = st.date_input("Day", key=draft.key("day"), format="YYYY-MM-DD")
        clock = st.time_input("Time", key=draft.key("clock"), step=timedelta(minutes=15))
        chosen_zone = st.selectbox("Time zone", sorted(available_timezones()), key=draft.key("zone"))
    try:
        moment = to_moment(day, clock, ZoneInfo(chosen_zone), services().clock())
    except InvalidInput as exc:
        show_error(exc)
        return
    twice = " That clock shows this time twice; the first is meant." if is_twice(moment, ZoneInfo(chosen_zone)) else ""
    st.caption(f"That is {utc_exact(moment)}. The audience is found then, not now.{twice}")
    _note(draft, moment)
    suggest_time(draft)


def _note(draft: Draft, start: datetime | None) -> None:
    """Several widgets make one value: it is stored when it has become another."""
    if draft["start_at"] != start:
        save({"start_at": start})
        st.rerun()


def _choose_holdout(draft: Draft, reach: Reach) -> None:
    percent = st.number_input(
        "Hold back, in percent of the audience",
        min_value=0.0,
        max_value=float(MAX_HOLDOUT_PERCENT),
        step=1.0,
        format="%g",
        **draft.bind("holdout_percent", float(draft["holdout_percent"] or 0), lambda share: {"holdout_percent": share}),
    )
    over = reach.over(draft.channel.name)
    if not percent:
        st.caption("Nobody is held back. With some, it can be told what they would have done without the message.")
    elif over:
        held = round(over.count * percent / 100)
        st.caption(f"About {number(held)} of {number(over.count)} get nothing, chosen by chance, to compare with.")


def _choose_labels(draft: Draft) -> None:
    st.text_input("What it is for", max_chars=MAX_INTENT, placeholder="such as win back", **draft.text("intent"))
    known = services().campaigns.known_tags()
    tags = list(draft["tags"] or ())
    st.multiselect(
        "Tags",
        sorted({*known, *tags}),
        accept_new_options=True,
        max_selections=MAX_TAGS,
        placeholder="Choose or type",
        **draft.bind("tags", tags, lambda chosen: {"tags": chosen}, default="default"),
    )


def _show_limits(draft: Draft, reach: Reach) -> None:
    settings = services().workspace.current()
    over = reach.over(draft.channel.name)
    st.markdown("**Quiet hours**")
    if settings.quiet_hours:
        st.caption(
            f"{settings.quiet_hours}, on each customer's clock; without one of their own in {settings.time_zone}."
        )
        st.radio(
            "In their quiet hours",
            list(QUIET),
            format_func=QUIET.__getitem__,
            horizontal=True,
            **draft.bind(
                "quiet_hours", draft["quiet_hours"] or DEFER, lambda mode: {"quiet_hours": mode}, options=list(QUIET)
            ),
        )
    else:
        st.caption("None: messages go out at any hour.")
    st.markdown("**Rate**")
    rate = services().channel_rates.rate(draft.channel.name)
    if rate and over:
        length = duration(timedelta(seconds=over.count / rate))
        st.caption(
            f"At most {rate:g} a second over {draft.channel.label}: {number(over.count)} messages take {length}."
        )
    else:
        st.caption(f"At most {rate:g} a second." if rate else f"No limit over {draft.channel.label}.")
    st.markdown("**Frequency cap**")
    if cap := services().policy.cap:
        days = "day" if cap.days == 1 else f"{cap.days} days"
        reached = (
            f" {number(over.reasons.get(Reason.FREQUENCY_CAP, 0))} of this audience have reached it." if over else ""
        )
        st.caption(f"At most {number(cap.messages)} over one channel in {days}.{reached}")
    else:
        st.caption("None: how often somebody was written to does not count.")
    link_to("settings", "Change them in Settings", ":material/settings:")
