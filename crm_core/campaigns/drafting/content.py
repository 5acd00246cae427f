"""What a campaign says: one message, or several variants of it that are tried against each other."""

import math
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

from crm_core.campaigns.drafting.message_fields import AttributeTypes
from crm_core.campaigns.drafting.message_values import MessageFormat
from crm_core.campaigns.drafting.template import (
    MAX_TEMPLATE,
    EmptyText,
    check_template,
    render_line,
    render_message,
    stored_fields,
)
from crm_core.campaigns.model import Campaign, Definition, Variant
from crm_core.channels.channel import LINES, Channel
from crm_core.channels.registry import CHANNELS, DEFAULT_CHANNEL
from crm_core.errors import InvalidInput
from crm_core.infra.mongo import Doc
from crm_core.infra.names import clean_name, name_key

MAX_VARIANTS = 10
MAX_VARIANT_NAME = 40
MAX_SENDER = 100
TEXTS = ("message", *LINES)
"""The templates of a campaign."""
SENDER = ("from_name", "reply_to")
VARIANT_KEYS = ("name", *TEXTS, "weight")
ADDRESS = re.compile(r"[^\s@<>,;\"]+@[^\s@<>,;\"]+\.[^\s@<>,;\".]+")


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message for one customer. lines: those beside its text that are not empty. unsubscribe_url: of a channel whose
    messages have to have one."""

    body: str
    lines: Mapping[str, str]
    unsubscribe_url: str | None = None


def check_content(fields: Mapping[str, Any], attributes: AttributeTypes) -> Definition:
    """Channel, sender, message, its lines and variants as a draft keeps them. Raises InvalidInput.

    attributes: the custom ones that a template may use. A variant without a message or line of its own has the
    campaign's, which need none when each variant has its own: they are then those of the first.
    """
    for check in _checks(fields, attributes):
        check()
    variants = _with_weights(fields.get("variants") or ())
    shown: Doc = {**dict.fromkeys(TEXTS), **(_given(variants[0], TEXTS) if variants else {}), **_given(fields, TEXTS)}
    kept = [_to_variant(each) for each in variants]
    sender = {name: (fields.get(name) or "").strip() or None for name in SENDER}
    return {"channel": fields["channel"], **shown, **sender, "variants": kept}  # type: ignore[typeddict-item]


def keep_content(fields: Mapping[str, Any]) -> Definition:
    """Content as somebody has it so far, which need not be ready. Raises InvalidInput for an unknown channel, and for
    texts that are none or too long."""
    channel = CHANNELS.named(fields.get("channel") or DEFAULT_CHANNEL)
    kept: Doc = {name: _kept_text(fields, name, name) for name in (*TEXTS, *SENDER)}
    variants: Doc = {"variants": []}
    for place, variant in enumerate(fields.get("variants") or ()):
        _check_keys(variant, f"variants[{place}].")
        texts = {name: _kept_text(variant, name, f"variants[{place}].{name}") for name in ("name", *TEXTS)}
        variants["variants"].append({**texts, "weight": variant.get("weight")})
    return {"channel": channel.name, **kept, **variants}  # type: ignore[typeddict-item]


def _kept_text(fields: Mapping[str, Any], name: str, field: str) -> str | None:
    text = fields.get(name)
    if text is not None and (not isinstance(text, str) or len(text) > MAX_TEMPLATE):
        raise InvalidInput(f"This is no text of at most {MAX_TEMPLATE:,} characters.", field=field)
    return text or None


def content_faults(fields: Mapping[str, Any], attributes: AttributeTypes) -> list[InvalidInput]:
    """All that ``check_content`` would refuse, one after the other."""
    found = []
    for check in _checks(fields, attributes):
        try:
            check()
        except InvalidInput as exc:
            found.append(exc)
    return found


def content_of(campaign: Campaign, variant: str | None) -> Mapping[str, str | None]:
    """The templates for a row, by the names of TEXTS."""
    own: Mapping[str, Any] = {}
    if variant is not None:
        own = next(each for each in campaign["variants"] if each["name"] == variant)
    common: Mapping[str, Any] = campaign
    return {name: own.get(name) or common.get(name) for name in TEXTS}


def render_content(
    campaign: Campaign, variant: str | None, customer: Mapping[str, Any], formatting: MessageFormat
) -> Rendered:
    """Of a channel that needs it with a footer, unless the message has the unsubscribe link.

    Raises Permanent as ``render_message``, and when a line is empty that its channel needs.
    """
    content, channel = content_of(campaign, variant), CHANNELS[campaign["channel"]]
    link = partial(_link, campaign, customer, formatting)
    lines = {}
    for name, line in channel.lines.items():
        if text := content[name]:
            try:
                lines[name] = render_line(text, customer, formatting, link=link, what=name)
            except EmptyText:
                if line.is_required:
                    raise
    body = render_message(content["message"] or "", customer, formatting, link=link)
    if not channel.needs_unsubscribe:
        return Rendered(body, lines)
    url = link()
    return Rendered(body if url in body else f"{body}\n\n{_footer(formatting, url)}", lines, url)


def _link(campaign: Campaign, customer: Mapping[str, Any], formatting: MessageFormat) -> str:
    """A draft that is not stored has no id, and only sample links."""
    return formatting.links.url(campaign.get("_id", ""), customer["id"], campaign["channel"])


def _footer(formatting: MessageFormat, url: str) -> str:
    """Who writes, and how to hear no more of them."""
    sender = ", ".join(filter(None, (formatting.workspace_name, formatting.postal_address)))
    return f"--\n{sender}\nUnsubscribe: {url}"


def sender_of(campaign: Campaign) -> dict[str, str]:
    """Who an e-mail says that it is from, as far as the campaign says it."""
    found: Mapping[str, Any] = campaign
    return {name: found[name] for name in SENDER if found.get(name)}


def stored_fields_of(campaign: Campaign) -> set[str]:
    """The fields of a customer's document that its templates need."""
    parts: list[Mapping[str, Any]] = [campaign, *(campaign.get("variants") or ())]
    return stored_fields(part.get(name) for part in parts for name in TEXTS)


