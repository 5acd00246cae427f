"""From rule text to the tree: ``spend > 10000 AND NOT inactive for 90 days``."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any, get_args

from lark import Token
from lark.exceptions import UnexpectedInput, VisitError
from lark.tree import Meta
from lark.visitors import Transformer_NonRecursive, v_args

from crm_core.errors import BadRule, BadRuleText
from crm_core.rules.context import RuleContext
from crm_core.rules.fields import FieldType, nearest
from crm_core.rules.loading import load_rule
from crm_core.rules.quoting import shown
from crm_core.rules.text.comparing import Said, read_comparison
from crm_core.rules.text.filtering import (
    EQUAL,
    EVENT_FILTERS,
    MESSAGE_FILTERS,
    ORDER_FILTERS,
    Filter,
    read_channel,
    read_filters,
    read_measure,
    read_suppression_reason,
)
from crm_core.rules.text.grammar import parser, spellings
from crm_core.rules.text.literals import SURROGATE, at, read_id, read_literal
from crm_core.rules.text.syntax_errors import explain_syntax
from crm_core.rules.tree import DATE_MEASURES, MAX_LIST, AnyRule, Measure, PropertyMeasure

MAX_LENGTH = 200_000
Node = dict[str, Any]


def parse_text(text: str, context: RuleContext) -> AnyRule:
    """Read a rule from text. Law: ``parse_text(to_text(bind(rule, context)), context) == rule``.

    Raises BadRuleText with the place, what was expected there, and the nearest name of a field or an operator.
    """
    if len(text) > MAX_LENGTH:
        raise BadRuleText(f"a text may have {MAX_LENGTH:,} characters.", line=1, column=1)
    try:
        node = _Builder(context).transform(parser().parse(text))
        return load_rule(node)
    except UnexpectedInput as exc:
        raise explain_syntax(exc, text) from None
    except VisitError as exc:
        raise exc.orig_exc from None
    except BadRuleText:
        raise
    except BadRule as exc:  # too deep or too large as a whole
        raise BadRuleText(str(exc).removeprefix(f"{exc.field}: "), line=1, column=1) from None


@v_args(meta=True)
class _Builder(Transformer_NonRecursive[Token, Node]):
    """Makes JSON values of a tree, bottom up, without recursion: a text may be nested as deep as it is long."""

    def __init__(self, context: RuleContext) -> None:
        super().__init__()
        self._context = context

    def any(self, _: Meta, children: list[Node]) -> Node:
        return {"kind": "any", "rules": children}

    def all(self, _: Meta, children: list[Node]) -> Node:
        return {"kind": "all", "rules": children}

    def negated(self, _: Meta, children: list[Node]) -> Node:
        return {"kind": "none", "rules": children}

    def group(self, _: Meta, children: list[Any]) -> Node:
        kind, *rules = children
        return {"kind": kind.lower(), "rules": [rule for rule in rules if rule is not None]}

    def everybody(self, _: Meta, children: list[Token]) -> Node:
        return {"kind": "all" if children[0].lower() == "everyone" else "any", "rules": []}

    def texts(self, meta: Meta, children: list[Token]) -> list[Token]:
        return children

    def listed(self, _: Meta, children: list[list[Token]]) -> Node:
        tokens = children[0]
        if len(tokens) > MAX_LIST:
            with at(tokens[0]):
                raise BadRule(f"a list may name {MAX_LIST:,} customers, this one names {len(tokens):,}.")
        return {"kind": "list", "customer_ids": [read_id(token, "a customer id") for token in tokens]}

    def not_listed(self, meta: Meta, children: list[list[Token]]) -> Node:
        return {"kind": "none", "rules": [self.listed(meta, children)]}

    def segment(self, _: Meta, children: list[Token]) -> Node:
        with at(children[0]):
            segment_id = read_id(children[0], "an id of a segment")
            if self._context.segments.find(segment_id) is None:
                raise BadRule(f"there is no segment with the id {shown(segment_id)}.")
        return {"kind": "segment", "segment_id": segment_id}

    def segment_named(self, _: Meta, children: list[Token]) -> Node:
        with at(children[0]):
            name = str(read_literal(children[0]))
            found = None if SURROGATE.search(name) else self._context.segments.find_named(name)
            if found is None:
                raise BadRule(
                    f"there is no segment named {shown(name)}.{nearest(name, self._context.segments.names())}"
                )
        return {"kind": "segment", "segment_id": found.id}

    def idle(self, _: Meta, children: list[Token]) -> Node:
        word, days = children
        with at(word):
            found = self._context.catalogue.find_idle(word, "text")
        said = Said("more than {} days ago", [days], days)
        return {"kind": "field", "field": found.name} | read_comparison(said, found.type, word, self._context)

    def never(self, _: Meta, children: list[Token]) -> Node:
        with at(children[0]):
            found = self._context.catalogue.find_never(children[0], "text")
        return {"kind": "field", "field": found.name, "op": "is_not_set"}

    def field(self, _: Meta, children: list[Any]) -> Node:
        word, said = children
        with at(word):
            found = self._context.catalogue.find_word(word, "text")
        compared = read_comparison(said, found.type, word, self._context, found.choices)
        return {"kind": "field", "field": found.name} | compared

    def orders(self, _: Meta, children: list[Any]) -> Node:
        word, *filters, said = children
        measure = read_measure(word, get_args(Measure)) if word else "count"
        node = {"kind": "orders", "measure": measure} | read_filters(filters, ORDER_FILTERS, self._context)
        kind = FieldType.DATE if measure in DATE_MEASURES else None
        return node | read_comparison(said, kind, f"orders.{measure}", self._context, is_field=False)

    def events(self, meta: Meta, children: list[Any]) -> Node:
        word, *children = children
        if word is not None:
            return self._measured_events(meta, word, children)
        return self._events(meta, children)

    def _events(self, meta: Meta, children: list[Any]) -> Node:
        """What is no filter of events is a condition on a property of them."""
        *filters, said = children
        known: list[Filter] = []
        properties: list[Filter] = []
        for each in filters:
            (properties if _is_property(each) else known).append(each)
        node = self._counted(meta, [*known, said], "events", "type", "the type of the events, such as events(visit)")
        if properties:
            node["properties"] = [self._property(each, node["type"]) for each in properties]
        return node

    def _property(self, asked: Filter, event_type: str) -> Node:
        with at(asked.place):
            found = self._context.catalogue.find_property(event_type, asked.name, "text")
        return {"name": found.name} | read_comparison(asked.said, found.type, asked.name, self._context, is_field=False)

    def _measured_events(self, meta: Meta, word: Token, children: list[Any]) -> Node:
        """``events.sum(purchase.value, …)``: type and property stand without a name."""
        measure = read_measure(word, get_args(PropertyMeasure))
        bare = next((each for each in children[:-1] if each.name == ""), None)
        event_type, dot, name = str(read_literal(bare.place) if bare else "").partition(".")
        if bare is None or not dot:
            with at(bare.place if bare else meta):
                raise BadRule(f"events.{measure}(…) needs a property, such as events.{measure}(purchase.value).")
        with at(bare.place):
            found = self._context.catalogue.find_property(event_type, name, "text")
            if found.type is not FieldType.NUMBER:
                raise BadRule(f"{name} is a {found.type}, and only numbers are measured.")
        typed = Token("STRING", json.dumps(event_type))
        typed_one = replace(bare, said=replace(bare.said, values=[typed]))
        children = [typed_one if each is bare else each for each in children]
        return self._events(meta, children) | {"measure": measure, "property": found.name}

    def messages(self, meta: Meta, children: list[Any]) -> Node:
        return self._counted(meta, children, "messages", "state", "their state, such as messages(opened)")

    def reachable(self, _: Meta, children: list[Token]) -> Node:
        return {"kind": "reach", "channel": self._read(children[0], read_channel)}

    def suppressed(self, _: Meta, children: list[Token | None]) -> Node:
        channel, reason = children
        assert channel
        node = {"kind": "suppressed", "channel": self._read(channel, read_channel)}
        return node if reason is None else node | {"reason": self._read(reason, read_suppression_reason)}

    def _read(self, word: Token, read: Callable[[Token, RuleContext], str]) -> str:
        with at(word):
            return read(word, self._context)

    def _counted(self, meta: Meta, children: list[Any], kind: str, first: str, what: str) -> Node:
        """first: what has to stand in the brackets."""
        *filters, said = children
        known = EVENT_FILTERS if kind == "events" else MESSAGE_FILTERS
        node = {"kind": kind} | read_filters(filters, known, self._context)
        if first not in node:
            with at(meta):
                raise BadRule(f"{kind}(…) needs {what}.")
        return node | read_comparison(said, None, kind, self._context)

    def named(self, _: Meta, children: tuple[Token, Said]) -> Filter:
        word, said = children
        name = read_literal(word) if word.type == "STRING" else word.lower()
        return Filter(word, str(name), said)

    def last(self, _: Meta, children: list[Token]) -> Filter:
        return _equal(children[0], "last")

    def bare(self, _: Meta, children: list[Token]) -> Filter:
        return _equal(children[0], "")

    def campaign(self, _: Meta, children: list[Token]) -> Filter:
        return _equal(children[0], "campaign id")

    def campaign_named(self, _: Meta, children: list[Token]) -> Filter:
        return _equal(children[0], "campaign")

    def __default__(self, data: Any, children: list[Any], meta: Meta) -> Any:
        """A predicate, by the alias of its spelling."""
        values = children[0] if children and isinstance(children[0], list) else children
        return Said(spellings()[str(data)], values, meta)


def _is_property(asked: Filter) -> bool:
    """In quotes, a name that filters have as well is that of a property."""
    return asked.name != "" and (asked.name not in EVENT_FILTERS or asked.place.type == "STRING")


def _equal(value: Token, name: str) -> Filter:
    """What is written without a comparison."""
    return Filter(value, name, Said(EQUAL, [value], value))
