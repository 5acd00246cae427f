"""From rule text to the tree: ``spend > 10000 AND NOT inactive for 90 days``."""

from typing import Any

from lark import Token
from lark.exceptions import UnexpectedInput, VisitError
from lark.tree import Meta
from lark.visitors import Transformer_NonRecursive, v_args

from crm_core.errors import BadRule, BadRuleText
from crm_core.rules.context import RuleContext
from crm_core.rules.fields import nearest
from crm_core.rules.loading import load_rule
from crm_core.rules.quoting import shown
from crm_core.rules.text.comparing import Said, read_comparison
from crm_core.rules.text.filtering import EVENT_FILTERS, ORDER_FILTERS, Filter, read_filters, read_measure
from crm_core.rules.text.grammar import parser, spellings
from crm_core.rules.text.literals import SURROGATE, at, read_id, read_literal
from crm_core.rules.text.syntax_errors import explain_syntax
from crm_core.rules.tree import MAX_LIST, AnyRule

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
        return {"kind": "field", "field": found.name} | read_comparison(said, found.type, word, self._context)

    def orders(self, _: Meta, children: list[Any]) -> Node:
        word, *filters, said = children
        measure = read_measure(word) if word else "count"
        node = {"kind": "orders", "measure": measure} | read_filters(filters, ORDER_FILTERS, self._context)
        return node | read_comparison(said, None, f"orders.{measure}", self._context)

    def events(self, meta: Meta, children: list[Any]) -> Node:
        *filters, said = children
        node = {"kind": "events"} | read_filters(filters, EVENT_FILTERS, self._context)
        if "type" not in node:
            with at(meta):
                raise BadRule("events(…) needs the type of the events, such as events(visit).")
        return node | read_comparison(said, None, "events", self._context)

    def named(self, _: Meta, children: list[Token]) -> Filter:
        return Filter(children[0], children[0].lower(), str(children[1]), children[2])

    def last(self, _: Meta, children: list[Token]) -> Filter:
        return Filter(children[0], "last", "=", children[0])

    def bare(self, _: Meta, children: list[Token]) -> Filter:
        return Filter(children[0], "type", "=", children[0])

    def __default__(self, data: Any, children: list[Any], meta: Meta) -> Any:
        """A predicate, by the alias of its spelling."""
        values = children[0] if children and isinstance(children[0], list) else children
        return Said(spellings()[str(data)], values, meta)
