"""The services of campaigns: drafting, planning, sending, receipts, rehearsals and figures."""

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from crm_core.access.kept_keys import KeptKey
from crm_core.audience.services import AudienceServices
from crm_core.campaigns.counting import COUNTS, DETAILS, CampaignCounter
from crm_core.campaigns.drafting.definition import Definitions
from crm_core.campaigns.drafting.message_values import MessageFormat
from crm_core.campaigns.engine import Engine
from crm_core.campaigns.figures import Figures
from crm_core.campaigns.history import CampaignHistory
from crm_core.campaigns.lifecycle import Campaigns
from crm_core.campaigns.listing import CampaignList
from crm_core.campaigns.messages.booking import Bookings
from crm_core.campaigns.messages.failure_suppressor import FailureSuppressor
from crm_core.campaigns.messages.message_list import MessageList
from crm_core.campaigns.messages.message_log import MessageLog
from crm_core.campaigns.messages.moves import Moves
from crm_core.campaigns.messages.pending import PendingRows
from crm_core.campaigns.messages.receipts import ReceiptBooker
from crm_core.campaigns.messages.recipients import CampaignRecipients
from crm_core.campaigns.planning.plan import Plan
from crm_core.campaigns.planning.planner import Planner
from crm_core.campaigns.planning.progress import Progress
from crm_core.campaigns.sending.address_claims import AddressClaims
from crm_core.campaigns.sending.attempts import Attempts
from crm_core.campaigns.sending.budget import ErrorBudget
from crm_core.campaigns.sending.cap_locks import CapLocks
from crm_core.campaigns.sending.claims import Claims
from crm_core.campaigns.sending.delivery import Deliverer, SendingRules
from crm_core.campaigns.sending.quiet import QuietHours
from crm_core.campaigns.sending.rate import ChannelRates
from crm_core.campaigns.sending.recipients import Recipients
from crm_core.campaigns.sending.release import Releaser
from crm_core.campaigns.sending.test_sends import TestSends
from crm_core.campaigns.sending.vendor import HttpVendor
from crm_core.campaigns.sending.vendor_health import VendorHealth, VendorProbe
from crm_core.campaigns.unsubscribing.links import UnsubscribeLinks
from crm_core.campaigns.unsubscribing.service import Unsubscriptions
from crm_core.channels.sender import Sender
from crm_core.errors import InvalidInput

if TYPE_CHECKING:
    from crm_core.campaigns.rehearsal.rehearsal import Rehearsal


