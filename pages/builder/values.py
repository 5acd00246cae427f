"""The value of a condition, with widgets that fit its operator and type; suggestions come from the data."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, assert_never

import streamlit as st
from babel.numbers import get_currency_precision
from streamlit.delta_generator import DeltaGenerator

from crm_core.rules.fields import FieldType
from crm_core.rules.operators import Operator, Takes
from crm_core.rules.tree import MAX_VALUES
from crm_core.schema.customer import PREDICTIONS
from pages._ui import queries
from pages._ui.deps import services
from pages._ui.formats import literal
from pages._ui.widgets import place_in
from pages.builder.board.drafts import COMPARING, is_reversed, takes
from pages.builder.board.reading import Reading
from pages.builder.board.tree import Condition, Draft
from pages.builder.board.words import Words
from pages.builder.widgets import (
    Part,
    commit,
    day_field,
    days_field,
    hold,
    key_of,
    number_field,
    percent_field,
    to_whole,
)

YES_NO = {True: "Yes", False: "No"}


def edit_operator_and_value(condition: Condition, words: Words, reading: Reading) -> None:
    """Side by side: the operator, labelled by what it is about, and what it compares with."""
    operator, part = words.operator(condition.draft), Part(condition.id, condition.draft)
    kind = words.type_of(condition.draft)
    left, right = st.columns([2, 3], gap="small")
    with left:
        pick_operator(part, words.operators(condition.draft), literal(words.label(condition.draft)))
    if operator is None or kind is None:
        return
    others = {each.name: each.label for each in words.comparable(condition.draft)}
    with right:
        if condition.draft.get("other_field") is None:
            found = words.field_of(condition.draft)
            known = partial(reading.options, found.name) if found and _has_options(condition) else None
            edit_value(part, operator, kind, known, found.choices if found else ())
        if others:
            with _place_of_other(condition):
                _pick_other(condition, others)
    if operator.takes is Takes.RANGE and is_reversed(condition.draft.get("value")):
        st.caption(":red[The first value must not be above the second; this rule is not counted yet.]")
    if operator.takes is Takes.PERCENT:
        st.caption("Of all customers who have a value. Whoever ties with the last of them is included.")
    if operator.is_negative:
        st.caption("Includes customers without a value.")
    if (found := words.field_of(condition.draft)) and found.group == PREDICTIONS:
        _say_what_is_missing()


def _say_what_is_missing() -> None:
    """Of a field that nobody has while predictions are not offered."""
    if reason := queries.no_predictions():
        st.caption(f":red[No customer has predictions. {literal(reason)}]")


def pick_operator(part: Part, offered: Sequence[Operator], label: str) -> None:
    labels = {each.key: each.label for each in offered}
    key, op = part.key("op"), part.draft.get("op")
    hold(key, op if op in labels else None)
    st.selectbox(
        label,
        list(labels),
        place_in(list(labels), op),
        format_func=lambda each: labels.get(each, str(each)),
        key=key,
        on_change=part.commit,
        args=(key, partial(with_operator, part.draft)),
        placeholder="choose again" if labels else "this field is not there any more",
        disabled=not labels,
    )


def with_operator(draft: Draft, op: str | None) -> Draft:
    """A value stays when the new operator takes one of the same shape, another field when it compares with one."""
    if op is None:
        return {}
    value = {} if takes(op) is takes(draft.get("op", "")) else {"value": None}
    other = {} if op in COMPARING else {"other_field": None}
    return {"op": op, **value, **other}


def _place_of_other(condition: Condition) -> DeltaGenerator:
    """In sight once one is chosen; until then out of the keyboard's way from the value to what is next."""
    if condition.draft.get("other_field") is not None:
        return st.container()
    return st.popover("Compare with another field", type="tertiary", icon=":material/compare_arrows:")


def _pick_other(condition: Condition, others: Mapping[str, str]) -> None:
    key = key_of(condition.id, "other_field")
    known = condition.draft.get("other_field")
    offered = list(others) if known is None or known in others else [*others, known]
    hold(key, known)
    st.selectbox(
        "Compared with another field",
        offered,
        None,
        format_func=lambda name: others.get(name, name),
        key=key,
        on_change=commit,
        args=(condition.id, key, lambda name: {"other_field": name, "value": None}),
        placeholder="instead of a value",
    )


