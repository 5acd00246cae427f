"""What a campaign says: one message, or several variants of it that are tried against each other."""

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from crm_core.campaigns.drafting.message_fields import AttributeTypes
from crm_core.campaigns.drafting.template import check_template, stored_fields
from crm_core.campaigns.model import Campaign, Definition, Variant
from crm_core.channels.channel import Channel
from crm_core.channels.registry import CHANNELS
from crm_core.errors import InvalidInput
from crm_core.infra.mongo import Doc
from crm_core.infra.names import clean_name, name_key

MAX_VARIANTS = 10
MAX_VARIANT_NAME = 40
COMMON = ("message", "subject")
VARIANT_KEYS = ("name", *COMMON, "weight")


def check_content(fields: Mapping[str, Any], attributes: AttributeTypes) -> Definition:
    """Channel, message, subject and variants as a draft keeps them. Raises InvalidInput.

    attributes: the custom ones that a template may use. A variant without a message or subject of its own has the
    campaign's, which need none when each variant has its own: they are then those of the first.
    """
    channel = CHANNELS.named(fields.get("channel"))
    given = _given(fields, COMMON)
    for name in given if fields.get("variants") else COMMON:
        _check_text(name, given.get(name), "", channel, attributes)
    variants = _check_variants(fields.get("variants") or (), given, channel, attributes)
    shown = {**dict.fromkeys(COMMON), **(_given(variants[0], COMMON) if variants else {}), **given}
    return {
        "channel": channel.name,
        "message": shown["message"],
        "subject": shown["subject"],
        "variants": variants,
    }


def content_of(campaign: Campaign, variant: str | None) -> tuple[str, str | None]:
    """Message and subject for a row."""
    if variant is None:
        return campaign["message"], campaign.get("subject")
    found = next(each for each in campaign["variants"] if each["name"] == variant)
    return found["message"] or campaign["message"], found["subject"] or campaign.get("subject")


def stored_fields_of(campaign: Campaign) -> set[str]:
    """The fields of a customer's document that its messages and subjects need."""
    parts: list[Mapping[str, Any]] = [campaign, *(campaign.get("variants") or ())]
    return stored_fields(part.get(name) for part in parts for name in COMMON)


def _check_text(name: str, value: Any, place: str, channel: Channel, attributes: AttributeTypes) -> None:
    """place: before the name of a field that is wrong, such as ``variants[1].``."""
    is_subject = name == "subject"
    if is_subject and channel.subject is None and value is not None:
        with_subject = " or ".join(each.name for each in CHANNELS.values() if each.subject)
        raise InvalidInput(f"Only a message over {with_subject} has a subject.", field=f"{place}{name}")
    if is_subject and value is None and not (channel.subject and channel.subject.is_required):
        return
    text = value if isinstance(value, str) else ""
    check_template(text, field=f"{place}{name}", attributes=attributes, is_subject=is_subject)


def _check_variants(
    variants: Sequence[Any], common: Doc, channel: Channel, attributes: AttributeTypes
) -> list[Variant]:
    """common: message and subject of those that have none of their own. Without weights all weigh the same."""
    if not variants:
        return []
    if not 2 <= len(variants) <= MAX_VARIANTS:
        raise InvalidInput(f"A campaign has 2 to {MAX_VARIANTS} variants, not {len(variants)}.", field="variants")
    if not any(_weighs(each) for each in variants):
        common = {**common, "weight": 100 / len(variants)}
    checked = [
        _check_variant(each, common, f"variants[{place}].", channel, attributes) for place, each in enumerate(variants)
    ]
    if len({name_key(each["name"]) for each in checked}) < len(checked):
        raise InvalidInput("Two variants have the same name.", field="variants")
    total = math.fsum(each["weight"] for each in checked)
    if not math.isclose(total, 100, abs_tol=1e-6):
        raise InvalidInput(f"The weights of the variants are percents: together 100, not {total:g}.", field="variants")
    return checked


def _weighs(variant: Any) -> bool:
    return isinstance(variant, Mapping) and variant.get("weight") is not None


def _given(fields: Mapping[str, Any], names: Collection[str]) -> Doc:
    return {name: fields[name] for name in names if fields.get(name) is not None}


def _check_variant(variant: Any, common: Doc, place: str, channel: Channel, attributes: AttributeTypes) -> Variant:
    if not isinstance(variant, Mapping) or variant.keys() - set(VARIANT_KEYS):
        raise InvalidInput(f"A variant has {', '.join(VARIANT_KEYS)} and nothing else.", field=place.rstrip("."))
    own = _given(variant, VARIANT_KEYS)
    name, weight = own.get("name"), own.get("weight", common.get("weight"))
    cleaned = clean_name(name, "variant", longest=MAX_VARIANT_NAME, field=f"{place}name")
    if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 < weight < 100:
        raise InvalidInput(
            f"A weight is more than 0 and less than 100 percent, not {weight!r}.", field=f"{place}weight"
        )
    for part in COMMON:
        _check_text(part, own.get(part, common.get(part)), place, channel, attributes)
    return {"name": cleaned, "message": own.get("message"), "subject": own.get("subject"), "weight": weight}
