"""Saved segments: a name, a rule, and the count it had at a moment that is told."""

from datetime import datetime
from typing import Any

import pytest

from crm_core.audience.model import Segment
from crm_core.errors import BadRule, Conflict, InvalidInput, NotFound, UnknownField
from crm_core.rules.loading import load_rule
from crm_core.rules.tree import EVERYONE, AnyRule
from crm_core.services import Services
from tests.actors import ASHA, BELA, CEM, DORA
from tests.conftest import TestClock
from tests.integration.feeding import store_customers
from tests.integration.population import field, group

VIP = field("tags", "has_any", ["vip"])
EARLY = field("tags", "has_any", ["early"])
ASHA_ACTS = {"actor": "asha", "actor_kind": "user", "actor_id": "asha"}


def save(services: Services, name: str = "VIPs", rule: dict[str, Any] = VIP) -> Segment:
    return services.segments.save(name, load_rule(rule), actor=ASHA)


def test_a_segment_keeps_its_rule_and_its_count_with_the_moment(services: Services, clock: TestClock) -> None:
    store_customers(services, {"id": "c1", "tags": ["VIP"]}, {"id": "c2"})
    segment = save(services)
    assert segment == services.segments.get(segment["_id"])
    assert (segment["name"], segment["rule"], segment["version"]) == ("VIPs", VIP, 1)
    assert (segment["count"], segment["counted_at"], segment["created_by"]) == (1, clock.now, "asha")


def test_saving_is_audited(services: Services, clock: TestClock) -> None:
    segment = save(services)
    entry = services.db.audit.find_one({"action": "segment.create"}, {"_id": 0})
    expected = {"at": clock.now, **ASHA_ACTS, "action": "segment.create", "target": segment["_id"]}
    saved = {"version": {"from": None, "to": 1}, "rule": {"from": None, "to": VIP}}
    assert entry == {**expected, "details": {"name": {"from": None, "to": "VIPs"}, **saved}}


def test_a_recount_gives_the_figure_of_now(services: Services, clock: TestClock) -> None:
    segment = save(services)
    store_customers(services, {"id": "c1", "tags": ["vip"]})
    clock.advance(hours=1)
    assert services.segments.get(segment["_id"])["count"] == 0
    recounted = services.segments.recount(segment["_id"])
    assert (recounted["count"], recounted["counted_at"]) == (1, clock.now)
    assert services.segments.get(segment["_id"]) == recounted


def test_no_two_segments_have_one_name(services: Services) -> None:
    save(services)
    with pytest.raises(InvalidInput) as caught:
        save(services, " VIPs ")
    assert caught.value.field == "name"
    assert "already a segment named 'VIPs'" in str(caught.value)
    assert len(services.segments.page(limit=200)[0]) == 1


def test_a_segment_that_breaks_a_rule_is_not_saved(services: Services) -> None:
    for name in ("", "  ", "x" * 101, "two\nlines", "\x00"):
        with pytest.raises(InvalidInput, match=r"1 to 100|cannot have U\+0000|cannot have U\+000A"):
            save(services, name)
    with pytest.raises(UnknownField):
        save(services, rule=group("all", field("nmae", "eq", "x")))
    with pytest.raises(BadRule):
        save(services, rule=field("visits", "contains", "x"))
    assert services.segments.page(limit=200)[0] == []
    assert services.db.audit.count_documents({}) == 0


def test_versions_are_kept_with_who_made_them_and_when(services: Services, clock: TestClock) -> None:
    segment = save(services)
    first_at = clock.now
    clock.advance(hours=1)
    changed = services.segments.change(segment["_id"], rule=load_rule(EARLY), actor=BELA)
    assert services.segments.versions(segment["_id"], limit=100)[0] == [
        {"segment_id": segment["_id"], "version": 2, "rule": EARLY, "created_at": clock.now, "created_by": "bela"},
        {"segment_id": segment["_id"], "version": 1, "rule": VIP, "created_at": first_at, "created_by": "asha"},
    ]
    assert (changed["created_by"], changed["created_at"], changed["updated_at"]) == ("asha", first_at, clock.now)
    services.segments.remove(segment["_id"], actor=ASHA)
    assert [row["version"] for row in services.segments.versions(segment["_id"], limit=100)[0]] == [2, 1]


