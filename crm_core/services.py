"""The one place where clients and services are built, and where a process keeps its own set."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from redis import Redis
from redis.asyncio import Redis as AsyncRedis

from crm_core.access.audit import AuditLog
from crm_core.access.idempotency import IdempotencyKeys
from crm_core.access.keys import ApiKeys, Rate
from crm_core.access.rate import RateLimiter
from crm_core.audience.eligibility import Cap, Policy
from crm_core.audience.evaluation import Audience
from crm_core.audience.membership import Memberships
from crm_core.audience.scopes import Scopes
from crm_core.audience.segments import Segments
from crm_core.audience.shared_rules import SharedRules
from crm_core.audience.suppressions import Suppressions
from crm_core.campaigns.drafting.definition import Definitions
from crm_core.campaigns.engine import Engine
from crm_core.campaigns.figures import Figures
from crm_core.campaigns.lifecycle import Campaigns
from crm_core.campaigns.messages.booking import Bookings
from crm_core.campaigns.messages.message_list import MessageList
from crm_core.campaigns.messages.message_log import Ledger
from crm_core.campaigns.messages.pending import PendingRows
from crm_core.campaigns.messages.receipts import ReceiptBooker
from crm_core.campaigns.planning.plan import Plan
from crm_core.campaigns.planning.planner import Planner
from crm_core.campaigns.planning.progress import Progress
from crm_core.campaigns.sending.budget import ErrorBudget
from crm_core.campaigns.sending.cap_locks import CapLocks
from crm_core.campaigns.sending.claims import Claims
from crm_core.campaigns.sending.delivery import Deliverer, SendingRules
from crm_core.campaigns.sending.quiet import QuietHours
from crm_core.campaigns.sending.rate import ChannelRates
from crm_core.campaigns.sending.recipients import Recipients
from crm_core.campaigns.sending.release import Releaser
from crm_core.campaigns.sending.vendor import HttpVendor, Vendor
from crm_core.customers.attributes import Attributes
from crm_core.customers.reading import CustomerReader
from crm_core.customers.searching import CustomerSearch
from crm_core.errors import InvalidInput, Unavailable
from crm_core.infra.clock import Clock, utc_now
from crm_core.infra.group_publishing import AsyncPublisher
from crm_core.infra.mongo import Db, connect, ensure_indexes, translated
from crm_core.infra.monitor import Monitor
from crm_core.infra.sessions import Sessions
from crm_core.infra.streams import (
    Publisher,
    connect_redis,
    connect_redis_async,
    redis_translated,
)
from crm_core.ingest.backlog import BacklogGate
from crm_core.ingest.persist import Persister
from crm_core.insights.overview import Overview
from crm_core.insights.timeline import Timeline
from crm_core.settings import Settings

if TYPE_CHECKING:
    from crm_core.audience.previews import Previews
    from crm_core.audience.snapshot.keeper import Keeper
    from crm_core.campaigns.rehearsal.rehearsal import Rehearsal
    from crm_core.demo.loading import DemoLoader
    from crm_core.infra.consumer import Handler
    from crm_core.jobs.demo import DemoJobs
    from crm_core.jobs.imports import Imports
    from crm_core.jobs.rehearsals import Rehearsals


@dataclass(frozen=True)
class Services:
    """Everything that pages, API, workers and commands call."""

    settings: Settings
    clock: Clock
    db: Db
    redis: Redis
    redis_async: AsyncRedis
    sessions: Sessions
    publisher: Publisher
    async_publisher: AsyncPublisher
    rate_limiter: RateLimiter
    backlog_gate: BacklogGate
    monitor: Monitor
    audit: AuditLog
    keys: ApiKeys
    attributes: Attributes
    customers: CustomerReader
    customer_search: CustomerSearch
    scopes: Scopes
    audience: Audience
    memberships: Memberships
    segments: Segments
    shared_rules: SharedRules
    suppressions: Suppressions
    error_budget: ErrorBudget
    campaigns: Campaigns
    ledger: Ledger
    overview: Overview
    timeline: Timeline

    @property
    def policy(self) -> Policy:
        """What preview, planner and sender ask ``eligibility`` with."""
        most = self.settings.frequency_cap
        cap = Cap(most, self.settings.frequency_cap_days) if most else None
        return Policy(self.settings.message_unknown_consent, cap)

    @property
    def vendor_secret(self) -> str:
        secret = self.settings.vendor_secret
        if secret is None:
            raise InvalidInput("Set CRM_VENDOR_SECRET: it authenticates calls to the vendor and its receipts.")
        return secret.get_secret_value()

    @cached_property
    def figures(self) -> Figures:
        """For pages."""
        return Figures(self.ledger, self.clock)

    @cached_property
    def snapshot(self) -> "Keeper":
        """Started by the app alone; until then it holds nothing."""
        from crm_core.audience.snapshot.keeper import Keeper  # imports NumPy, which workers do without

        return Keeper(self.db, self.scopes, self.policy, self.clock, limit_mb=self.settings.snapshot_max_mb)

    @cached_property
    def previews(self) -> "Previews":
        from crm_core.audience.previews import Previews

        digits = self.settings.currency_digits
        return Previews(self.db, self.snapshot, self.audience, self.scopes, self.customers, self.policy, digits=digits)

    @cached_property
    def persister(self) -> Persister:
        return Persister(self.db, self.sessions, self.attributes, digits=self.settings.currency_digits)

    @property
    def sending_rules(self) -> SendingRules:
        hours = self.settings.quiet_hours
        quiet = QuietHours.parse(hours, self.settings.time_zone) if hours else None
        return SendingRules(self.policy, quiet)

    @cached_property
    def progress(self) -> Progress:
        return Progress(self.db)

    @cached_property
    def message_list(self) -> MessageList:
        return MessageList(self.db)

    @cached_property
    def idempotency_keys(self) -> IdempotencyKeys:
        return IdempotencyKeys(self.db, self.clock)

    @cached_property
    def pending_rows(self) -> PendingRows:
        return PendingRows(self.db)

    @cached_property
    def bookings(self) -> Bookings:
        return Bookings(self.db)

    @cached_property
    def channel_rates(self) -> ChannelRates:
        return ChannelRates(self.redis, self.settings.rates)

    @cached_property
    def plan(self) -> Plan:
        return Plan(self.audience, self.ledger)

    @cached_property
    def engine(self) -> Engine:
        campaigns, progress, rows, clock = self.campaigns, self.progress, self.pending_rows, self.clock
        planner = Planner(campaigns, progress, self.plan, self.ledger, clock)
        releaser = Releaser(campaigns, progress, rows, self.channel_rates, self.redis, clock)
        return Engine(campaigns, progress, rows, self.ledger, planner, releaser, clock)

    @cached_property
    def recipients(self) -> Recipients:
        return Recipients(self.customers, self.suppressions, self.ledger)

    def rehearsal_under(self, rules: SendingRules) -> "Rehearsal":
        """With rules of the caller's choice."""
        from crm_core.campaigns.rehearsal.rehearsal import Rehearsal  # imports SQLite, which only this needs

        definitions = Definitions(self.segments, self.scopes)
        return Rehearsal(definitions, self.plan, self.recipients, self.redis, self.channel_rates, rules, self.clock)

    @cached_property
    def deliverer(self) -> Deliverer:
        if self.settings.vendor_url is None:
            raise InvalidInput("Set CRM_VENDOR_URL: the delivery worker needs a message vendor.")
        return self.deliverer_to(HttpVendor(self.settings.vendor_url, self.vendor_secret), self.sending_rules)

    def deliverer_to(self, vendor: Vendor, rules: SendingRules) -> Deliverer:
        """For a vendor and rules of the caller's choice."""
        return Deliverer(
            self.campaigns,
            self.progress,
            Claims(self.db),
            self.bookings,
            self.recipients,
            CapLocks(self.db),
            self.channel_rates,
            self.error_budget,
            vendor,
            rules,
            self.clock,
        )

    @cached_property
    def receipt_booker(self) -> ReceiptBooker:
        return ReceiptBooker(self.bookings)

    @cached_property
    def demo_loader(self) -> "DemoLoader":
        from crm_core.demo.loading import DemoLoader  # imports NumPy, which only this needs

        return DemoLoader(self.publisher, self.clock, digits=self.settings.currency_digits)

    @cached_property
    def demo_jobs(self) -> "DemoJobs":
        from crm_core.jobs.demo import DemoJobs

        return DemoJobs(self.db, self.demo_loader, self.publisher, self.monitor, self.audit, self.clock)

    @cached_property
    def imports(self) -> "Imports":
        from crm_core.jobs.import_files import ImportFiles
        from crm_core.jobs.import_run import ImportRunner
        from crm_core.jobs.imports import Imports

        files = ImportFiles(self.db)
        runner = ImportRunner(
            self.db,
            files,
            self.publisher,
            self.monitor,
            self.attributes,
            self.clock,
            digits=self.settings.currency_digits,
            max_backlog=self.settings.max_backlog,
        )
        return Imports(self.db, runner, files, self.publisher, self.audit, self.clock)

    @cached_property
    def rehearsals(self) -> "Rehearsals":
        from crm_core.jobs.rehearsals import Rehearsals

        rehearsal = self.rehearsal_under(self.sending_rules)
        return Rehearsals(self.db, self.campaigns, rehearsal, self.publisher, self.audit, self.clock)

    @property
    def jobs_handler(self) -> "Handler":
        from crm_core.jobs.dispatch import JobDispatcher
        from crm_core.jobs.entries import DEMO, IMPORT, REHEARSAL

        handlers = {DEMO: self.demo_jobs.handle, IMPORT: self.imports.handle, REHEARSAL: self.rehearsals.handle}
        return JobDispatcher(handlers).handle

    def ping_mongodb(self) -> None:
        """Raises Unavailable."""
        with translated():
            self.db.command("ping")

    def ping_valkey(self) -> None:
        """Raises Unavailable, within 2 s when it hangs: a probe does not wait for long."""
        with redis_translated():
            self._valkey_probe.ping()

    @cached_property
    def _valkey_probe(self) -> Redis:
        assert self.settings.redis_url
        return connect_redis(self.settings.redis_url, timeout_s=2, retries=0)

    def close(self) -> None:
        if "snapshot" in vars(self):
            self.snapshot.stop()
        self.db.client.close()
        self.redis.close()


