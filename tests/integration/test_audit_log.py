"""The audit log: kept with the change or not at all, without customers, read by admins with filters, and as a file."""

import csv
import io
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from pymongo.errors import OperationFailure

from crm_core.access.actor import Actor
from crm_core.access.audit_reading import AuditEntry, AuditFilter, Topic
from crm_core.access.permissions import Permission, Role
from crm_core.audience.audited_rules import PERSONAL, audited_rule
from crm_core.errors import Forbidden, InvalidInput, NotFound
from crm_core.infra.mongo import Doc
from crm_core.rules.loading import dump_rule, load_rule
from crm_core.rules.text.parsing import parse_text
from crm_core.schema.customer import CUSTOMER
from crm_core.schema.kinds import Email, Identifier, Phone
from crm_core.services import Services
from tests.actors import ASHA, BEN, ME, OPERATOR, person
from tests.conftest import TestClock
from tests.integration.feeding import store_customers
from tests.workspace import set_workspace

ALL = AuditFilter()


def read(services: Services, wanted: AuditFilter = ALL) -> list[AuditEntry]:
    return services.audit_reader.page(wanted, limit=100, actor=ME)[0]


def actions(services: Services, wanted: AuditFilter = ALL) -> list[str]:
    return [entry.action for entry in read(services, wanted)]


def save(services: Services, text: str, name: str = "S") -> str:
    return services.segments.save(name, parse_text(text, services.rule_contexts.context()), actor=ASHA)["_id"]


