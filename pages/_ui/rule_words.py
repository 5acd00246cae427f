"""A rule as the sentence that pages show."""

from crm_core.money import money_formatter
from crm_core.rules.mongo import AnyRule
from crm_core.rules.wording import to_sentence
from pages._ui.deps import services
from pages._ui.formats import literal


def rule_words(rule: AnyRule) -> str:
    """Markdown-safe, in the workspace's currency, beginning with a capital."""
    text = to_sentence(rule, money_formatter(services().settings.currency))
    return literal(text[0].upper() + text[1:])
