"""The delivery worker's part: claim the rows of a batch, decide, send, and book what came of it."""

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from crm_core.audience.eligibility import Policy, Recipient
from crm_core.campaigns.drafting.content import stored_fields_of
from crm_core.campaigns.drafting.message_values import MessageFormat
from crm_core.campaigns.lifecycle import Campaigns
from crm_core.campaigns.messages.booking import Bookings, StateChange
from crm_core.campaigns.messages.failure_suppressor import FailedMessage, FailureSuppressor
from crm_core.campaigns.messages.model import Message
from crm_core.campaigns.messages.rows import message_key
from crm_core.campaigns.model import Campaign
from crm_core.campaigns.planning.progress import Progress
from crm_core.campaigns.sending.address_claims import AddressClaims
from crm_core.campaigns.sending.attempts import Attempts
from crm_core.campaigns.sending.batches import read_batch
from crm_core.campaigns.sending.budget import ErrorBudget, Outcomes
from crm_core.campaigns.sending.cap_locks import RETRY_AFTER, CapLocks, address_lock
from crm_core.campaigns.sending.claims import Claims
from crm_core.campaigns.sending.decide import OutgoingMessage, decide
from crm_core.campaigns.sending.quiet import QuietHours
from crm_core.campaigns.sending.rate import ChannelRates
from crm_core.campaigns.sending.recipients import Recipients
from crm_core.campaigns.sending.vendor import MAX_BATCH
from crm_core.campaigns.states import RUNNING, RowReason
from crm_core.channels.sender import Answer
from crm_core.errors import Permanent, Unavailable
from crm_core.infra.clock import Clock
from crm_core.infra.streams import Entry
from crm_core.schema.message_states import MessageState

AT_ONCE = 2
FRESH = timedelta(seconds=1)
"""Messages that are not sent so long after their customers were read are decided again, whether the channel's rate or
writing them took the time: a customer may say no meanwhile, quiet hours begin, the campaign be paused."""
LOOK_EVERY_S = 0.5
"""So often who waits for a slow rate looks whether it has become another."""
log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True)
class SendingRules:
    """What is asked of every message at the moment it is sent."""

    policy: Policy = field(default_factory=Policy)
    quiet: QuietHours | None = None
    formatting: MessageFormat = field(default_factory=MessageFormat)


