"""The customers of a segment, page by page, for programs; a job writes them to a file (``jobs/exports.py``)."""

from crm_core.access.actor import Actor
from crm_core.access.personal_reads import PersonalReads
from crm_core.audience.evaluation import Audience
from crm_core.audience.segments import Segments
from crm_core.customers.model import Customer
from crm_core.customers.reading import CustomerReader
from crm_core.infra.clock import Clock
from crm_core.infra.paging import take_page
from crm_core.rules.loading import load_rule


class SegmentCustomers:
    def __init__(
        self, segments: Segments, audience: Audience, reader: CustomerReader, reads: PersonalReads, clock: Clock
    ) -> None:
        self._segments = segments
        self._audience = audience
        self._reader = reader
        self._reads = reads
        self._clock = clock

    def page(
        self, segment_id: str, *, limit: int, after: str | None, actor: Actor
    ) -> tuple[list[Customer], str | None]:
        """Who is in it at this moment, by id, and the id to go on after, None on the last page. Raises NotFound,
        BadRule."""
        self._reads.require(actor, "customers.list", segment_id)
        rule = load_rule(self._segments.get(segment_id)["rule"])
        ids = list(self._audience.ids(rule, now=self._clock(), after=after, limit=limit + 1))
        rows, is_cut = take_page(self._reader.rows(ids).values(), limit)
        more = (rows[-1]["_id"] if rows else ids[-1]) if is_cut or len(ids) > limit else None
        return [self._reader.to_record(row) for row in rows], more
