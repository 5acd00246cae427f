"""A rule as the sentence that pages show."""

from collections.abc import Iterable

from crm_core.audience.contexts import FrozenSegments
from crm_core.audience.model import FrozenSegment
from crm_core.errors import InvalidInput
from crm_core.money import money_formatter
from crm_core.rules.binding import bind
from crm_core.rules.sentence import to_sentence
from crm_core.rules.tree import AnyRule
from pages._ui.deps import services
from pages._ui.formats import literal


def rule_words(rule: AnyRule, frozen: Iterable[FrozenSegment] | None = None) -> str:
    """Markdown-safe, in the workspace's currency, beginning with a capital.

    frozen: the segments that a campaign's rule names, as they were at its launch.
    """
    context = services().rule_contexts.context(segments=None if frozen is None else FrozenSegments(frozen))
    try:
        text = to_sentence(bind(rule, context), money_formatter(services().workspace.current().currency))
    except InvalidInput as exc:
        text = f"this rule cannot be evaluated any more: {exc}"
    return literal(text[0].upper() + text[1:])
