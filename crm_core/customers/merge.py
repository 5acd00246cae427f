"""Newest wins, field by field: the same end state in whatever order and however often patches arrive."""

from collections.abc import Mapping
from typing import Any

from crm_core.infra.mongo import Doc
from crm_core.infra.streams import version_time

Patch = Mapping[str, Any]
"""Path to value; a path is a field or ``part/field``, such as ``consent/sms``. None clears; ``consent/`` with
None clears all that the part holds."""
OFFERS = "offers"
"""The part with consent that files tell of, which lifts no denial."""


def merge_patch(doc: Doc, patch: Patch, version: int) -> None:
    """Write onto ``doc`` what ``patch`` says newer than it.

    version: the stream entry that carried the patch. ``doc["versions"]`` keeps the version of each path.
    """
    versions: dict[str, int] = doc.setdefault("versions", {})
    is_offered = bool(doc.get(OFFERS))
    for path, value in patch.items():
        part = path[: path.rfind("/") + 1]
        if versions.get(path, -1) >= version or (part and versions.get(part, -1) >= version):
            continue
        if path == part:
            _clear(doc, part, version)
        else:
            _put(doc, path, value)
        versions[path] = version
        is_offered = is_offered or part == f"{OFFERS}/"
    if is_offered:
        _settle_consent(doc)
    note_version(doc, version)


def note_version(doc: Doc, version: int) -> None:
    """Widen the time from creation to the last change to an entry that names ``doc``."""
    at = version_time(version)
    doc["created_at"] = min(doc.get("created_at", at), at)
    doc["updated_at"] = max(doc.get("updated_at", at), at)


def _settle_consent(doc: Doc) -> None:
    """An offer is the consent when it is newer than what was said, unless that is a denial: then it waits until the
    denial is taken back. Nothing but the newest of both decides, so it is the same in whatever order they came."""
    versions: dict[str, int] = doc["versions"]
    consent: dict[str, Any] = doc.get("consent", {})
    for channel, offer in doc.get(OFFERS, {}).items():
        path = f"consent/{channel}"
        said_at = max(versions.get(path, -1), versions.get("consent/", -1))
        if versions[f"{OFFERS}/{channel}"] > said_at:
            if consent.get(channel, {}).get("state") != "denied":
                consent[channel] = offer
        elif path not in versions:  # all consent was cleared since
            consent.pop(channel, None)
    doc.pop("consent", None)
    if consent:
        doc["consent"] = consent


def _put(doc: Doc, path: str, value: Any) -> None:
    """An emptied part is removed: a part that was never filled looks the same."""
    part, _, name = path.rpartition("/")
    target = doc.setdefault(part, {}) if part else doc
    if value is None:
        target.pop(name, None)
    else:
        target[name] = value
    if part and not target:
        del doc[part]


def _clear(doc: Doc, part: str, version: int) -> None:
    versions: dict[str, int] = doc["versions"]
    for path in [path for path, at in versions.items() if path.startswith(part) and at < version]:
        del versions[path]
        if path != part:
            _put(doc, path, None)
