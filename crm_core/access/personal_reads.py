"""Whoever reads customers' data is asked for the right, and the audit log tells of it, counted by the hour."""

from crm_core.access.actor import Actor, ActorKind
from crm_core.access.audit_counts import AuditCounts
from crm_core.access.permissions import Permission
from crm_core.access.pseudonyms import Pseudonyms

READ_ONE = "customer.read"


class PersonalReads:
    """Tells of people: what API keys use is counted by scope, and workers show nobody anything."""

    def __init__(self, counts: AuditCounts, pseudonyms: Pseudonyms) -> None:
        self._counts = counts
        self._pseudonyms = pseudonyms

    def require(self, actor: Actor, what: str, target: str = "") -> None:
        """what: the action, such as ``customers.list``. Raises Forbidden."""
        actor.require(Permission.READ_CUSTOMERS)
        self.note(actor, what, target)

    def require_one(self, actor: Actor, customer_id: str) -> None:
        """The same of one customer, who is named by a keyed hash."""
        actor.require(Permission.READ_CUSTOMERS)
        if actor.kind is ActorKind.USER:
            self.note(actor, READ_ONE, self._pseudonyms.of(customer_id))

    def require_sample(self, actor: Actor, size: int) -> None:
        """A count is a figure, a sample shows customers."""
        actor.require(Permission.READ_FIGURES)
        if size:
            self.require(actor, "customers.sample")

    def note(self, actor: Actor, what: str, target: str = "") -> None:
        """Of somebody who was found to be allowed."""
        if actor.kind is ActorKind.USER:
            self._counts.note(actor, what, target)
