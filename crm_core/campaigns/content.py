"""What a campaign says: one message, or several variants of it that are tried against each other."""

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from crm_core.audience.eligibility import check_channel
from crm_core.campaigns.template import check_template
from crm_core.errors import InvalidInput
from crm_core.infra.mongo import Doc

MAX_VARIANTS = 10
MAX_VARIANT_NAME = 40
VARIANT_KEYS = ("name", "message", "subject", "weight")
WITH_SUBJECT = "email"


def check_content(fields: Mapping[str, Any], attributes: Collection[str]) -> Doc:
    """Channel, message, subject and variants as a draft keeps them. Raises InvalidInput.

    attributes: the custom ones that a template may use. With variants, message and subject are those of the first.
    """
    channel = fields.get("channel")
    check_channel(channel if isinstance(channel, str) else str(channel))
    variants = _check_variants(fields.get("variants") or (), channel, attributes)
    if variants and fields.get("message") is not None:
        raise InvalidInput("A campaign has one message or variants, not both.", field="message")
    shown = variants[0] if variants else _check_message(fields, "", channel, attributes)
    return {
        "channel": channel,
        "message": shown["message"],
        "subject": shown["subject"],
        "variants": variants,
    }


def content_of(campaign: Doc, variant: str | None) -> tuple[str, str | None]:
    """Message and subject for a row."""
    if variant is None:
        return campaign["message"], campaign.get("subject")
    found = next(each for each in campaign["variants"] if each["name"] == variant)
    return found["message"], found["subject"]


def _check_message(fields: Mapping[str, Any], place: str, channel: Any, attributes: Collection[str]) -> Doc:
    """place: before the name of a field that is wrong, such as ``variants[1].``."""
    message, subject = fields.get("message"), fields.get("subject")
    check_template(message if isinstance(message, str) else "", field=f"{place}message", attributes=attributes)
    if channel == WITH_SUBJECT:
        check_template(
            subject if isinstance(subject, str) else "", field=f"{place}subject", attributes=attributes, is_subject=True
        )
    elif subject is not None:
        raise InvalidInput(f"Only a message over {WITH_SUBJECT} has a subject.", field=f"{place}subject")
    return {"message": message, "subject": subject}


def _check_variants(variants: Sequence[Any], channel: Any, attributes: Collection[str]) -> list[Doc]:
    if not variants:
        return []
    if not 2 <= len(variants) <= MAX_VARIANTS:
        raise InvalidInput(f"A campaign has 2 to {MAX_VARIANTS} variants, not {len(variants)}.", field="variants")
    checked = [_check_variant(each, f"variants[{place}].", channel, attributes) for place, each in enumerate(variants)]
    if len({each["name"] for each in checked}) < len(checked):
        raise InvalidInput("Two variants have the same name.", field="variants")
    total = math.fsum(each["weight"] for each in checked)
    if not math.isclose(total, 100, abs_tol=1e-6):
        raise InvalidInput(f"The weights of the variants are percents: together 100, not {total:g}.", field="variants")
    return checked


def _check_variant(variant: Any, place: str, channel: Any, attributes: Collection[str]) -> Doc:
    if not isinstance(variant, Mapping) or variant.keys() - set(VARIANT_KEYS):
        raise InvalidInput(f"A variant has {', '.join(VARIANT_KEYS)} and nothing else.", field=place.rstrip("."))
    name, weight = variant.get("name"), variant.get("weight")
    cleaned = name.strip() if isinstance(name, str) else ""
    if not cleaned or len(cleaned) > MAX_VARIANT_NAME or not cleaned.isprintable():
        raise InvalidInput(
            f"A variant needs a name of 1 to {MAX_VARIANT_NAME} printable characters.", field=f"{place}name"
        )
    if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 < weight < 100:
        raise InvalidInput(
            f"A weight is more than 0 and less than 100 percent, not {weight!r}.", field=f"{place}weight"
        )
    return {"name": cleaned, **_check_message(variant, place, channel, attributes), "weight": weight}
