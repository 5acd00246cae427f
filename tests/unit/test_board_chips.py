"""The texts on the board: each is there once, says what it means, and leads back to its chip."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given

from crm_core.money import money_formatter
from crm_core.rules.fields import FIELDS, Catalogue, FieldType
from crm_core.rules.wording_records import MEASURES
from pages.builder.board import moves
from pages.builder.board.arranging import Arrangement, arrange
from pages.builder.board.board import Board
from pages.builder.board.chips import BIN, EDIT, INVISIBLE, PALETTE, Container, arrangement_of, containers_of
from pages.builder.board.palette import ALL, ANY_EVENT, GROUPS, find_entries, palette_entries
from pages.builder.board.style import board_style
from pages.builder.board.tree import Condition, Group
from pages.builder.board.words import ORDERS_LABEL, PICKED_LABEL, Words
from tests.engines.trees import CATALOGUE, SEGMENTS
from tests.unit.board_samples import BOOKS, CITY, ENTRIES, EVENTS, OPEN_CITY, SPEND, VISITS, board, boards, group, id_at

WORDS = Words(money_formatter("USD"), CATALOGUE, {name: name.upper() for name in SEGMENTS})
NONE: Mapping[int, str] = {}


def drawn(held: Board, problems: Mapping[int, str] = NONE) -> list[Container]:
    return list(containers_of(held, WORDS, ENTRIES, problems))


def chips(held: Board, problems: Mapping[int, str] = NONE) -> dict[str, list[str]]:
    return {container.header: list(container.chips) for container in drawn(held, problems)}


@given(boards())
def test_every_text_is_there_once_and_leads_back(held: Board) -> None:
    containers = drawn(held)
    texts = [text for container in containers for text in (container.header, *container.chips)]
    assert len(set(texts)) == len(texts)
    shown = [(container.header, list(container.chips)) for container in containers]
    arrangement = arrangement_of(shown, containers)
    assert arrangement is not None
    assert arrange(held, arrangement) == held


@given(boards())
def test_every_chip_has_a_line_in_the_style(held: Board) -> None:
    containers = drawn(held)
    style = board_style(containers, held, NONE, "dark")
    assert style.count(" .sortable-item:nth-of-type(") == len(held.nodes) - 1
    assert style.count("--indent: ") == sum(isinstance(node, Group) for _, node in held.nodes)


def test_what_is_open_or_wrong_looks_so_where_it_stands() -> None:
    held = board("all", SPEND, group("any", VISITS))
    held = moves.add(held, OPEN_CITY, id_at(held, 1))
    style = board_style(drawn(held), held, {id_at(held, 0): "Gone."}, "light")
    lines = {line.partition(" {")[0]: line for line in style.splitlines() if " .sortable-item:nth-of-type(" in line}
    looks = {
        place: next((look for look in ("dashed", "double") if look in lines[selector_of(*place)]), "plain")
        for place in ((2, 1), (2, 2), (3, 1), (3, 2))
    }
    assert looks == {(2, 1): "double", (2, 2): "plain", (3, 1): "plain", (3, 2): "dashed"}


def selector_of(container: int, chip: int) -> str:
    return f".sortable-container:nth-of-type({container}) .sortable-item:nth-of-type({chip})"


def test_groups_are_drawn_after_the_one_that_they_are_in_and_say_where_they_are() -> None:
    held = board("all", SPEND, group("any", VISITS, group("none", CITY)), group("all", BOOKS, EVENTS))
    assert chips(held) == {
        PALETTE: [entry.label for entry in ENTRIES],
        "ALL of these must be true": [
            "Total spend\nmore than $100",
            "Group 1.2\nANY of 2 rules below",
            "Group 1.3\nALL of 2 rules below",
        ],
        "1.2 · ANY of these": ["Visits\nless than 3", "Group 1.2.2\nNONE of 1 rule below"],
        "1.2.2 · NONE of these": ["City\nis one of “Pune”"],
        "1.3 · ALL of these": ["Orders in “Books”\nat least 2", "Events “visit”\nat least 3"],
        EDIT: [],
        BIN: [],
    }


@pytest.mark.parametrize(
    ("draft", "text"),
    [
        ({"kind": "segment", "segment_id": "s1"}, "Segment\ncustomers of “S1”"),
        ({"kind": "segment", "segment_id": "gone"}, "Segment\ncustomers of a segment"),
        ({"kind": "segment"}, "Segment\nchoose one below"),
        ({"kind": "list", "customer_ids": ["c1"]}, f"{PICKED_LABEL}\n1 customer"),
        ({"kind": "list", "customer_ids": ["c1"] * 1000}, f"{PICKED_LABEL}\n1,000 customers"),
        ({"kind": "list"}, f"{PICKED_LABEL}\nchoose some below"),
        ({"kind": "any", "rules": []}, "Nobody\nno customer"),
        ({"kind": "none", "rules": []}, "Everyone\nall customers"),
        ({"kind": "events", "type": "page_view", "op": "gte"}, "Event page view\nat least … choose a value below"),
        ({"kind": "orders", "measure": "avg", "op": "gt", "value": 5}, "Average of orders\nmore than $5"),
        (
            {"kind": "field", "field": "visits", "op": "between", "value": [7, 4]},
            "Visits\nbetween … the first value is above the second",
        ),
        ({"kind": "field", "field": "attributes.gone", "op": "eq", "value": 1}, "gone\nthis value is not valid"),
    ],
)
def test_a_chip_says_what_it_is_about_and_what_it_says_of_it(draft: dict[str, Any], text: str) -> None:
    held = moves.add(Board(), Condition(0, draft), 0)
    assert chips(held)["ALL of these must be true"] == [text]


def test_what_is_wrong_stands_on_the_chip_in_words() -> None:
    held = board("all", SPEND)
    (text,) = chips(held, {id_at(held, 0): "There is no such thing."})["ALL of these must be true"]
    assert text == "Total spend\nmore than $100\nCannot be evaluated: There is no such thing."


def test_equal_rules_look_the_same_and_keep_their_texts_wherever_they_are_dragged() -> None:
    held = board("all", SPEND, SPEND, group("any", SPEND))
    texts = {chip: text for container in drawn(held)[1:] for text, chip in container.chips.items()}
    first, second, third = (texts[id_at(held, *path)] for path in ((0,), (1,), (2, 0)))
    assert len({first, second, third}) == 3
    assert {text.rstrip(INVISIBLE) for text in (first, second, third)} == {"Total spend\nmore than $100"}
    swapped = moves.shift(held, id_at(held, 0), 1)
    again = {chip: text for container in drawn(swapped)[1:] for text, chip in container.chips.items()}
    assert {chip: again[chip] for chip in (id_at(held, 0), id_at(held, 1))} == {
        id_at(held, 0): first,
        id_at(held, 1): second,
    }


def test_what_the_component_was_never_given_is_no_arrangement() -> None:
    held = board("all", SPEND)
    containers = drawn(held)
    shown = [(container.header, list(container.chips)) for container in containers]
    assert arrangement_of(shown[:-1], containers) is None
    assert arrangement_of([*shown[:-1], (BIN, ["unheard of"])], containers) is None
    assert arrangement_of([], containers) is None


def test_a_chip_of_the_palette_is_reported_as_what_it_adds() -> None:
    containers = drawn(Board())
    shown = [(container.header, list(container.chips)) for container in containers]
    shown[0][1].remove("City")
    shown[1][1].append("City")
    arrangement = arrangement_of(shown, containers)
    assert arrangement == Arrangement({0: [OPEN_CITY]}, [], [])


def test_the_palette_offers_all_that_a_rule_can_ask() -> None:
    catalogue = Catalogue({"size": FieldType.NUMBER, "mixed": None})
    entries = palette_entries(catalogue, ["page_view"], {"s1": "Loyal *x*"})
    labels = [entry.label for entry in entries]
    assert {found.label for found in FIELDS} <= set(labels)
    assert {ORDERS_LABEL, PICKED_LABEL, ANY_EVENT, "Size", "Event page view", "Segment “Loyal *x*”"} <= set(labels)
    assert {MEASURES[measure][0] for measure in MEASURES if measure != "count"} <= set(labels)
    assert "Mixed" not in labels
    assert [label for label in labels if label.startswith("Group")] == [
        "Group: ALL of these",
        "Group: ANY of these",
        "Group: NONE of these",
    ]
    assert {entry.group for entry in entries} == set(GROUPS) - {ALL}
    assert len(set(labels)) == len(labels)


@pytest.mark.parametrize(
    ("text", "group", "found"),
    [
        ("CITY", "All", {"City"}),
        ("order last", "All", {"Last order", "Date of the last order"}),
        ("", "Behaviour", {"Visits", "Abandoned cart", "Cart value"}),
        ("cart", "Orders", set()),
        ("zzz", "All", set()),
    ],
)
def test_the_palette_is_searched_by_words_and_group(text: str, group: str, found: set[str]) -> None:
    assert {entry.label for entry in find_entries(ENTRIES, text, group)} == found


def test_every_entry_of_the_palette_can_be_added_and_is_half_edited_or_whole() -> None:
    for entry in ENTRIES:
        held = moves.add(Board(), entry.node, 0)
        assert held.path_of(held.selected) == (0,)
        draft = entry.node.draft if isinstance(entry.node, Condition) else {}
        is_whole = draft.get("kind") in {"segment", "reach", "suppressed"} or draft.get("op") == "is_not_set"
        assert bool(held.incomplete) != is_whole
        assert chips(held)
