"""Newest wins, field by field: the same end state in whatever order and however often patches arrive."""

from collections.abc import Mapping
from typing import Any

from crm_core.infra.mongo import Doc
from crm_core.infra.streams import version_time

Patch = Mapping[str, Any]
"""Path to value; a path is a field or ``part/field``, such as ``consent/sms``. None clears."""


def merge_patch(doc: Doc, patch: Patch, version: int) -> None:
    """Write onto ``doc`` what ``patch`` says newer than it.

    version: the stream entry that carried the patch. ``doc["versions"]`` keeps the version of each path.
    """
    versions: dict[str, int] = doc.setdefault("versions", {})
    for path, value in patch.items():
        if versions.get(path, -1) >= version:
            continue
        versions[path] = version
        _put(doc, path, value)
    at = version_time(version)
    doc["created_at"] = min(doc.get("created_at", at), at)
    doc["updated_at"] = max(doc.get("updated_at", at), at)


def _put(doc: Doc, path: str, value: Any) -> None:
    part, _, name = path.rpartition("/")
    target = doc.setdefault(part, {}) if part else doc
    if value is None:
        target.pop(name, None)
    else:
        target[name] = value