def _checks(fields: Mapping[str, Any], attributes: AttributeTypes) -> Iterator[Callable[[], Any]]:
    """Each raises InvalidInput for one thing that is wrong."""
    channel = CHANNELS.named(fields.get("channel"))
    given, variants = _given(fields, TEXTS), fields.get("variants") or ()
    for name in given if variants else TEXTS:
        yield partial(_check_text, name, given.get(name), "", channel, attributes)
    for name in SENDER:
        yield partial(_check_sender, name, fields.get(name), channel)
    if not variants:
        return
    yield partial(_check_number, variants)
    for place, variant in enumerate(_with_weights(variants)):
        yield from _variant_checks(variant, given, f"variants[{place}].", channel, attributes)
    yield partial(_check_together, variants)


def _check_text(name: str, value: Any, place: str, channel: Channel, attributes: AttributeTypes) -> None:
    """place: before the name of a field that is wrong, such as ``variants[1].``."""
    if name in LINES:
        line = channel.lines.get(name)
        if line is None and value is not None:
            having = " or ".join(each.name for each in CHANNELS.values() if name in each.lines)
            raise InvalidInput(f"Only a message over {having} has a {name}.", field=f"{place}{name}")
        if value is None and not (line and line.is_required):
            return
    text = value if isinstance(value, str) else ""
    check_template(text, field=f"{place}{name}", attributes=attributes)


def _check_sender(name: str, value: Any, channel: Channel) -> None:
    if value is None or value == "":
        return
    if not channel.has_sender:
        having = " or ".join(each.name for each in CHANNELS.values() if each.has_sender)
        raise InvalidInput(f"Only a message over {having} has a {name}.", field=name)
    if name == "reply_to" and not (isinstance(value, str) and ADDRESS.fullmatch(value.strip())):
        raise InvalidInput(f"A reply-to is one e-mail address such as help@example.com, not {value!r}.", field=name)
    clean_name(value, "sender", longest=MAX_SENDER, field=name)


def _check_number(variants: Sequence[Any]) -> None:
    if not 2 <= len(variants) <= MAX_VARIANTS:
        raise InvalidInput(f"A campaign has 2 to {MAX_VARIANTS} variants, not {len(variants)}.", field="variants")


def _variant_checks(
    variant: Any, common: Doc, place: str, channel: Channel, attributes: AttributeTypes
) -> Iterator[Callable[[], Any]]:
    """common: the texts of those that have none of their own."""
    yield partial(_check_keys, variant, place)
    if not isinstance(variant, Mapping):
        return
    own = {**common, **_given(variant, VARIANT_KEYS)}
    yield partial(clean_name, own.get("name"), "variant", longest=MAX_VARIANT_NAME, field=f"{place}name")
    yield partial(_check_weight, own.get("weight"), place)
    for name in TEXTS:
        yield partial(_check_text, name, own.get(name), place, channel, attributes)


def _check_keys(variant: Any, place: str) -> None:
    if not isinstance(variant, Mapping) or variant.keys() - set(VARIANT_KEYS):
        raise InvalidInput(f"A variant has {', '.join(VARIANT_KEYS)} and nothing else.", field=place.rstrip("."))


def _check_weight(weight: Any, place: str) -> None:
    if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 < weight < 100:
        raise InvalidInput(
            f"A weight is more than 0 and less than 100 percent, not {weight!r}.", field=f"{place}weight"
        )


def _check_together(variants: Sequence[Any]) -> None:
    names = [name_key(str(each["name"])) for each in variants if isinstance(each, Mapping) and each.get("name")]
    if len(set(names)) < len(names):
        raise InvalidInput("Two variants have the same name.", field="variants")
    weights = [each["weight"] for each in _with_weights(variants) if _weighs(each)]
    if not all(isinstance(weight, int | float) for weight in weights):
        return
    if not math.isclose(total := math.fsum(weights), 100, abs_tol=1e-6):
        raise InvalidInput(f"The weights of the variants are percents: together 100, not {total:g}.", field="variants")


def _with_weights(variants: Sequence[Any]) -> Sequence[Any]:
    """Without any weight all weigh the same."""
    if any(_weighs(each) for each in variants) or not all(isinstance(each, Mapping) for each in variants):
        return variants
    return [{**each, "weight": 100 / len(variants)} for each in variants]


def _weighs(variant: Any) -> bool:
    return isinstance(variant, Mapping) and variant.get("weight") is not None


def _given(fields: Mapping[str, Any], names: Collection[str]) -> Doc:
    return {name: fields[name] for name in names if fields.get(name) is not None}


def _to_variant(variant: Mapping[str, Any]) -> Variant:
    name = clean_name(variant["name"], "variant", longest=MAX_VARIANT_NAME)
    return cast("Variant", {"name": name, **{text: variant.get(text) for text in TEXTS}, "weight": variant["weight"]})
