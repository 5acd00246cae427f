"""What a campaign's state means, in words. Pure; Markdown, with names from people made literal."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from crm_core.access.actor import SYSTEM
from crm_core.campaigns.counts import plan_of
from crm_core.campaigns.messages.message_log import Stats
from crm_core.campaigns.model import Campaign
from crm_core.campaigns.states import CampaignState, RowReason
from crm_core.channels.registry import CHANNELS
from crm_core.schema.message_states import MessageState
from pages._ui.channels import failure_words, reason_words
from pages._ui.formats import duration, literal, number, relative_time, utc_exact

MAX_NAMED: Final = 4
OWN_RULE: Final = "a rule of its own"
LATE: Final = timedelta(seconds=10)
"""From here on a start counts as late: the scheduler looks every second."""
State = CampaignState


def customers(count: int) -> str:
    return "**1** customer" if count == 1 else f"**{number(count)}** customers"


def audience_name(campaign: Campaign) -> str:
    return literal(campaign["segment_name"] or OWN_RULE)


def who(label: str) -> str:
    """As a person reads it who does not know how the audit log names people and keys."""
    if label == SYSTEM.label:
        return "ClientNest"
    return literal(f"the API key {label.removeprefix('key:')}" if label.startswith("key:") else label)


def moment_words(campaign: Campaign, now: datetime) -> tuple[str, datetime]:
    """Such as "launched 5 minutes ago", and the moment that is meant."""
    if campaign["state"] == State.SCHEDULED:
        moment, verb = campaign["scheduled_at"], "due" if campaign["scheduled_at"] <= now else "starts"
    elif campaign.get("launched_at"):
        moment, verb = campaign["launched_at"], "launched"
    else:
        moment, verb = campaign["created_at"], "drafted"
    return f"{verb} {relative_time(moment, now)}", moment


def lateness(campaign: Campaign) -> str | None:
    """How late a scheduled campaign was launched; None for one that was not."""
    late = timedelta(seconds=campaign.get("late_s") or 0)
    if late < LATE or not campaign.get("launched_at"):
        return None
    at = utc_exact(campaign["scheduled_at"])
    return f"Scheduled for {at}, and launched {duration(late)} late, as soon as a jobs worker could."


def pause_words(campaign: Campaign, now: datetime) -> str:
    at = f"{relative_time(campaign['paused_at'], now)}, at {utc_exact(campaign['paused_at'])}"
    receipts = "Receipts of what was sent are still booked."
    if reason := campaign.get("pause_reason"):
        return f"Paused by itself {at}: {literal(reason)} {receipts}"
    by = who(campaign["paused_by"])
    return f"Paused by {by} {at}. Nothing more is sent until somebody resumes it. {receipts}"


def waiting_words(reason: str, count: int, span: tuple[datetime, datetime] | None) -> str:
    """Of pending rows. span: when the first and the last of them are due."""
    whom, verb = customers(count), "waits" if count == 1 else "wait"
    if reason == RowReason.QUIET_HOURS:
        return f"{whom} {verb} until their quiet hours are over{_until(span)}"
    if reason == RowReason.CAP_LOCKED:
        return f"{whom} {verb} a moment: another campaign is writing to them, which counts for the frequency cap"
    return f"{whom} {verb}: {literal(reason_words(reason).lower())}{_until(span)}"


def _until(span: tuple[datetime, datetime] | None) -> str:
    if span is None:
        return ""
    first, last = span
    if last - first < timedelta(minutes=1):
        return f": {utc_exact(last)}"
    return f": the first at {utc_exact(first)}, the last at {utc_exact(last)}"


def shortfall_words(channel: str, stats: Stats) -> str | None:
    """Said first when more than half of whom it should have reached was skipped or failed; None otherwise."""
    lost = stats.by_state[MessageState.SKIPPED] + stats.by_state[MessageState.FAILED]
    meant = stats.audience - stats.by_state[MessageState.HELD_OUT]
    if not meant or 2 * lost <= meant:
        return None
    reasons = [(count, reason_words(reason)) for reason, count in stats.skipped_by_reason.items()]
    reasons += [(count, failure_words(channel, reason)) for reason, count in stats.failed_by_reason.items()]
    shown = sorted(reasons, reverse=True)[:MAX_NAMED]
    parts = [f"**{number(count)}** {literal(words[:1].lower() + words[1:])}" for count, words in shown]
    if rest := lost - sum(count for count, _ in shown):
        parts.append(f"{number(rest)} for other reasons")
    start = f"**{number(lost)}** of {number(meant)} customers got no message"
    return f"{start}; **{number(meant - lost)}** did or still may. Why: {', '.join(parts)}."


def plan_words(campaign: Campaign, stats: Stats) -> str | None:
    """Of a plan that was cut short, how much of the audience it never came to."""
    if plan_of(campaign) != "cut_short":
        return None
    left, planned = campaign.get("never_planned"), f"**{number(stats.audience)}**"
    start = f"The plan was cut short: {planned} customers were planned"
    if left is None:
        return f"{start}, and how many were not is still being counted. The audience is at least that large."
    return f"{start}, **{number(left)}** of the audience never." if left else None


def retryable(campaign: Campaign, stats: Stats) -> int:
    """Failed messages that can be sent once more."""
    return stats.by_state[MessageState.FAILED] - unknown_outcomes(stats) - stopped(campaign, stats)


def unknown_outcomes(stats: Stats) -> int:
    """Failed ones of which nobody knows whether they were sent."""
    return stats.failed_by_reason.get(RowReason.OUTCOME_UNKNOWN, 0)


def stopped(campaign: Campaign, stats: Stats) -> int:
    """Failed ones whose reason has suppressed the recipient."""
    meant = CHANNELS[campaign["channel"]].failures
    return sum(count for reason, count in stats.failed_by_reason.items() if reason in meant)


def cancel_words(campaign: Campaign, stats: Stats) -> Sequence[str]:
    """What a cancel does to whom."""
    if campaign["state"] == State.SCHEDULED:
        return ["It is not launched. Nobody gets a message.", "It cannot be scheduled again, but duplicated."]
    pending = stats.by_state[MessageState.PENDING]
    quiet = stats.by_state[MessageState.SKIPPED] + stats.by_state[MessageState.HELD_OUT]
    sent = stats.audience - pending - quiet
    lines = [f"{customers(pending)} not written to yet get no message, and are skipped with the reason “cancelled”."]
    if not campaign.get("planned_at"):
        lines.append("The audience is still being found: whoever is not found yet gets no message either.")
    if sent:
        count = "**1** message was" if sent == 1 else f"**{number(sent)}** messages were"
        lines.append(f"{count} attempted already and stay as they are. Their receipts are still booked.")
    lines.append("What is on its way to the vendor at this moment may still arrive.")
    return [*lines, "A cancelled campaign cannot be resumed. To wait, pause it."]


def retry_words(campaign: Campaign, stats: Stats) -> Sequence[str]:
    again = retryable(campaign, stats)
    count = "**1** failed message is" if again == 1 else f"**{number(again)}** failed messages are"
    return [f"{count} sent once more, if consent and limits still allow it.", *left_words(campaign, stats)]


def left_words(campaign: Campaign, stats: Stats) -> Sequence[str]:
    """Which failed messages are not sent once more, and why."""
    lines = []
    if count := stopped(campaign, stats):
        channel = CHANNELS[campaign["channel"]].label
        start = "**1** gets nothing" if count == 1 else f"**{number(count)}** get nothing"
        lines.append(f"{start}: what the vendor said of them suppresses them over {channel}.")
    if count := unknown_outcomes(stats):
        start = "**1** stays as it is" if count == 1 else f"**{number(count)}** stay as they are"
        lines.append(f"{start}: nobody knows whether the vendor has sent them already.")
    return lines