def test_another_rule_is_counted_at_once(services: Services, clock: TestClock) -> None:
    store_customers(services, {"id": "c1", "tags": ["VIP"]}, {"id": "c2", "tags": ["early"]}, {"id": "c3"})
    segment = save(services)
    clock.advance(hours=1)
    changed = services.segments.change(segment["_id"], rule=EVERYONE, actor=ASHA)
    assert (changed["count"], changed["counted_at"], changed["version"]) == (3, clock.now, 2)
    assert services.segments.get(segment["_id"]) == changed


def test_a_new_name_and_the_same_rule_make_no_version(services: Services, clock: TestClock) -> None:
    segment = save(services)
    clock.advance(hours=1)
    renamed = services.segments.change(segment["_id"], name=" Regulars ", actor=BELA)
    assert renamed == segment | {"name": "Regulars", "updated_at": clock.now}
    same = services.segments.change(segment["_id"], name="Regulars", rule=load_rule(VIP), actor=BELA)
    assert (same["name"], same["version"]) == ("Regulars", 1)
    assert len(services.segments.versions(segment["_id"], limit=100)[0]) == 1


def test_a_change_is_refused_when_somebody_else_was_first(services: Services) -> None:
    segment = save(services)
    services.segments.change(segment["_id"], rule=load_rule(EARLY), version=1, actor=BELA)
    before = services.segments.get(segment["_id"])
    with pytest.raises(Conflict, match="at version 2, not 1: somebody else changed it"):
        services.segments.change(segment["_id"], name="Mine", rule=EVERYONE, version=1, actor=ASHA)
    assert services.segments.get(segment["_id"]) == before
    assert len(services.segments.versions(segment["_id"], limit=100)[0]) == 2


def test_a_change_that_breaks_a_rule_changes_nothing(services: Services) -> None:
    segment = save(services)
    save(services, "Taken")
    refused: list[tuple[dict[str, Any], str]] = [
        ({"name": "Taken"}, "already a segment named 'Taken'"),
        ({"name": " "}, "1 to 100 printable"),
        ({"name": "Good", "rule": load_rule(field("visits", "contains", "x"))}, "does not go with"),
        ({"rule": load_rule(field("nmae", "eq", "x"))}, "there is no field 'nmae'"),
    ]
    for change, words in refused:
        with pytest.raises(InvalidInput, match=words):
            services.segments.change(segment["_id"], **change, actor=ASHA)
    assert services.segments.get(segment["_id"]) == segment
    assert services.db.audit.count_documents({"action": "segment.change"}) == 0


def test_changing_and_deleting_are_audited(services: Services, clock: TestClock) -> None:
    segment_id = save(services)["_id"]
    services.segments.change(segment_id, name="Regulars", actor=BELA)
    clock.advance(hours=1)
    services.segments.change(segment_id, rule=load_rule(EARLY), actor=CEM)
    services.segments.remove(segment_id, actor=DORA)
    entries = list(services.db.audit.find({"target": segment_id}).sort("_id", 1))
    assert [(entry["actor"], entry["action"]) for entry in entries] == [
        ("asha", "segment.create"),
        ("bela", "segment.change"),
        ("cem", "segment.change"),
        ("dora", "segment.delete"),
    ]
    assert entries[1]["details"] == {"name": {"from": "VIPs", "to": "Regulars"}}
    changed = {"version": {"from": 1, "to": 2}, "rule": {"from": VIP, "to": EARLY}}
    assert entries[2]["details"] == {"name": "Regulars", **changed}
    assert entries[3]["details"]["rule"] == {"from": EARLY, "to": None}
    assert entries[3]["at"] == clock.now


def test_a_deleted_segment_is_gone_and_its_name_is_free(services: Services) -> None:
    segment = save(services)
    services.segments.remove(segment["_id"], actor=ASHA)
    assert services.segments.page(limit=200)[0] == []
    assert save(services)["_id"] != segment["_id"]


def test_segments_are_listed_with_the_last_changed_first(services: Services, clock: TestClock) -> None:
    for name in ("first", "second", "third"):
        services.segments.save(name, EVERYONE, actor=ASHA)
        clock.advance(seconds=1)
    assert [segment["name"] for segment in services.segments.page(limit=200)[0]] == ["third", "second", "first"]


def test_pages_of_segments_hold_each_once_also_when_changed_in_the_same_moment(services: Services) -> None:
    names = [f"segment {place}" for place in range(7)]
    for name in names:
        services.segments.save(name, EVERYONE, actor=ASHA)
    found, after = services.segments.page(limit=3)
    while after:
        more, after = services.segments.page(limit=3, after=after)
        found += more
    assert sorted(segment["name"] for segment in found) == names


