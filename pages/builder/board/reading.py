"""What the board reads from the database. None of it fails: without an answer there are just no suggestions."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from crm_core.audience.contexts import StoredSegments
from crm_core.errors import Unavailable
from crm_core.infra.text import fold
from crm_core.money import money_formatter
from crm_core.rules.context import BUILT_IN, NO_CAMPAIGNS, RuleContext, SegmentDefinition
from pages._ui import queries
from pages._ui.deps import services
from pages.builder.board.palette import Entry, palette_entries
from pages.builder.board.words import Words

Answer = TypeVar("Answer")


class Reading:
    """Made anew for each run. away: the first question that was not answered; no further one is asked then."""

    def __init__(self) -> None:
        self.away: Unavailable | None = None
        self._segments = StoredSegments(services().db)
        self.words = self._read_words()

    def ask(self, question: Callable[[], Answer], otherwise: Answer) -> Answer:
        try:
            return self.ask_or_fail(question)
        except Unavailable:
            return otherwise

    def ask_or_fail(self, question: Callable[[], Answer]) -> Answer:
        """Raises Unavailable, after the first time at once."""
        if self.away:
            raise self.away
        try:
            return question()
        except Unavailable as exc:
            self.away = exc
            raise

    def _read_words(self) -> Words:
        """Field names and names of segments, as last known."""
        found = services()
        try:
            known = found.rule_contexts
            catalogue, segments, campaigns = known.catalogue(), known.segment_names(), known.campaigns()
        except Unavailable:
            catalogue, segments, campaigns = BUILT_IN, {}, NO_CAMPAIGNS
        self.away = self.away or found.rule_contexts.failure
        return Words(money_formatter(found.workspace.current().currency), catalogue, segments, campaigns)

    def context(self) -> RuleContext:
        """Its segments raise Unavailable while the database is away."""
        found = services()
        settings = found.workspace.current()
        return RuleContext(
            found.clock(),
            settings.currency_digits,
            fold,
            self.words.catalogue,
            self,
            settings.zone,
            campaigns=self.words.campaigns,
        )

    def entries(self) -> list[Entry]:
        """Of the palette."""
        return palette_entries(self.words.catalogue, self.event_types(), self.words.segments)

    def event_types(self) -> list[str]:
        return self.ask(queries.event_types, [])

    def options(self, name: str) -> list[str]:
        """The most frequent values of a text or list field."""
        return self._texts(partial(queries.options, name))

    def property_values(self, event_type: str, name: str) -> list[str]:
        """The same for a property of events."""
        return self._texts(partial(queries.property_values, event_type, name))

    def item_names(self) -> list[str]:
        """Of the items of orders, the most frequent ones."""
        return self._texts(queries.item_names)

    def _texts(self, question: Callable[[], list[str]]) -> list[str]:
        found: list[str] = self.ask(question, [])
        return [value for value in found if isinstance(value, str)]

    def find(self, segment_id: str) -> SegmentDefinition | None:
        """Raises Unavailable."""
        return self.ask_or_fail(partial(self._segments.find, segment_id))

    def find_named(self, name: str) -> SegmentDefinition | None:
        """Raises Unavailable."""
        return self.ask_or_fail(partial(self._segments.find_named, name))

    def names(self) -> Sequence[str]:
        return list(self.words.segments.values())
