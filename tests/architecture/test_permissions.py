"""Whoever is told who acts asks whether that actor may, and every other function of a service says why it need not be
told."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

CORE = Path(__file__).resolve().parents[2] / "crm_core"
ASKS = {"require", "require_one", "require_sample"}
Function = ast.FunctionDef | ast.AsyncFunctionDef
PASSED_ON = {
    "access/audit.py": "writes down what was allowed",
    "access/audit_counts.py": "writes down what was allowed",
    "campaigns/store.py": "a part of Campaigns",
    "jobs/store.py": "a part of each kind of job",
}
"""Files whose functions are called by services that have asked."""
ALLOWED = {("access/personal_reads.py", "note"): "of somebody who was found to be allowed"}
"""Functions that are told who acts and need not ask."""
OPEN: dict[str, tuple[str, set[str]]] = {
    "ApiKeys": ("finds out who calls", {"cached", "find"}),
    "AuditCounts": ("writes down what others allowed", {"write", "settle", "close"}),
    "AuditLog": ("writes down what others allowed; history of settings", {"together", "write", "latest"}),
    "Campaigns": (
        "read by everybody who may see figures, and by workers; the changes are those of workers",
        {
            "get",
            "watch",
            "page",
            "search",
            "known_tags",
            "count_found",
            "in_state",
            "at_launch",
            "faults",
            "advance",
            "audit_left",
            "pause_for",
        }
        | {"start_due"},
    ),
    "CustomerReader": (
        "for workers, and for services that have asked",
        {"by_ids", "rows", "holders", "count_denials", "to_record", "to_order", "to_event"},
    ),
    "DemoJobs": ("state of a load, and the work itself", {"latest", "is_running", "work"}),
    "Identities": ("finds out who acts", {"actor_of", "ended", "forget", "of_user"}),
    "Insights": ("what there is to ask, and a rule of an answer that was given", {"question", "rule_of"}),
    "MessageLog": (
        "figures, and what workers write and ask",
        {"insert", "address_holders", "messaged_since", "sent_since", "sent_to", "stats", "timeline", "count_rows"},
    ),
    "PredictionFits": ("what the job keeps and takes up again", {"find", "keep", "note_written"}),
    "Refits": ("the work itself, and asking for it once a day", {"work", "start_due"}),
    "Rehearsals": ("their list is of figures; the work itself", {"page", "work"}),
    "Segments": (
        "names, rules and counts, which everybody may see",
        {"get", "versions", "page", "names", "search", "count_found", "recount"},
    ),
    "Sessions": ("finds out who acts", {"open", "find", "get", "living", "note_use", "end", "end_all"}),
    "SharedRules": ("whoever has the link", {"get"}),
    "SignIn": (
        "lets people in and out, whom it knows by their ticket or cookie",
        {"visitor_ticket", "local_admin_ticket", "member_ticket", "exchange", "recognise", "note_use", "sign_out"}
        | {"actor_of", "note_failure"},
    ),
    "Suppressions": (
        "for workers, and for pages of customers that have asked",
        {"of", "of_one", "among", "key_of", "put_all"},
    ),
    "Unsubscriptions": ("whoever has the signed link of a message", {"knows", "choices", "stop", "allow"}),
    "Users": ("finds out who acts", {"find_by_email", "get", "admit", "note_seen"}),
    "WorkspaceEditor": ("settings are no secret", {"faults", "history"}),
}
"""Services that people and keys reach, the functions that do not ask who acts, and why."""
INTERNAL = {
    "parts of other services": {
        "Audience",
        "ConsentRecords",
        "Definitions",
        "ErrorBudget",
        "KeptKey",
        "PersonalReads",
        "Pseudonyms",
        "RuleContexts",
        "Standings",
    },
    "work of workers": {
        *("Deliverer", "Engine", "Persister", "PendingRows", "Plan", "Progress", "ReceiptBooker", "Recipients"),
        *("CampaignCounter", "Moves", "Rekeying", "FailureSuppressor"),
        *("HttpVendor", "VendorProbe"),
        *("JobRunner", "Bookings", "Refitter", "Rehearsal", "ImportFiles", "JobStore", "DemoLoader", "PastLoader"),
        "ExportParts",
    },
    "limits, queues and their state": {
        *("RateLimiter", "ChannelRates", "IdempotencyKeys", "Publisher", "AsyncPublisher", "BacklogGate", "Monitor"),
        *("Keeper", "TransactionSessions", "AmountsCurrency"),
    },
    "values": {
        "Policy",
        "SendingRules",
        "MessageFormat",
        "UnsubscribeLinks",
        "RecordModels",
        "ValidationContext",
        "Workspace",
    },
    "figures without a person": {"Attributes", "EventProperties", "ZoneEffects"},
}
"""What services are made of: nobody reaches it but through one that asks."""


@cache
def read(path: Path) -> str:
    return path.read_text("utf-8")


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(read(path))


def public_methods(path: Path) -> Iterator[Function]:
    for node in ast.walk(parsed(path)):
        if isinstance(node, Function) and not node.name.startswith("_") and is_told(node):
            yield node


def is_told(function: Function) -> bool:
    arguments = [*function.args.args, *function.args.kwonlyargs]
    return any(isinstance(each.annotation, ast.Name) and each.annotation.id == "Actor" for each in arguments)


def asks(function: Function) -> bool:
    calls = [node for node in ast.walk(function) if isinstance(node, ast.Call)]
    return any(isinstance(call.func, ast.Attribute) and call.func.attr in ASKS for call in calls)


def told_who_acts() -> list[tuple[str, Function]]:
    files = [(str(path.relative_to(CORE)), path) for path in sorted(CORE.rglob("*.py")) if "Actor" in read(path)]
    return [(name, node) for name, path in files if name not in PASSED_ON for node in public_methods(path)]


@pytest.mark.parametrize(("file", "function"), told_who_acts(), ids=lambda each: getattr(each, "name", each))
def test_a_service_that_is_told_who_acts_asks_for_a_permission(file: str, function: Function) -> None:
    assert asks(function) or (file, function.name) in ALLOWED


def test_services_that_ask_are_found() -> None:
    assert len(told_who_acts()) > 20


@cache
def classes() -> dict[str, ast.ClassDef]:
    return {
        node.name: node
        for path in sorted(CORE.rglob("*.py"))
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.ClassDef)
    }


def services() -> set[str]:
    """Names of the classes that the bundles of services hand out."""
    found = set()
    for path in CORE.rglob("services.py"):
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.FunctionDef) and {"cached_property", "property"} & decorators(node):
                found.add(class_name(node.returns))
    return {name for name in found if name in classes()}


def decorators(node: ast.FunctionDef) -> set[str]:
    return {each.id for each in node.decorator_list if isinstance(each, ast.Name)}


def class_name(returns: ast.expr | None) -> str:
    if isinstance(returns, ast.Subscript):
        returns = returns.value
    return (
        returns.id if isinstance(returns, ast.Name) else str(returns.value) if isinstance(returns, ast.Constant) else ""
    )


def methods(name: str) -> Iterator[Function]:
    """Also of the classes of ours that it inherits from."""
    made = classes()[name]
    yield from (node for node in made.body if isinstance(node, Function) and not node.name.startswith("_"))
    for base in made.bases:
        if isinstance(base, ast.Name) and base.id in classes():
            yield from methods(base.id)


def test_every_function_of_a_service_asks_or_says_why_not() -> None:
    internal = {name for names in INTERNAL.values() for name in names}
    untold = {
        name: {node.name for node in methods(name) if not is_told(node) and not is_property(node)}
        for name in services() - internal
    }
    wrong = {name: found for name, found in untold.items() if found != OPEN.get(name, ("", set()))[1]}
    assert not wrong, "let them ask for a permission, or say in OPEN why they need not"


def is_property(node: Function) -> bool:
    return isinstance(node, ast.FunctionDef) and bool({"property", "cached_property"} & decorators(node))


def test_what_is_listed_exists() -> None:
    listed = OPEN.keys() | {name for names in INTERNAL.values() for name in names}
    assert not listed - classes().keys()