def test_a_page_goes_on_after_a_segment_that_was_deleted_or_changed(services: Services, clock: TestClock) -> None:
    for name in ("first", "second", "third", "fourth"):
        services.segments.save(name, EVERYONE, actor=ASHA)
        clock.advance(seconds=1)
    (_, third), after = services.segments.page(limit=2)
    services.segments.remove(third["_id"], actor=ASHA)
    rest, last = services.segments.page(limit=2, after=after)
    assert [segment["name"] for segment in rest] == ["second", "first"]
    assert last is None


@pytest.mark.parametrize(
    "cursor", ["", "x", "bnVsbA==", "WzFd", "WyJhIiwiYiJd", "Wy0xLCJiIl0=", "Wzk5OTk5OTk5OTk5OTk5OTk5OSwiYiJd"]
)
def test_what_is_no_cursor_of_the_list_is_refused(services: Services, cursor: str) -> None:
    with pytest.raises(InvalidInput, match="no cursor of this list"):
        services.segments.page(limit=2, after=cursor)


@pytest.mark.parametrize("name", ["VIPS", "vips ", "VI\u200bPs", "ＶＩＰｓ"])
def test_no_two_segments_have_names_that_look_the_same(services: Services, name: str) -> None:
    services.segments.save("VIPs", EVERYONE, actor=ASHA)
    with pytest.raises(InvalidInput, match="already a segment named 'VIPs'"):
        services.segments.save(name, EVERYONE, actor=ASHA)


def test_a_segment_may_be_renamed_to_its_own_name_in_other_case(services: Services) -> None:
    segment = services.segments.save("VIPs", EVERYONE, actor=ASHA)
    assert services.segments.change(segment["_id"], name="Vips", actor=ASHA)["name"] == "Vips"


def test_a_segment_is_found_by_a_name_that_looks_the_same(services: Services) -> None:
    exact = services.segments.save("Clients fidèles\u00a0!", EVERYONE, actor=ASHA)
    context = services.rule_contexts.context()
    found = context.segments.find_named("clients fide\u0300les !")
    assert found
    assert found.id == exact["_id"]
    assert context.segments.find_named("clients fideles !") is None
    assert services.segments.count_found("fidèles !") == 1


def test_an_unknown_segment_is_not_found(services: Services) -> None:
    for ask in (
        lambda: services.segments.get("nothing"),
        lambda: services.segments.recount("nothing"),
        lambda: services.segments.change("nothing", name="New", actor=ASHA),
        lambda: services.segments.change("nothing", rule=EVERYONE, version=1, actor=ASHA),
        lambda: services.segments.remove("nothing", actor=ASHA),
    ):
        with pytest.raises(NotFound, match="'nothing'"):
            ask()
    assert services.segments.versions("nothing", limit=100)[0] == []


def test_a_count_of_a_rule_that_was_changed_meanwhile_is_not_kept(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    store_customers(services, {"id": "c1", "visits": 3}, {"id": "c2", "visits": 8})
    segment = save(services, rule=field("visits", "gte", 3))
    count = services.audience.count

    def count_slowly(rule: AnyRule, *, now: datetime) -> int:
        monkeypatch.undo()
        services.segments.change(segment["_id"], rule=load_rule(field("visits", "gte", 7)), actor=BELA)
        return count(rule, now=now)

    monkeypatch.setattr(services.audience, "count", count_slowly)
    assert services.segments.recount(segment["_id"])["count"] == 1
    assert services.segments.get(segment["_id"])["count"] == 1


def test_a_segment_whose_rule_became_impossible_can_be_renamed(services: Services) -> None:
    store_customers(services, {"id": "c1", "attributes": {"size": "XL"}})
    segment = save(services, rule=field("attributes.size", "eq", "xl"))
    store_customers(services, {"id": "c2", "attributes": {"size": 5}})
    assert services.segments.change(segment["_id"], name="Large", actor=BELA)["name"] == "Large"


def test_a_change_of_nothing_is_refused(services: Services) -> None:
    segment = save(services)
    with pytest.raises(InvalidInput, match="Nothing to change"):
        services.segments.change(segment["_id"], version=1, actor=BELA)
    assert services.segments.get(segment["_id"]) == segment