def edit_value(
    part: Part,
    operator: Operator,
    kind: FieldType,
    known: Callable[[], Sequence[str]] | None = None,
    choices: Sequence[str] = (),
) -> None:
    """known: asked for values to suggest. choices: all values that there can be."""
    value, key = part.draft.get("value"), part.key(f"value_{operator.takes}")
    put = partial(part.commit, key, lambda typed: {"value": to_whole(typed)})
    match operator.takes:
        case Takes.NOTHING:
            return
        case Takes.DAYS:
            days_field(f"Days{part.about}", key, value, put, most=operator.most_days, placeholder="such as 90")
        case Takes.PERCENT:
            percent_field(f"Percent{part.about}", key, value, put, placeholder="such as 10")
        case Takes.RANGE:
            _edit_range(part, kind)
        case Takes.MANY:
            _edit_many(part, key, choices or (known() if known else ()), is_closed=bool(choices))
        case Takes.ONE:
            _edit_one(kind, f"Value{part.about}", key, value, partial(_commit_one, part, key, kind), choices)
        case _:
            assert_never(operator.takes)


def _has_options(condition: Condition) -> bool:
    """Names and addresses are too many and too private to be suggested."""
    return condition.draft.get("field") not in {"name", "email", "phone"}


def _edit_range(part: Part, kind: FieldType) -> None:
    value = part.draft.get("value")
    ends = list(value) if isinstance(value, list) and len(value) == 2 else [None, None]
    for place, (column, label) in enumerate(zip(st.columns(2), ("From", "To"), strict=True)):
        key = part.key(f"end_{place}")
        with column:
            _edit_one(
                kind, f"{label}{part.about}", key, ends[place], partial(_commit_end, part, key, kind, ends, place)
            )


def _edit_one(
    kind: FieldType, label: str, key: str, value: Any, put: Callable[[], None], choices: Sequence[str] = ()
) -> None:
    """choices: of a field that has no other values."""
    match kind:
        case FieldType.NUMBER:
            number_field(label, key, value, put, format="%g", placeholder="a number")
        case FieldType.MONEY:
            currency = services().workspace.current().currency
            decimals = f"%.{get_currency_precision(currency)}f"
            number_field(f"{label} in {currency}", key, value, put, step=10.0, format=decimals, placeholder="an amount")
        case FieldType.DATE:
            day_field(f"{label} (day in {services().workspace.current().time_zone})", key, value, put)
        case FieldType.BOOLEAN:
            shown = hold(key, value if isinstance(value, bool) else None)
            st.segmented_control(
                label, [True, False], default=shown, format_func=YES_NO.__getitem__, key=key, on_change=put
            )
        case FieldType.CHOICE:
            st.segmented_control(label, choices, default=hold(key, value), key=key, on_change=put)
        case FieldType.TEXT | FieldType.LIST:
            shown = hold(key, value if isinstance(value, str) else "")
            st.text_input(label, shown, max_chars=200, key=key, on_change=put)
        case _:
            assert_never(kind)


def _commit_one(part: Part, key: str, kind: FieldType) -> None:
    part.commit(key, lambda typed: {"value": _read(kind, typed)})


def _commit_end(part: Part, key: str, kind: FieldType, ends: Sequence[Any], place: int) -> None:
    def changes(typed: Any) -> Draft:
        now = [*ends[:place], _read(kind, typed), *ends[place + 1 :]]
        return {"value": None if now == [None, None] else now}

    part.commit(key, changes)


def _read(kind: FieldType, typed: Any) -> Any:
    """What a widget shows, as the rule holds it."""
    match kind:
        case FieldType.NUMBER | FieldType.MONEY:
            return to_whole(typed)
        case FieldType.DATE:
            return typed.isoformat() if typed else None
        case FieldType.BOOLEAN | FieldType.CHOICE:
            return typed
        case _:
            return typed.strip() or None


def _edit_many(part: Part, key: str, known: Sequence[str], *, is_closed: bool) -> None:
    """is_closed: whether there are no other values than these."""
    chosen = list(dict.fromkeys(map(str, part.draft.get("value") or [])))
    hold(key, chosen)
    st.multiselect(
        f"Values{part.about}",
        [*known, *(value for value in chosen if value not in known)],
        chosen,
        key=key,
        on_change=part.commit,
        args=(key, lambda picked: {"value": list(picked) or None}),
        accept_new_options=not is_closed,
        max_selections=MAX_VALUES,
        select_all=False,  # only the most frequent values are offered: all of them would not be all there are
        placeholder="choose" if is_closed else "choose or type, then Enter",
    )