CHANGES: dict[str, Callable[[Services], object]] = {
    "a setting": lambda services: set_workspace(services, frequency_cap=3),
    "a segment": lambda services: save(services, "visits > 5"),
    "an API key": lambda services: services.keys.create("shop", ["ingest:write"], actor=OPERATOR),
    "a user": lambda services: services.users.invite("ada@example.com", Role.VIEWER, actor=ASHA),
    "an attribute": lambda services: services.attributes.declare("plan", "text", actor=ASHA),
    "a suppression": lambda services: services.suppressions.add("c1", "sms", reason="manual", actor=ASHA),
    "a shared rule": lambda services: services.shared_rules.share(
        load_rule({"kind": "field", "field": "visits", "op": "gt", "value": 5}), actor=ASHA
    ),
    "a job": lambda services: services.demo_jobs.start(customers=10, seed=1, actor=ASHA),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_without_its_audit_entry_is_not_kept(services: Services, change: str) -> None:
    store_customers(services, {"id": "c1"})
    services.pseudonyms.of("c1")
    kept = ("workspace", "segments", "api_keys", "users", "attributes", "suppressions", "shared_rules", "jobs")
    services.db.command({"collMod": "audit", "validator": {"nothing": 1}})
    locks = {"_id": {"$nin": ["segments", "users"]}}
    before = {name: list(services.db[name].find(locks)) for name in kept}
    try:
        with pytest.raises(OperationFailure, match="failed validation"):
            CHANGES[change](services)
    finally:
        services.db.command({"collMod": "audit", "validator": {}})
    assert {name: list(services.db[name].find(locks)) for name in kept} == before
    CHANGES[change](services)
    assert services.db.audit.count_documents({}) == 1


def test_settings_rules_roles_and_campaigns_are_told_before_and_after(services: Services) -> None:
    set_workspace(services, frequency_cap=3)
    set_workspace(services, frequency_cap=4)
    first = dump_rule(load_rule({"kind": "field", "field": "visits", "op": "gt", "value": 5}))
    draft = services.campaigns.create(name="June", channel="in_app", message="Hi", rule=load_rule(first), actor=BEN)
    services.campaigns.update(draft["_id"], message="Hello", actor=BEN)
    services.campaigns.launch(draft["_id"], actor=BEN)
    launch, update, create, second, _ = read(services)
    assert second.details == {"frequency_cap": {"from": 3, "to": 4}}
    assert create.details["rule"] == {"from": None, "to": first}
    assert update.details == {"name": "June", "message": {"from": "Hi", "to": "Hello"}}
    assert launch.details == {"name": "June", "state": {"from": "draft", "to": "preparing"}}


def test_nothing_in_it_names_a_customer(services: Services) -> None:
    """So an erasure leaves nothing there."""
    marks = ("cust-77", "asha@example.com", "+919876543210", "Asha Rao")
    store_customers(services, {"id": marks[0], "email": marks[1], "phone": marks[2], "name": marks[3]})
    services.suppressions.add(marks[0], "sms", reason="manual", actor=BEN)
    services.suppressions.lift(marks[0], "sms", actor=BEN)
    services.customers.customer(marks[0], actor=BEN)
    services.customer_search.search(marks[3], actor=BEN)
    services.timeline.page(marks[0], actor=BEN)
    save(services, f'email is "{marks[1]}" or phone is "{marks[2]}" or name is "{marks[3]}"')
    picked = load_rule({"kind": "all", "rules": [{"kind": "list", "customer_ids": [marks[0]]}]})
    services.segments.save("Picked", picked, actor=BEN)
    draft = services.campaigns.create(name="One", channel="in_app", message="Hi", rule=picked, actor=BEN)
    services.campaigns.update(draft["_id"], message="Hello", actor=BEN)
    services.audit_counts.write()
    stored = [row for name in ("audit", "audit_counts") for row in services.db[name].find()]
    assert {"suppression.add", "customer.read", "segment.create", "campaign.create"} <= {
        row["action"] for row in stored
    }
    assert not [mark for mark in marks if mark in repr(stored)]


def test_a_rule_keeps_what_names_nobody(services: Services) -> None:
    city = {"kind": "field", "field": "city", "op": "eq", "value": "Pune"}
    has_phone = {"kind": "field", "field": "phone", "op": "is_set"}
    addresses = ["a@example.com", "b@example.com"]
    emails = {"kind": "field", "field": "email", "op": "in", "value": addresses}
    picked = {"kind": "list", "customer_ids": ["c1", "c2"]}
    rule: Doc = {"kind": "any", "rules": [city, emails, has_phone, picked]}
    hashed = {**emails, "value": [services.pseudonyms.of(each) for each in addresses]}
    kept = audited_rule(rule, services.pseudonyms)
    assert kept == {"kind": "any", "rules": [city, hashed, has_phone, {"kind": "list", "customers": 2}]}


def test_every_field_that_says_who_somebody_is_is_hidden() -> None:
    assert {field.name for field in CUSTOMER.fields if isinstance(field.kind, Identifier | Email | Phone)} <= PERSONAL


def test_a_pseudonym_is_the_same_in_every_process_and_of_one_workspace(services: Services) -> None:
    first = services.pseudonyms.of("c1")
    another = type(services.pseudonyms)(services.db)
    assert another.of("c1") == first != another.of("c2")
    services.db.workspace.delete_one({"_id": "audit_key"})
    assert type(services.pseudonyms)(services.db).of("c1") != first


def test_reads_of_a_person_are_counted_by_the_hour_and_customer(services: Services, clock: TestClock) -> None:
    store_customers(services, {"id": "c1"}, {"id": "c2"})
    analyst = replace(person("ana", Role.ANALYST), origin="203.0.113.9")
    for customer_id in ("c1", "c1", "c2"):
        services.customers.customer(customer_id, actor=analyst)
    services.audit_counts.write()
    found = {entry.target: (entry.actor, entry.origin, entry.count) for entry in read(services)}
    hashed = [services.pseudonyms.of(each) for each in ("c1", "c2")]
    assert found == {hashed[0]: ("ana", "203.0.113.9", 2), hashed[1]: ("ana", "203.0.113.9", 1)}
    clock.advance(hours=2)
    assert len(read(services)) == 2
    assert services.db.audit_counts.count_documents({}) == 0
    assert services.db.audit.count_documents({"action": "customer.read"}) == 2


def test_the_newest_are_first_on_every_page_counts_among_them(services: Services, clock: TestClock) -> None:
    for number in range(7):
        services.audit.record(ASHA, "x.y", str(number))
        services.audit_counts.note(ASHA, "x.read", str(number))
        clock.advance(seconds=number % 2)
    services.audit_counts.write()
    whole = read(services)
    assert [entry.at for entry in whole] == sorted((entry.at for entry in whole), reverse=True)
    paged: list[AuditEntry] = []
    after = None
    while True:
        page, after = services.audit_reader.page(ALL, limit=3, after=after, actor=ME)
        paged += page
        if after is None:
            break
    assert paged == whole
    assert len(whole) == 14


@pytest.mark.parametrize("cursor", ["", "x", "2026-01-01", "2026-01-01T00:00:00+00:00~x", "~" + "a" * 24])
def test_a_cursor_of_something_else_is_refused(services: Services, cursor: str) -> None:
    with pytest.raises(InvalidInput, match="is no cursor of this list"):
        services.audit_reader.page(ALL, limit=1, after=cursor, actor=ME)


def test_it_is_filtered_by_topic_actor_target_and_days(services: Services, clock: TestClock) -> None:
    start = clock.now
    segment = save(services, "visits > 5")
    clock.advance(days=1)
    services.users.invite("ada@example.com", Role.VIEWER, actor=BEN)
    services.audit_counts.note(ASHA, "access.refused", "manage users")
    services.audit_counts.write()
    assert actions(services, AuditFilter(Topic.PEOPLE)) == ["user.invite"]
    assert actions(services, AuditFilter(Topic.AUDIENCES, actor="ASH")) == ["segment.create"]
    assert actions(services, AuditFilter(Topic.REFUSALS)) == ["access.refused"]
    assert actions(services, AuditFilter(actor="be")) == ["user.invite"]
    assert actions(services, AuditFilter(target=f" {segment} ")) == ["segment.create"]
    assert actions(services, AuditFilter(start=start, end=start + timedelta(days=1))) == ["segment.create"]
    assert actions(services, AuditFilter(start=start + timedelta(days=1), actor="asha")) == ["access.refused"]
    assert actions(services, AuditFilter(actor="(")) == []


def test_every_topic_finds_its_actions(services: Services) -> None:
    found = {
        Topic.SIGN_INS: ("session.begin", "sign_in.failed"),
        Topic.PEOPLE: ("user.remove", "key.use", "key.create"),
        Topic.SETTINGS: ("settings.change",),
        Topic.AUDIENCES: ("segment.delete", "rule.share"),
        Topic.CAMPAIGNS: ("campaign.launch", "rehearsal.start"),
        Topic.DATA: ("import.start", "suppression.add", "demo.load", "attribute.declare"),
        Topic.READS: ("customer.read", "customers.list", "audit.export", "import.read_errors", "messages.read"),
        Topic.REFUSALS: ("key.refused", "key.unknown", "access.refused", "sign_in.failed"),
    }
    for action in sorted({action for each in found.values() for action in each}):
        services.audit.record(ASHA, action, "x")
    for topic, expected in found.items():
        assert sorted(actions(services, AuditFilter(topic))) == sorted(expected), topic


def test_the_export_is_what_the_filter_finds_and_is_audited(services: Services) -> None:
    services.audit.record(ASHA, "x.y", "=cmd()", {"text": "a, “b”\n"})
    services.audit.record(BEN, "x.z", "2")
    rows = list(csv.DictReader(io.StringIO(services.audit_reader.export(AuditFilter(actor="asha"), actor=ME).decode())))
    assert [(row["actor"], row["action"], row["target"]) for row in rows] == [("asha", "x.y", "'=cmd()")]
    assert rows[0]["details"] == '{"text": "a, “b”\\n"}'
    newest = read(services)[0]
    assert (newest.actor, newest.action, newest.details) == ("me", "audit.export", {"entries": 1})


def test_one_entry_is_read_by_its_id(services: Services) -> None:
    services.audit.record(ASHA, "x.y", "1")
    (entry,) = read(services)
    assert services.audit_reader.get(entry.id, actor=ME) == entry
    for unknown in ("x", "0" * 24):
        with pytest.raises(NotFound, match="There is no audit entry with the id"):
            services.audit_reader.get(unknown, actor=ME)


@pytest.mark.parametrize("role", list(Role))
def test_only_who_may_reads_it(services: Services, role: Role) -> None:
    reader: Actor = person("r", role)
    calls: tuple[Callable[[], object], ...] = (
        lambda: services.audit_reader.page(ALL, limit=1, actor=reader),
        lambda: services.audit_reader.export(ALL, actor=reader),
    )
    for call in calls:
        if reader.may(Permission.READ_AUDIT):
            call()
        else:
            with pytest.raises(Forbidden, match="to read the audit log takes the role admin"):
                call()


def test_a_flood_of_targets_is_counted_together(services: Services) -> None:
    for number in range(5_100):
        services.audit_counts.note(ASHA, "key.unknown", f"10.0.{number // 256}.{number % 256}")
    services.audit_counts.write()
    assert services.db.audit_counts.count_documents({}) == 5_001
    others = services.db.audit_counts.find_one({"target": "others"})
    assert others
    assert others["count"] == 100