class CampaignServices(AudienceServices):
    @property
    def vendor_secret(self) -> str:
        secret = self.settings.vendor_secret
        if secret is None:
            raise InvalidInput("Set CRM_VENDOR_SECRET: it authenticates calls to the vendor and its receipts.")
        return secret.get_secret_value()

    @property
    def receipt_secrets(self) -> tuple[str, ...]:
        """Those with which the vendor may sign: two while one is being replaced."""
        second = self.settings.vendor_second_secret
        return (self.vendor_secret, second.get_secret_value()) if second else (self.vendor_secret,)

    @property
    def sending_rules(self) -> SendingRules:
        """As they are now; not to be kept."""
        settings = self.workspace.current()
        hours = settings.quiet_hours
        quiet = QuietHours.parse(hours, settings.time_zone) if hours else None
        return SendingRules(self.policy, quiet, self._format_with(self.unsubscribe_links))

    @property
    def message_format(self) -> MessageFormat:
        """For previews and test messages: their unsubscribe links unsubscribe nobody."""
        return self._format_with(self._sample_links)

    def _format_with(self, links: UnsubscribeLinks) -> MessageFormat:
        found = self.workspace.current()
        return MessageFormat(found.currency, found.time_zone, found.workspace_name, found.postal_address, links)

    @cached_property
    def unsubscribe_links(self) -> UnsubscribeLinks:
        """For recipients. Raises Unavailable."""
        return UnsubscribeLinks(self._app_url, self.unsubscribe_key.get(), is_sample=False)

    @cached_property
    def _sample_links(self) -> UnsubscribeLinks:
        return UnsubscribeLinks(self._app_url, self.unsubscribe_key.get())

    @property
    def _app_url(self) -> str | None:
        """Where people reach the app, as far as this process is told."""
        return self.settings.public_url or self.settings.receipts_url

    @cached_property
    def unsubscribe_key(self) -> KeptKey:
        return KeptKey(self.db, "unsubscribe_key")

    @cached_property
    def definitions(self) -> Definitions:
        return Definitions(self.segments, self.rule_contexts)

    @cached_property
    def campaigns(self) -> Campaigns:
        return Campaigns(self.db, self.definitions, self.pending_rows, self.error_budget, self.audit, self.clock)

    @cached_property
    def moves(self) -> Moves:
        return Moves(self.db, self.clock)

    @cached_property
    def message_log(self) -> MessageLog:
        return MessageLog(self.db, self.personal_reads, self.moves)

    @cached_property
    def message_list(self) -> MessageList:
        return MessageList(self.db, self.personal_reads)

    @cached_property
    def campaign_recipients(self) -> CampaignRecipients:
        return CampaignRecipients(self.message_list, self.customer_search, self.customers)

    @cached_property
    def pending_rows(self) -> PendingRows:
        return PendingRows(self.db, self.moves)

    @cached_property
    def bookings(self) -> Bookings:
        return Bookings(self.db, self.moves)

    @cached_property
    def receipt_booker(self) -> ReceiptBooker:
        return ReceiptBooker(self.bookings, self.failure_suppressor)

    @cached_property
    def failure_suppressor(self) -> FailureSuppressor:
        return FailureSuppressor(self.db, self.suppressions, self.clock)

    @cached_property
    def figures(self) -> Figures:
        """For pages."""
        return Figures(self.message_log, self.clock)

    @cached_property
    def campaign_list(self) -> CampaignList:
        return CampaignList(self.db)

    @cached_property
    def campaign_history(self) -> CampaignHistory:
        return CampaignHistory(self.db)

    @cached_property
    def campaign_counter(self) -> CampaignCounter:
        return CampaignCounter(self.db, self.message_log, COUNTS, self.clock)

    @cached_property
    def detail_counter(self) -> CampaignCounter:
        return CampaignCounter(self.db, self.message_log, DETAILS, self.clock)

    @cached_property
    def error_budget(self) -> ErrorBudget:
        return ErrorBudget(self.redis, share=lambda: self.workspace.current().error_budget)

    @cached_property
    def channel_rates(self) -> ChannelRates:
        return ChannelRates(self.redis, lambda: self.workspace.current().channel_rates)

    @cached_property
    def recipients(self) -> Recipients:
        return Recipients(self.customers, self.standings, self.message_log)

    @cached_property
    def unsubscriptions(self) -> Unsubscriptions:
        return Unsubscriptions(
            self.db,
            self.recipients,
            self.consent_records,
            self.suppressions,
            self.audit,
            self.moves,
            self.clock,
            key=self.unsubscribe_key.get,
            policy=lambda: self.policy,
        )

    @cached_property
    def progress(self) -> Progress:
        return Progress(self.db)

    @cached_property
    def plan(self) -> Plan:
        return Plan(self.audience, self.message_log, self.recipients.address_keys)

    @cached_property
    def engine(self) -> Engine:
        campaigns, progress, rows, clock = self.campaigns, self.progress, self.pending_rows, self.clock
        planner = Planner(campaigns, progress, self.plan, self.message_log, clock)
        releaser = Releaser(
            campaigns, progress, rows, self.channel_rates, self.redis, clock, lambda: self.sending_rules.quiet
        )
        return Engine(campaigns, progress, rows, self.message_log, planner, releaser, clock)

    @cached_property
    def vendor(self) -> HttpVendor:
        if self.settings.vendor_url is None:
            raise InvalidInput("Set CRM_VENDOR_URL: messages need a vendor.")
        return HttpVendor(self.settings.vendor_url, self.vendor_secret)

    @cached_property
    def _vendor_probe(self) -> VendorProbe:
        return VendorProbe(self.settings.vendor_url, self.clock)

    def vendor_health(self) -> VendorHealth:
        """Now, within about a second."""
        return self._vendor_probe.look()

    @cached_property
    def test_sends(self) -> TestSends:
        return TestSends(
            self.redis,
            self.customers,
            self.audit,
            sender=lambda: self.vendor,
            formatting=lambda: self.message_format,
            country=lambda: self.workspace.current().default_country,
        )

    @cached_property
    def deliverer(self) -> Deliverer:
        return self.deliverer_to(self.vendor, lambda: self.sending_rules)

    def deliverer_to(self, sender: Sender, rules: Callable[[], SendingRules]) -> Deliverer:
        """For a sender and rules of the caller's choice."""
        return Deliverer(
            self.campaigns,
            self.progress,
            Claims(self.db),
            self.bookings,
            self.recipients,
            CapLocks(self.db),
            self.channel_rates,
            self.error_budget,
            Attempts(self.db, sender),
            AddressClaims(self.db, self.message_log),
            self.failure_suppressor,
            rules,
            self.clock,
        )

    def rehearsal_under(self, rules: Callable[[], SendingRules]) -> "Rehearsal":
        """With rules of the caller's choice; its messages are samples."""
        from crm_core.campaigns.rehearsal.rehearsal import Rehearsal  # imports SQLite, which only this needs

        return Rehearsal(
            self.definitions,
            self.plan,
            self.recipients,
            self.redis,
            self.channel_rates,
            lambda: replace(rules(), formatting=self.message_format),
            self.clock,
        )
