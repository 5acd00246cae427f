"""How two versions of a draft differ, in words: names instead of ids, and of variants only what differs."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from crm_core.campaigns.drafting.definition import AUDIENCE
from crm_core.channels.registry import CHANNELS
from crm_core.rules.loading import load_rule
from crm_core.rules.tree import ListRule
from pages._ui.deps import services
from pages._ui.formats import literal, number
from pages._ui.rule_words import rule_words

NOTHING = "nothing"
MAX_SHOWN = 120
LABELS: Mapping[str, str] = {
    **dict.fromkeys(AUDIENCE, "Audience"),
    "name": "Campaign name",
    "exclude_segment_ids": "Left out segments",
    "exclude_recent_days": "Left out days",
    "from_name": "From",
    "reply_to": "Reply to",
    "holdout_percent": "Held back, in percent",
    "quiet_hours": "In quiet hours",
    "start_at": "Start",
    "intent": "What it is for",
}


def label_of(name: str) -> str:
    """Of a field of a draft."""
    lines = (line.label for channel in CHANNELS.values() for key, line in channel.lines.items() if key == name)
    return LABELS.get(name) or next(lines, name.replace("_", " ").capitalize())


def differences(theirs: Mapping[str, Any], mine: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Label, their value and mine, as Markdown. theirs: the stored campaign. mine: the fields that are to change."""
    others, own = _values(theirs, mine.keys()), _values(mine, mine.keys())
    for label in dict.fromkeys([*own, *others]):
        before, after = others.get(label, NOTHING), own.get(label, NOTHING)
        if before != after:
            yield label, before, after


def _values(fields: Mapping[str, Any], names: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in names:
        if name == "variants":
            found |= _variants(fields.get(name) or ())
        elif name in AUDIENCE:
            found["Audience"] = _audience(fields)
        elif name == "exclude_segment_ids":
            found[label_of(name)] = _quoted(", ".join(_excluded(fields)))
        else:
            found[label_of(name)] = _quoted(fields.get(name))
    return found


def _variants(variants: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    return {
        f"{literal(str(each.get('name')))} · {label_of(name)}": _quoted(value)
        for each in variants
        for name, value in each.items()
        if name != "name" and value is not None
    }


def _audience(fields: Mapping[str, Any]) -> str:
    rule = fields.get("rule")
    if segment_id := fields.get("segment_id"):
        return f"segment {_quoted(services().segments.names().get(segment_id, 'that was removed'))}"
    if ids := fields.get("customer_ids"):
        return f"{number(len(ids))} chosen customers"
    loaded = load_rule(rule) if isinstance(rule, dict) else rule
    if isinstance(loaded, ListRule):
        return f"{number(len(loaded.customer_ids))} chosen customers"
    return rule_words(loaded) if loaded else NOTHING


def _excluded(fields: Mapping[str, Any]) -> list[str]:
    """Of a stored campaign the names are there, of a change the ids."""
    stored = fields.get("exclude_segments")
    if stored is not None:
        return [each["name"] for each in stored]
    names = services().segments.names()
    return [names.get(each, each) for each in fields.get("exclude_segment_ids") or ()]


def _quoted(value: Any) -> str:
    if value is None or value in ("", [], ()):
        return NOTHING
    text = _text(value)
    return f"“{literal(text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 1] + '…')}”"


def _text(value: Any) -> str:
    match value:
        case datetime():
            return f"{value.astimezone(services().workspace.current().zone):%a %-d %b %Y, %H:%M %Z}"
        case float():
            return f"{value:g}"
        case list():
            return ", ".join(map(str, value))
        case _:
            return str(value)
