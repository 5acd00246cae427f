"""Audit entries in words: what was done, to what, and what changed by it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from crm_core.access.audit import is_change
from crm_core.access.audit_reading import AuditEntry
from pages._ui.formats import NONE, number

ACTIONS: Final[Mapping[str, str]] = {
    "session.begin": "Signed in",
    "session.end": "Signed out",
    "sign_in.failed": "Sign-in failed",
    "sign_in.refused": "Sign-in refused",
    "user.invite": "Invited a user",
    "user.enrol": "First sign-in of a user",
    "user.change_role": "Changed a role",
    "user.remove": "Removed a user",
    "user.sign_out": "Signed a user out",
    "key.create": "Created an API key",
    "key.revoke": "Revoked an API key",
    "key.use": "Used the API",
    "key.refused": "API key refused",
    "key.unknown": "Unknown API key",
    "access.refused": "Was refused",
    "settings.change": "Changed settings",
    "segment.create": "Saved a segment",
    "segment.change": "Changed a segment",
    "segment.delete": "Deleted a segment",
    "rule.share": "Shared a rule",
    "campaign.create": "Created a campaign",
    "campaign.update": "Edited a campaign",
    "campaign.duplicate": "Copied a campaign",
    "campaign.schedule": "Scheduled a campaign",
    "campaign.unschedule": "Took back a schedule",
    "campaign.launch": "Launched a campaign",
    "campaign.pause": "Paused a campaign",
    "campaign.resume": "Resumed a campaign",
    "campaign.cancel": "Cancelled a campaign",
    "campaign.retry": "Retried failed messages",
    "campaign.archive": "Archived a campaign",
    "campaign.unarchive": "Restored a campaign",
    "campaign.test": "Sent a test message",
    "campaign.sending": "Campaign began to send",
    "campaign.completed": "Campaign completed",
    "campaign.failed": "Campaign failed",
    "rehearsal.start": "Began a rehearsal",
    "rehearsal.cancel": "Cancelled a rehearsal",
    "rehearsal.read": "Read a rehearsal's messages",
    "refit.start": "Asked for a fit of the predictions",
    "refit.cancel": "Cancelled a fit of the predictions",
    "attribute.declare": "Declared an attribute",
    "consent.change": "Changed a customer's consent",
    "suppression.add": "Stopped messages to a customer",
    "suppression.lift": "Allowed messages to a customer",
    "consent.list": "Listed who gets no messages",
    "suppression.import": "Suppressed addresses of a list",
    "import.start": "Began an import",
    "import.cancel": "Cancelled an import",
    "import.read_errors": "Read an import's errors",
    "export.start": "Asked for an export of customers",
    "export.cancel": "Cancelled an export of customers",
    "export.download": "Downloaded an export of customers",
    "demo.load": "Loaded demo data",
    "demo.cancel": "Cancelled a load of demo data",
    "customer.read": "Read a customer",
    "customers.list": "Listed customers",
    "customers.sample": "Saw sample customers",
    "customers.explain": "Saw why customers match",
    "orders.list": "Listed orders",
    "messages.read": "Read messages",
    "dead_letters.read": "Read refused records",
    "audit.export": "Exported the audit log",
}
MAX_SUMMARY: Final = 140
MAX_VALUE: Final = 60


def action_words(action: str) -> str:
    """Also of one that this version does not know."""
    return ACTIONS.get(action) or action.replace(".", " ").replace("_", " ").capitalize()


def summary(entry: AuditEntry) -> str:
    """What is to know of it on one line."""
    parts = [f"{_label(name)}: {_short_change(value)}" for name, value in entry.details.items()]
    if entry.count and entry.count > 1:
        parts.insert(0, f"{number(entry.count)} times within the hour")
    return _cut("; ".join(parts), MAX_SUMMARY)


def value_words(value: Any) -> str:
    """A value in a table of changes."""
    if value is None or value in ({}, []):
        return NONE
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M} UTC"
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return ", ".join(value)
    return number(value) if isinstance(value, int) else str(value)


def _short_change(value: Any) -> str:
    if not is_change(value):
        return _short(value)
    if value["from"] is None:
        return _short(value["to"])
    if _is_large(value["from"]) and _is_large(value["to"]):
        return "changed"
    return f"{_short(value['from'])} → {_short(value['to'])}"


def _short(value: Any) -> str:
    if _is_large(value):
        return "see entry"
    return _cut(value_words(value), MAX_VALUE)


def _is_large(value: Any) -> bool:
    """A rule or a list of objects is for the entry's own view."""
    return isinstance(value, Mapping) or (isinstance(value, list) and any(isinstance(each, Mapping) for each in value))


def _label(name: str) -> str:
    return name.replace("_", " ")


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