class Deliverer:
    def __init__(
        self,
        campaigns: Campaigns,
        progress: Progress,
        claims: Claims,
        bookings: Bookings,
        recipients: Recipients,
        locks: CapLocks,
        rates: ChannelRates,
        budget: ErrorBudget,
        attempts: Attempts,
        addresses: AddressClaims,
        suppressor: FailureSuppressor,
        rules: Callable[[], SendingRules],
        clock: Clock,
    ) -> None:
        self._campaigns = campaigns
        self._progress = progress
        self._claims = claims
        self._bookings = bookings
        self._recipients = recipients
        self._locks = locks
        self._rates = rates
        self._budget = budget
        self._attempts = attempts
        self._addresses = addresses
        self._suppressor = suppressor
        self._rules = rules
        self._clock = clock
        self.stopping = threading.Event()
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="delivery")

    def handle(self, entries: Sequence[Entry]) -> Mapping[str, str]:
        """Deliver the entries, up to AT_ONCE side by side: while one waits for the vendor, another asks the database.

        Gives {entry id: reason} for those that name no campaign. Raises what the first that failed raised, once all
        have ended; those that did not fail find nothing to do when they come again.
        """
        if len(entries) == 1:
            return self._refusal(entries[0])
        waiting = [self._threads.submit(self._refusal, entry) for entry in entries]
        wait(waiting)
        return {entry_id: reason for each in waiting for entry_id, reason in each.result().items()}

    def _refusal(self, entry: Entry) -> Mapping[str, str]:
        try:
            self._handle(entry)
        except Permanent as exc:
            return {entry.id: str(exc)}
        except Unavailable:
            raise
        except Exception as exc:
            self._note_fault(entry, exc)
            raise
        return {}

    def _note_fault(self, entry: Entry, exc: Exception) -> None:
        """Its entry is buried after some tries, but its rows are released again: somebody has to be told."""
        batch = read_batch(entry.data)
        if not self._budget.note_fault(batch.campaign_id):
            return
        what = ", ".join([type(exc).__name__, *getattr(exc, "__notes__", ())])
        reason = (
            f"Sending fails again and again for an unexpected reason ({what}); the delivery worker's log has "
            "more. Resume when the cause is mended."
        )
        if self._campaigns.pause_for(batch.campaign_id, reason):
            log.warning("paused", campaign=batch.campaign_id, fault=type(exc).__name__)

    def _handle(self, entry: Entry) -> None:
        batch = read_batch(entry.data)
        campaign = self._find(batch.campaign_id)
        is_running = campaign["state"] in RUNNING
        rows = self._claims.take(batch, entry.id, again=entry.again) if is_running else []
        rows = self._close_attempted(rows)
        if entry.again and self._attempts.may_be_repeated:
            rows += self._claims.raised(batch, entry.id)
        while rows and (rows := self._deliver(campaign, rows, entry.id)):
            campaign = self._find(batch.campaign_id)
            if campaign["state"] not in RUNNING:
                self._claims.give_back([row["_id"] for row in rows], entry.id)
                return

    def _close_attempted(self, rows: Sequence[Message]) -> list[Message]:
        """Fail the rows whose worker died while a sender had them that cannot be asked again. Return the others."""
        now, unknown = self._clock(), RowReason.OUTCOME_UNKNOWN
        attempted = [message_key(row) for row in rows if row.get("attempting")]
        self._bookings.finish([StateChange(key, MessageState.FAILED, now, unknown) for key in attempted])
        return [row for row in rows if not row.get("attempting")]

    def _find(self, campaign_id: str) -> Campaign:
        campaign = self._progress.to_deliver(campaign_id)
        if campaign is None:
            raise Permanent(f"There is no campaign with the id {campaign_id!r}.")
        return campaign

    def _deliver(self, campaign: Campaign, rows: Sequence[Message], claim: str) -> list[Message]:
        """Repeating it is harmless: an idempotent sender knows a key that it has seen, and another one is not handed
        a message again. Return the rows whose turn did not come while what was decided of them was fresh."""
        rules = self._rules()
        rows, locked = self._lock(campaign, rows, claim) if rules.policy.cap else (rows, set[str]())
        people = self._read(campaign, rows, rules.policy)
        now = self._clock()
        made = decide(
            campaign,
            rows,
            people,
            rules.policy,
            rules.quiet,
            rules.formatting,
            now,
            is_fresh=lambda: self._clock() - now < FRESH,
        )
        self._bookings.skip(made.skipped, claim, at=now)
        self._bookings.defer(made.deferred, claim, reason=RowReason.QUIET_HOURS, held_by=str(rules.quiet))
        failed = [StateChange(key, MessageState.FAILED, now, reason) for key, reason in made.failed.items()]
        self._bookings.finish(failed)
        messages = self._take_addresses(campaign, rows, made.messages, claim)
        left = self._send(campaign, messages, claim, now).union(made.undecided)
        if locked:
            self._locks.release(campaign["channel"], locked, claim)
        return [row for row in rows if row["_id"] in left]

    def _take_addresses(
        self, campaign: Campaign, rows: Sequence[Message], messages: Sequence[OutgoingMessage], claim: str
    ) -> list[OutgoingMessage]:
        """Those that are to be sent: to an address that nobody else of this campaign gets a message at."""
        taken = self._addresses.take(campaign, {row["_id"]: row for row in rows}, messages, claim)
        now, unknown = self._clock(), RowReason.OUTCOME_UNKNOWN
        self._bookings.skip_same_address(taken.same_address, claim, at=now)
        lost = [message.key for message in messages if message.row in taken.unknown]
        self._bookings.finish([StateChange(key, MessageState.FAILED, now, unknown) for key in lost])
        return [each for each in messages if each.row not in taken.same_address and each.row not in taken.unknown]

    def _read(self, campaign: Campaign, rows: Sequence[Message], policy: Policy) -> dict[str, Recipient]:
        customer_ids = [row["customer_id"] for row in rows]
        return self._recipients.read(
            customer_ids,
            campaign["channel"],
            policy.cap,
            self._clock(),
            campaign_id=campaign["_id"],
            stored=stored_fields_of(campaign),
        )

    def _lock(self, campaign: Campaign, rows: Sequence[Message], claim: str) -> tuple[Sequence[Message], set[str]]:
        """With a cap: the rows to go on with, and the locks that are held, on customers of whom the vendor is not known
        to have the message and on their addresses. The others wait a little."""
        now, channel = self._clock(), campaign["channel"]
        customers = {row["customer_id"] for row in rows if row["rank"] == MessageState.PENDING.rank}
        keys = self._recipients.address_keys(customers, channel)
        wanted = {*customers, *map(address_lock, keys.values())}
        elsewhere = self._locks.take(channel, wanted, claim, now)
        blocked = {each for each in customers if each in elsewhere or address_lock(keys.get(each, "")) in elsewhere}
        later = {row["_id"]: now + RETRY_AFTER for row in rows if row["customer_id"] in blocked}
        self._bookings.defer(later, claim, reason=RowReason.CAP_LOCKED)
        return [row for row in rows if row["_id"] not in later], wanted - elsewhere

    def _send(
        self, campaign: Campaign, messages: Sequence[OutgoingMessage], claim: str, decided_at: datetime
    ) -> set[str]:
        """As fast as the channel's rate allows; until somebody stops this worker, or the campaign is paused for its
        errors. Returns the rows that have to be decided anew."""
        left = list(messages)
        while left:
            grant = self._rates.take(campaign["channel"], min(len(left), MAX_BATCH))
            batch, left = left[: grant.count], left[grant.count :]
            if batch and not self._call(campaign, batch, claim):
                self._claims.give_back([message.row for message in left], claim)
                break
            if left and self._is_stopped(campaign["channel"], grant.wait_s):
                raise Unavailable("This worker stops; another one, or its next start, goes on with the rest.")
            if left and self._clock() - decided_at >= FRESH:
                return {message.row for message in left}
        return set()

    def _is_stopped(self, channel: str, wait_s: float) -> bool:
        """Wait until more may go, or the channel has another rate; return whether this worker is to stop meanwhile."""
        rate = self._rates.rate(channel)
        while wait_s > 0 and self._rates.rate(channel) == rate:
            length_s = min(wait_s, LOOK_EVERY_S)
            if self.stopping.wait(length_s):
                return True
            wait_s -= length_s
        return self.stopping.is_set()

    def _call(self, campaign: Campaign, batch: Sequence[OutgoingMessage], claim: str) -> bool:
        """Whether the campaign may go on."""
        sent_at = self._clock()
        try:
            attempt = self._attempts.send(campaign["_id"], batch, claim)
        except Unavailable as exc:
            self._check(campaign, self._budget.note_failed_call(campaign["_id"]), str(exc))
            raise
        answers = attempt.answers
        answered = [message for message in batch if message.key in answers]
        self._suppressor.note(
            FailedMessage(campaign["_id"], campaign["channel"], each.customer_id, each.address_key, reason)
            for each in answered
            if (reason := answers[each.key].reason)
        )
        self._bookings.finish([_to_change(message, answers[message.key], sent_at) for message in answered])
        refused = [answers[message.key].reason is not None for message in answered]
        may_go_on = self._check(campaign, self._budget.note(campaign["_id"], refused), "It refuses messages.")
        if attempt.is_cut_short:
            raise Unavailable("The sender did not come to every message of a batch; the others follow.")
        return may_go_on

    def _check(self, campaign: Campaign, outcomes: Outcomes, last: str) -> bool:
        if not self._budget.is_spent(outcomes):
            return True
        reason = (
            f"{outcomes.bad:,} of the last {outcomes.known:,} attempts failed at the vendor. {last} "
            "Resume when the cause is mended."
        )
        if self._campaigns.pause_for(campaign["_id"], reason):
            log.warning("paused", campaign=campaign["_id"], bad=outcomes.bad, known=outcomes.known)
        return False


def _to_change(message: OutgoingMessage, answer: Answer, sent_at: datetime) -> StateChange:
    """It was sent no later than its first receipt says that it had arrived or failed."""
    if answer.reason is not None:
        return StateChange(message.key, MessageState.FAILED, sent_at, answer.reason)
    at = min(sent_at, message.first_seen or sent_at)
    kept = {"vendor_id": answer.vendor_id, "text": message.body, **message.lines}
    return StateChange(message.key, MessageState.SENT, at, kept=kept)
