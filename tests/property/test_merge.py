"""Newest wins: whatever way patches arrive, the document ends the same."""

import copy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from crm_core.customers.merge import merge_patch
from crm_core.infra.mongo import Doc
from crm_core.infra.streams import version_time

PATHS = ["name", "city", "baseline/visits", "attributes/size", "attributes/colour", "consent/sms"]
PATCHES = st.dictionaries(st.sampled_from(PATHS), st.none() | st.integers(0, 3), max_size=4).flatmap(
    lambda patch: st.sampled_from([patch, {**{p: v for p, v in patch.items() if p[:3] != "att"}, "attributes/": None}])
)
VERSIONED = st.lists(PATCHES, min_size=1, max_size=6).map(lambda patches: list(enumerate(patches, start=1)))


def merge(entries: list[tuple[int, dict[str, Any]]]) -> Doc:
    doc: Doc = {"_id": "c1"}
    for version, patch in entries:
        merge_patch(doc, patch, version << 20)
    return doc


@given(VERSIONED, st.data())
def test_any_order_and_any_repetition_of_patches_gives_the_same_document(
    entries: list[tuple[int, dict[str, Any]]], data: st.DataObject
) -> None:
    repeated = entries + data.draw(st.lists(st.sampled_from(entries), max_size=6))
    shuffled = data.draw(st.permutations(repeated))
    assert merge(shuffled) == merge(entries)


@given(VERSIONED)
def test_each_field_says_what_the_last_patch_that_names_it_says(entries: list[tuple[int, dict[str, Any]]]) -> None:
    expected: dict[str, Any] = {}
    for _, patch in entries:
        if "attributes/" in patch:
            expected = {path: value for path, value in expected.items() if not path.startswith("attributes/")}
        expected |= {path: value for path, value in patch.items() if path != "attributes/"}
    doc = merge(entries)
    for path in PATHS:
        part, _, name = path.rpartition("/")
        held = doc.get(part, {}) if part else doc
        assert held.get(name) == expected.get(path)


@given(VERSIONED)
def test_a_document_lasts_from_its_first_to_its_last_patch(entries: list[tuple[int, dict[str, Any]]]) -> None:
    doc = merge(entries[::-1])
    assert doc["created_at"] == version_time(entries[0][0] << 20)
    assert doc["updated_at"] == version_time(entries[-1][0] << 20)


@given(VERSIONED)
def test_merging_what_is_already_there_changes_nothing(entries: list[tuple[int, dict[str, Any]]]) -> None:
    doc = merge(entries)
    before = copy.deepcopy(doc)
    for version, patch in entries:
        merge_patch(doc, patch, version << 20)
    assert doc == before


STATES = st.sampled_from(["granted", "denied", "unknown"])
OFFERED = {"offers/sms": st.sampled_from(["granted", "unknown"])}
SAID = st.one_of(
    st.fixed_dictionaries({}, optional=OFFERED | {"consent/sms": st.none() | STATES}),
    st.fixed_dictionaries({"consent/": st.none()}, optional=OFFERED),
)
STATEMENTS = st.lists(SAID.map(lambda said: _told(said)), min_size=1, max_size=6).map(
    lambda each: list(enumerate(each, 1))
)


def _told(said: dict[str, str | None]) -> dict[str, Any]:
    return {path: state and {"state": state} for path, state in said.items()}


@given(STATEMENTS, st.data())
def test_consent_that_files_offer_lifts_no_denial_in_whatever_order_it_comes(
    entries: list[tuple[int, dict[str, Any]]], data: st.DataObject
) -> None:
    doc = merge(data.draw(st.permutations(entries)))
    assert doc == merge(entries)
    said, offered = (0, None), (0, None)
    for version, patch in entries:
        for path in ("consent/", "consent/sms"):
            if path in patch:
                said = (version, patch[path])
        if "offers/sms" in patch:
            offered = (version, patch["offers/sms"])
    is_denied = said[1] == {"state": "denied"}
    expected = said[1] if is_denied or said[0] >= offered[0] else offered[1]
    assert doc.get("consent", {}).get("sms") == expected
