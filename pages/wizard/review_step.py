"""Last step: what will happen, to how many and when, as the rehearsal found it; and the launch."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import streamlit as st

from crm_core.campaigns.drafting.options import SKIP
from crm_core.errors import InvalidInput
from crm_core.infra.mongo import Doc
from crm_core.jobs.model import JobState
from crm_core.schema.message_states import MessageState
from pages._ui import queries
from pages._ui.channels import reason_words
from pages._ui.charts import show_chart
from pages._ui.deps import services
from pages._ui.formats import duration, literal, number
from pages._ui.guard import live, show_error
from pages._ui.waterfall import Bar, height_of, waterfall
from pages.wizard.checks import show_checks
from pages.wizard.draft import Draft
from pages.wizard.hours_chart import hours_chart
from pages.wizard.launch import show_launch
from pages.wizard.preview import SAMPLE
from pages.wizard.rail import start_words
from pages.wizard.reach import Reach
from pages.wizard.rehearsing import is_running, rehearsal_of, rehearse
from pages.wizard.steps import STEPS, go_to_step, step_of
from pages.wizard.test_send import show_test_send
from pages.wizard.variants import variants_of

M = MessageState
EVERY_S: Final = 1.0


def show_review_step(draft: Draft, reach: Reach, faults: Sequence[InvalidInput]) -> None:
    if faults:
        _show_missing(faults)
        return
    rehearsal = None
    try:
        rehearsal = rehearsal_of(draft)
    except InvalidInput as exc:
        show_error(exc)
    if is_running(rehearsal):
        _show_running(draft, reach)
        return
    result = rehearsal["result"] if rehearsal and rehearsal["state"] == JobState.DONE else None
    if rehearsal and result is None:
        st.error(literal(str(rehearsal.get("failure") or "The rehearsal was ended.")), icon=":material/error:")
        st.button("Rehearse again", icon=":material/replay:", on_click=rehearse, args=(draft,))
    left, right = st.columns([5, 3], gap="medium")
    with left:
        if result:
            _show_recipients(result)
        with st.container(border=True):
            show_checks(draft, reach, result)
    with right, st.container(border=True):
        _show_plan(draft, result)
        with st.container(border=True):
            sample = queries.audience_sample(reach.rule, SAMPLE) if reach.rule is not None else []
            show_test_send(draft, sample)
    if result:
        with st.container(border=True):
            _show_hours(draft, result)
    show_launch(draft, result)


def _show_missing(faults: Sequence[InvalidInput]) -> None:
    with st.container(border=True):
        st.subheader("Still missing", anchor=False)
        for place, fault in enumerate(faults):
            step = step_of(fault.field)
            with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
                st.markdown(f":red[:material/error:] {literal(str(fault))}", width="stretch")
                st.button(STEPS[step].title, type="tertiary", on_click=go_to_step, args=(step,), key=f"missing_{place}")
        st.caption("The rehearsal begins by itself when nothing is missing.")


def _show_running(draft: Draft, reach: Reach) -> None:
    """Followed until it is done; then the whole page is drawn."""

    def follow() -> None:
        now = rehearsal_of(draft)
        if not is_running(now):
            st.rerun()
        with st.container(border=True):
            st.subheader("Rehearsal", anchor=False)
            done, total = (now or {}).get("done", 0), reach.matched
            words = f"{number(done)} of {number(total)} customers so far"
            st.progress(min(done / total, 1.0) if total else 0.0, words)
            st.caption("Every message is made as it would be sent, and each decision is asked. Nobody gets anything.")

    live(EVERY_S)(follow)()


def _show_recipients(result: Doc) -> None:
    skipped, states = result["skipped_by_reason"], result["by_state"]
    left, bars = result["audience"], [Bar("Audience", result["audience"])]
    lost = sorted(((reason_words(reason), count) for reason, count in skipped.items()), key=lambda row: -row[1])
    failed = sorted((reason_words(reason), count) for reason, count in result["failed_by_reason"].items())
    held = [("Held out for comparison", states[M.HELD_OUT]), ("Later than a year from now", states[M.PENDING])]
    for label, count in [*lost, *failed, *held]:
        if count:
            left -= count
            bars.append(Bar(label, left, -count))
    bars.append(Bar("Will be messaged", states[M.SENT]))
    with st.container(border=True):
        st.subheader("Who will get it", anchor=False)
        words = f"{number(states[M.SENT])} of {number(result['audience'])} will be messaged."
        show_chart(waterfall(bars), key="wizard_recipients", summary=words, height=height_of(len(bars)))
        parts = {
            "messaged": states[M.SENT],
            "held out": states[M.HELD_OUT],
            "skipped": states[M.SKIPPED],
            "failed": states[M.FAILED],
            "later": states[M.PENDING],
        }
        total = " + ".join(f"**{number(count)}** {word}" for word, count in parts.items() if count) or "nobody"
        st.markdown(f":material/balance: **{number(result['audience'])}** audience = {total}")
        if 2 * states[M.SENT] < result["audience"]:
            lost_share = f"{number(result['audience'] - states[M.SENT])} of {number(result['audience'])}"
            st.warning(f"{lost_share} get no message.", icon=":material/warning:")


def _show_plan(draft: Draft, result: Doc | None) -> None:
    settings = services().workspace.current()
    st.subheader("What will happen", anchor=False)
    campaign, channel = draft.campaign, draft.channel
    lines = [f":material/groups: {_audience_words(draft)}"]
    if days := campaign["exclude_recent_days"]:
        lines.append(
            f":material/history: Nobody who got a message in the last {'day' if days == 1 else f'{days} days'}"
        )
    sender = f" from {literal(str(draft['from_name'] or settings.workspace_name))}" if channel.has_sender else ""
    lines.append(f":material/{channel.icon}: {channel.label}{sender}")
    variants = variants_of(draft)
    if len(variants) > 1:
        shares = ", ".join(f"{literal(str(each['name']))} {each['weight']:g} %" for each in variants)
        lines.append(f":material/call_split: {len(variants)} variants: {shares}")
    lines.append(f":material/schedule: Starts {literal(start_words(draft)) if draft['start_at'] else 'at launch'}")
    rate = services().channel_rates.rate(channel.name)
    lines.append(
        f":material/speed: At most {number(round(rate * 3600))} an hour"
        if rate
        else ":material/speed: As fast as the vendor takes them"
    )
    if settings.quiet_hours:
        skips = "skipped" if campaign["quiet_hours"] == SKIP else "waited for"
        lines.append(f":material/bedtime: Quiet hours {settings.quiet_hours} are {skips}")
    if percent := campaign["holdout_percent"]:
        lines.append(f":material/science: {percent:g} % get nothing, to compare with")
    st.markdown("  \n".join(lines))
    if result:
        st.caption(f"Counted at {result['as_of']:%H:%M:%S} UTC; counted again at the start.")


def _audience_words(draft: Draft) -> str:
    excluded = draft.campaign.get("exclude_segments") or ()
    names = ", ".join(f"“{literal(each['name'])}”" for each in excluded)
    without = f", without {names}" if names else ""
    name = draft.campaign["segment_name"]
    return (f"Segment **{literal(name)}**" if name else "An audience of its own") + without


def _show_hours(draft: Draft, result: Doc) -> None:
    settings, sent = services().workspace.current(), result["by_state"][M.SENT]
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        with st.container(width="content", gap=None):
            st.subheader("Rehearsal: when messages go out", anchor=False)
            took = duration(timedelta(seconds=result["took_s"]))
            st.caption(f"Each of the {number(sent)} messages was made, in {took}. Nobody got anything.")
        st.button("Rehearse again", icon=":material/replay:", on_click=rehearse, args=(draft,), key="rehearse_again")
    if not result["last_at"]:
        st.caption("No message goes out.")
        return
    zone = settings.zone
    first, last = (result[name].astimezone(zone) for name in ("first_at", "last_at"))
    for column, (label, value) in zip(
        st.columns(3),
        {
            "First one goes out": f"{first:%a %-d %b, %H:%M}",
            "Last one goes out": f"{last:%a %-d %b, %H:%M}",
            "Takes": duration(max(last - first, timedelta(seconds=1))),
        }.items(),
        strict=True,
    ):
        column.metric(label, value)
    quiet = services().sending_rules.quiet
    hours = (quiet.start, quiet.end) if quiet else None
    words = f"The last of {number(sent)} messages goes out on {last:%-d %B at %H:%M} in {settings.time_zone}."
    if waiting := result["deferred"]["customers"]:
        words += f" {number(waiting)} customers wait for the end of their quiet hours."
    if len(result["buckets"]) == 1:
        st.caption(f"{words} All go out within the same hour.")
        return
    show_chart(hours_chart(result, zone, hours), key="wizard_hours", summary=words, height=260)