def build_services(settings: Settings, *, clock: Clock = utc_now) -> Services:
    """Clients and services on servers that are up, with the indexes in place. Raises Unavailable."""
    if settings.mongodb_uri is None or settings.redis_url is None:
        raise Unavailable("No servers: set CRM_MONGODB_URI and CRM_REDIS_URL, or start the app in this CRM_DATA_DIR.")
    db = connect(settings.mongodb_uri, settings.mongodb_database)
    ensure_indexes(db)
    client, client_async = connect_redis(settings.redis_url), connect_redis_async(settings.redis_url)
    digits = settings.currency_digits
    publisher_async = AsyncPublisher(client_async)
    audit = AuditLog(db, clock)
    customers = CustomerReader(db, digits=digits)
    attributes = Attributes(db, audit)
    scopes = Scopes(db, attributes, clock, digits=digits)
    audience = Audience(db, customers, scopes)
    segments = Segments(db, audience, scopes, audit, clock)
    budget = ErrorBudget(client, share=settings.error_budget)
    return Services(
        settings=settings,
        clock=clock,
        db=db,
        redis=client,
        redis_async=client_async,
        sessions=Sessions(db, client),
        publisher=Publisher(client),
        async_publisher=publisher_async,
        rate_limiter=RateLimiter(client_async, Rate(settings.api_rate, settings.api_burst)),
        backlog_gate=BacklogGate(publisher_async, settings.max_backlog),
        monitor=Monitor(client, clock),
        audit=audit,
        keys=ApiKeys(db, audit, clock),
        attributes=attributes,
        customers=customers,
        customer_search=CustomerSearch(db, customers),
        scopes=scopes,
        audience=audience,
        memberships=Memberships(db, scopes),
        segments=segments,
        shared_rules=SharedRules(db, audit, clock),
        suppressions=Suppressions(db, audit, clock),
        error_budget=budget,
        campaigns=Campaigns(db, Definitions(segments, scopes), PendingRows(db), budget, audit, clock),
        ledger=Ledger(db),
        overview=Overview(db, customers, clock),
        timeline=Timeline(db, customers),
    )


_current: Services | None = None


def install(services: Services | None) -> None:
    """Make ``services`` the ones of this process; the app's lifespan does it once."""
    global _current
    _current = services


def current() -> Services:
    """What the lifespan installed, for API and pages. Raises Unavailable before and after it."""
    if _current is None:
        raise Unavailable("ClientNest is starting or stopping. Try again in a moment.")
    return _current
