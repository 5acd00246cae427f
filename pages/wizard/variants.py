"""The texts of a draft: of its one message, or of each variant that is tried against the others."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

import streamlit as st

from crm_core.campaigns.drafting.content import MAX_VARIANTS, TEXTS
from crm_core.campaigns.drafting.definition import DraftFields
from pages._ui.formats import literal
from pages.wizard.draft import Draft, save

Variant = Mapping[str, Any]
NO_TEXTS: Final = dict.fromkeys(TEXTS)
LETTERS: Final = "ABCDEFGHIJ"


def variants_of(draft: Draft) -> list[Variant]:
    """At least one; without variants the message itself, which has no name. Each has all of its texts."""
    stored: Sequence[Variant] = draft["variants"] or ()
    common = {name: draft[name] for name in TEXTS}
    if not stored:
        return [{"name": None, "weight": 100, **common}]
    return [{**each, **{name: each.get(name) or common[name] for name in TEXTS}} for each in stored]


def choose_variant(draft: Draft, variants: Sequence[Variant]) -> int:
    """The place of the one that is written now, with the ways to add and remove one."""
    place: int | None = 0
    with st.container(horizontal=True, vertical_alignment="center"):
        if len(variants) > 1:
            key = draft.key("variant")
            if st.session_state.get(key, 0) >= len(variants):
                st.session_state[key] = 0
            place = st.segmented_control(
                "Variant",
                range(len(variants)),
                default=None if key in st.session_state else 0,
                required=True,
                format_func=lambda place: _label(variants[place]),
                key=key,
                label_visibility="collapsed",
            )
        if len(variants) < MAX_VARIANTS:
            label = "Test a variant" if len(variants) == 1 else "Variant"
            st.button(label, icon=":material/add:", type="tertiary", on_click=_add, args=(draft,), key=draft.key("add"))
    place = place or 0
    if len(variants) > 1:
        _show_weight(draft, variants, place)
    return place


def text_widget(draft: Draft, variants: Sequence[Variant], place: int, name: str) -> dict[str, Any]:
    """Key and callback of the widget for one text of the variant at ``place``."""
    return draft.bind(
        f"{name}_{place}_{len(variants)}",
        variants[place][name] or "",
        lambda text: with_text(draft, place, name, text),
    )


def with_text(draft: Draft, place: int, name: str, text: str | None) -> DraftFields:
    """The change of one text."""
    kept = text if text and text.strip() else None
    variants = _latest(draft)
    return cast("DraftFields", {name: kept}) if len(variants) == 1 else _all(_replaced(variants, place, {name: kept}))


def _latest(draft: Draft) -> list[Variant]:
    """With what was changed a moment ago: of two widgets that are left at once, each has a callback."""
    return variants_of(draft.latest())


def _label(variant: Variant) -> str:
    weight = variant.get("weight")
    return f"{literal(str(variant['name']))} · {weight:g} %" if weight else literal(str(variant["name"]))


def _show_weight(draft: Draft, variants: Sequence[Variant], place: int) -> None:
    chosen = variants[place]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input(
            "Name of the variant",
            max_chars=40,
            **draft.bind(
                f"variant_name_{place}_{len(variants)}",
                chosen["name"] or "",
                lambda name: _all(_replaced(_latest(draft), place, {"name": name})),
            ),
        )
        key = f"weight_{place}_{len(variants)}"
        draft.write(key, float(chosen["weight"] or 0))  # the weight of the other changes with it
        st.number_input(
            "Share in percent",
            min_value=0.0,
            max_value=100.0,
            step=5.0,
            format="%g",
            **draft.bind(key, 0.0, lambda weight: _all(_weighted(_latest(draft), place, weight))),
        )
        st.button("Same share for all", type="tertiary", on_click=_level, args=(draft,), key=draft.key("level"))
        st.button(
            "Remove",
            icon=":material/delete:",
            type="tertiary",
            on_click=_remove,
            args=(draft, place),
            key=draft.key("remove"),
        )


def _weighted(variants: Sequence[Variant], place: int, weight: float) -> list[Variant]:
    """Of two the other gets the rest."""
    changed = _replaced(variants, place, {"weight": weight})
    return _replaced(changed, 1 - place, {"weight": 100 - weight}) if len(variants) == 2 else changed


def _replaced(variants: Sequence[Variant], place: int, values: Variant) -> list[Variant]:
    return [{**each, **values} if at == place else each for at, each in enumerate(variants)]


def _add(draft: Draft) -> None:
    """A copy of the last one, under a free letter; all weigh the same again."""
    first = [{**each, "name": each["name"] or LETTERS[0]} for each in _latest(draft)]
    taken = {str(each["name"]) for each in first}
    free = next(letter for letter in LETTERS if letter not in taken)
    save(_all(_levelled([*first, {**first[-1], "name": free}])))


def _level(draft: Draft) -> None:
    save(_all(_levelled(_latest(draft))))


def _remove(draft: Draft, place: int) -> None:
    left = [each for at, each in enumerate(_latest(draft)) if at != place]
    save(_all(_levelled(left)) if len(left) > 1 else _one(left[0]))


def _levelled(variants: Sequence[Variant]) -> list[Variant]:
    return [{**each, "weight": 100 / len(variants)} for each in variants]


def _all(variants: Sequence[Variant]) -> DraftFields:
    """Each has its own texts: the campaign has none."""
    return cast("DraftFields", {**NO_TEXTS, "variants": list(variants)})


def _one(variant: Variant) -> DraftFields:
    return cast("DraftFields", {name: variant[name] for name in TEXTS} | {"variants": []})
