"""Rules as the audit log keeps them: what names customers is replaced, so that an erasure leaves nothing there."""

from typing import Any, Final

from crm_core.access.pseudonyms import Pseudonyms
from crm_core.infra.mongo import Doc

PERSONAL: Final = frozenset({"id", "name", "first_name", "last_name", "email", "phone"})
"""Fields whose values say who somebody is."""


def audited_rule(rule: Doc, pseudonyms: Pseudonyms) -> Doc:
    """rule: as it is dumped. Lists of customers become their number, addresses and names keyed hashes."""
    match rule.get("kind"):
        case "list":
            return {"kind": "list", "customers": len(rule["customer_ids"])}
        case "field" if rule["field"] in PERSONAL and "value" in rule:
            return {**rule, "value": _hashed(rule["value"], pseudonyms)}
        case _ if "rules" in rule:
            return {**rule, "rules": [audited_rule(each, pseudonyms) for each in rule["rules"]]}
    return rule


def _hashed(value: Any, pseudonyms: Pseudonyms) -> Any:
    if isinstance(value, list | tuple):
        return [_hashed(each, pseudonyms) for each in value]
    return pseudonyms.of(value) if isinstance(value, str) else value
