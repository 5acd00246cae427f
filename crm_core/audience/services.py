"""The services of the audience: segments, counts and previews, and who may be messaged."""

from functools import cached_property
from typing import TYPE_CHECKING

from crm_core.audience.contexts import RuleContexts
from crm_core.audience.eligibility import Cap, Policy
from crm_core.audience.erasing import AddressErasure
from crm_core.audience.evaluation import Audience
from crm_core.audience.membership import Memberships
from crm_core.audience.ranks import StoredRanks
from crm_core.audience.refusals import Refusals
from crm_core.audience.segment_customers import SegmentCustomers
from crm_core.audience.segments import Segments
from crm_core.audience.shared_rules import SharedRules
from crm_core.audience.standing import Standings
from crm_core.audience.suppressions import Suppressions
from crm_core.audience.zone_effects import ZoneEffects
from crm_core.customers.services import CustomerServices
from crm_core.rules.context import RankSource

if TYPE_CHECKING:
    from crm_core.audience.previews import Previews
    from crm_core.audience.snapshot.disk.disk_copy import DiskCopy
    from crm_core.audience.snapshot.keeper import Keeper

MB = 1_000_000


class AudienceServices(CustomerServices):
    @property
    def policy(self) -> Policy:
        """What preview, planner and sender ask ``eligibility`` with, as it is now; not to be kept."""
        settings = self.workspace.current()
        cap = Cap(settings.frequency_cap, settings.frequency_cap_days) if settings.frequency_cap else None
        return Policy(settings.message_unknown_consent, cap)

    @cached_property
    def rule_contexts(self) -> RuleContexts:
        return RuleContexts(
            self.db, self.attributes, self.event_properties, self.clock, self.workspace, self.schema.customers
        )

    @cached_property
    def audience(self) -> Audience:
        return Audience(self.db, self.customers, self.rule_contexts)

    @cached_property
    def memberships(self) -> Memberships:
        return Memberships(self.db, self.personal_reads, self.rule_contexts, self.standings, self._ranks)

    def _ranks(self) -> RankSource:
        """Of the snapshot if this process has one, as previews have them, else of the database."""
        return (self.snapshot.ranks if "snapshot" in vars(self) else None) or StoredRanks(self.db)

    @cached_property
    def segments(self) -> Segments:
        return Segments(self.db, self.audience, self.rule_contexts, self.audit, self.clock)

    @cached_property
    def segment_customers(self) -> SegmentCustomers:
        return SegmentCustomers(self.segments, self.audience, self.customers, self.personal_reads, self.clock)

    @cached_property
    def zone_effects(self) -> ZoneEffects:
        return ZoneEffects(self.db, self.audience, self.rule_contexts)

    @cached_property
    def shared_rules(self) -> SharedRules:
        return SharedRules(self.db, self.audit, self.clock)

    @cached_property
    def suppressions(self) -> Suppressions:
        return Suppressions(self.db, self.audit, self.clock, self.default_country)

    @cached_property
    def standings(self) -> Standings:
        return Standings(self.customers, self.suppressions)

    @cached_property
    def address_erasure(self) -> AddressErasure:
        return AddressErasure(self.db, self.pseudonyms, self.clock)

    @cached_property
    def refusals(self) -> Refusals:
        return Refusals(self.db, self.personal_reads, self.customer_search, self.customers, self.suppressions)

    @cached_property
    def snapshot(self) -> "Keeper":
        """Started by the app alone; until then it holds nothing."""
        from crm_core.audience.snapshot.keeper import Keeper  # imports NumPy, which workers do without

        return Keeper(
            self.db, self.rule_contexts, lambda: self.policy, self.clock, limit_mb=self.settings.snapshot_max_mb
        )

    def open_snapshot_copy(self, data_version: int) -> "DiskCopy | None":
        """Where the snapshot is kept between starts; None, and nothing left of it there, where it is not to be."""
        from crm_core.audience.snapshot.disk.disk_copy import DiskCopy

        settings = self.settings
        folder, limit = settings.data_dir.resolve() / "snapshot", settings.snapshot_max_mb * MB
        found = DiskCopy(self.db, folder, data_version=data_version, limit=limit)
        if settings.snapshot_on_disk:
            return found
        found.forget()
        return None

    @cached_property
    def previews(self) -> "Previews":
        from crm_core.audience.previews import Previews

        return Previews(
            self.db,
            self.personal_reads,
            self.snapshot,
            self.audience,
            self.rule_contexts,
            self.customers,
            lambda: self.policy,
        )

    def close(self) -> None:
        if "snapshot" in vars(self):
            self.snapshot.stop()
        super().close()
