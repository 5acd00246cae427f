"""How many a draft reaches: whom its audience holds, without those that are left out, and over which channel."""

from dataclasses import dataclass

from crm_core.audience.preview import Deliverable, Preview
from crm_core.errors import InvalidInput, NotFound
from crm_core.rules.tree import AnyRule, GroupRule, SegmentRule
from pages._ui import queries
from pages.wizard.draft import Draft


@dataclass(frozen=True)
class Reach:
    """rule: the audience without excluded segments. matched: how many are in it with them. error: why nobody can say.

    Recipients of the last days are not taken off: only the rehearsal, and the launch, ask the message log.
    """

    rule: AnyRule | None = None
    matched: int = 0
    result: Preview | None = None
    error: InvalidInput | NotFound | None = None

    @property
    def excluded(self) -> int:
        return self.matched - self.result.count if self.result else 0

    def over(self, channel: str) -> Deliverable | None:
        """None where it is not counted by channel."""
        return self.result.deliverable[channel] if self.result and self.result.deliverable else None


def reach_of(draft: Draft) -> Reach:
    try:
        rule = draft.rule
        if rule is None:
            return Reach()
        matched = queries.preview(rule)
        kept = _without(rule, draft.excluded)
        return Reach(kept, matched.count, queries.preview(kept) if kept is not rule else matched)
    except (InvalidInput, NotFound) as exc:
        return Reach(error=exc)


def _without(rule: AnyRule, segments: list[str]) -> AnyRule:
    if not segments:
        return rule
    left_out = GroupRule(kind="none", rules=tuple(SegmentRule(segment_id=each) for each in segments))
    return GroupRule(kind="all", rules=(rule, left_out))
