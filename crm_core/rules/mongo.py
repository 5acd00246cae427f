"""The MongoDB engine: a rule as an aggregation pipeline over ``customers``."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, assert_never

from bson import Decimal128

from crm_core.rules.fields import CustomerField, FieldType, find_field
from crm_core.rules.operators import Operator, Takes, check_value, find_count_operator, find_operator, operators_for
from crm_core.rules.tree import FieldRule, GroupRule, OrdersRule

Filter = dict[str, Any]
Stage = dict[str, Any]
AnyRule = FieldRule | OrdersRule | GroupRule

NOBODY: Filter = {"_id": {"$in": []}}
DAY = timedelta(days=1)


def to_mongo(rule: AnyRule, *, now: datetime, digits: int, fold: Callable[[str], str]) -> list[Stage]:
    """The stages whose output is exactly the customers that match.

    now: aware UTC, for relative windows. digits: minor digits of the currency. fold: how texts compare.
    Conditions on fields come first, where they can use indexes; orders are looked up for the survivors only.
    Raises BadRule and UnknownField with the path of the node.
    """
    compiler = _Compiler(now, digits, fold)
    everything = compiler.filter(rule, "rule")
    if not compiler.lookups:
        return [{"$match": everything}]
    needs = [child for child in _conjuncts(rule) if not _has_orders(child)]
    first = [{"$match": {"$and": [compiler.filter(child, "rule") for child in needs]}}] if needs else []
    names = list(compiler.lookups)
    lookups = [stage for name in names for stage in compiler.lookups[name]]
    return [*first, *lookups, {"$match": everything}, {"$unset": names}]


def check_rule(rule: AnyRule) -> None:
    """Refuse a rule that cannot be evaluated. Raises BadRule and UnknownField with the path of the node."""
    to_mongo(rule, now=datetime.fromisoformat("2000-01-01T00:00:00+00:00"), digits=2, fold=str)


def _conjuncts(rule: AnyRule) -> list[AnyRule]:
    """What every match must fulfil on its own."""
    return list(rule.rules) if isinstance(rule, GroupRule) and rule.kind == "all" else [rule]


def _has_orders(rule: AnyRule) -> bool:
    if isinstance(rule, GroupRule):
        return any(_has_orders(child) for child in rule.rules)
    return isinstance(rule, OrdersRule)


@dataclass
class _Compiler:
    now: datetime
    digits: int
    fold: Callable[[str], str]
    lookups: dict[str, list[Stage]] = field(default_factory=dict)

    def filter(self, rule: AnyRule, path: str) -> Filter:
        match rule:
            case FieldRule():
                return self._field(rule, path)
            case OrdersRule():
                return self._orders(rule, path)
            case GroupRule():
                children = [self.filter(child, f"{path}.rules[{n}]") for n, child in enumerate(rule.rules)]
                return _join(rule.kind, children)
            case _:
                assert_never(rule)

    def _field(self, rule: FieldRule, path: str) -> Filter:
        found = find_field(rule.field, path)
        operator = find_operator(rule.op, found.type, path)
        value = check_value(operator, found.type, rule.value, path)
        if operator.complement_of:
            positive = next(row for row in operators_for(found.type) if row.key == operator.complement_of)
            return {"$nor": [self._positive(found, positive, value)]}
        return self._positive(found, operator, value)

    def _positive(self, found: CustomerField, operator: Operator, value: Any) -> Filter:
        if found.name == "avg_order_value":
            return self._average(operator, value)
        if operator.takes is Takes.NOTHING:
            is_list = found.type is FieldType.LIST
            return {f"{found.path}.0": {"$exists": True}} if is_list else {found.path: {"$ne": None}}
        match found.type:
            case FieldType.NUMBER:
                return {found.path: _range(operator, value, _plain)}
            case FieldType.MONEY:
                return {found.path: _range(operator, value, self._minor)}
            case FieldType.DATE:
                return {found.path: self._date(operator, value)}
            case FieldType.BOOLEAN:
                return {found.path: value}
            case FieldType.TEXT:
                return {found.path: self._text(operator, value)}
            case FieldType.LIST:
                key = "$all" if operator.key == "has_all" else "$in"
                return {found.path: {key: [self.fold(entry) for entry in value]}}

    def _average(self, operator: Operator, value: Any) -> Filter:
        """Never divides: sum against value times count. Nobody without an order has an average."""
        if operator.takes is Takes.NOTHING:
            return {"order_count": {"$gt": 0}}
        bounds = _range(operator, value, self._exact_minor)
        tests = [{key: ["$total_spend_minor", {"$multiply": [bound, "$order_count"]}]} for key, bound in bounds.items()]
        return {"order_count": {"$gt": 0}, "$expr": {"$and": tests}}

    def _date(self, operator: Operator, value: Any) -> Filter:
        match operator.key:
            case "before":
                return {"$lt": value}
            case "after":
                return {"$gte": value + DAY}
            case "on":
                return {"$gte": value, "$lt": value + DAY}
            case "between":
                return {"$gte": value[0], "$lt": value[1] + DAY}
            case "in_last_days":
                return self._window(value)
            case _:
                return {"$lte": self.now - value * DAY}

    def _window(self, days: int) -> Filter:
        return {"$gte": self.now - days * DAY, "$lte": self.now}

    def _text(self, operator: Operator, value: Any) -> Any:
        if operator.takes is Takes.MANY:
            return {"$in": [self.fold(entry) for entry in value]}
        wanted = self.fold(value)
        if operator.key == "eq":
            return wanted
        return {"$regex": ("^" if operator.key == "starts_with" else "") + re.escape(wanted)}

    def _orders(self, rule: OrdersRule, path: str) -> Filter:
        operator = find_count_operator(rule.op, path)
        value = check_value(operator, FieldType.NUMBER, rule.value, path)
        name = f"_orders_{len(self.lookups)}"
        wanted = {"$filter": {"input": f"${name}", "as": "order", "cond": self._order_test(rule)}}
        self.lookups[name] = [
            {"$lookup": {"from": "orders", "localField": "_id", "foreignField": "customer_id", "as": name}},
            {"$set": {name: {"$size": wanted}}},
        ]
        if operator.complement_of:
            positive = next(row for row in operators_for(FieldType.NUMBER) if row.key == operator.complement_of)
            return {"$nor": [{name: _range(positive, value, _plain)}]}
        return {name: _range(operator, value, _plain)}

    def _order_test(self, rule: OrdersRule) -> Filter:
        """Whether an order counts, as an expression: filtering here is several times faster than in the lookup."""
        tests: list[Filter] = [
            {"$eq": ["$$order.status", rule.status]} if rule.status else {"$ne": ["$$order.status", "cancelled"]}
        ]
        if rule.category is not None:
            tests.append({"$eq": ["$$order.category_folded", {"$literal": self.fold(rule.category)}]})
        if rule.min_amount is not None:
            tests.append({"$gte": ["$$order.amount_minor", self._minor(Decimal(str(rule.min_amount)))]})
        if rule.within_days is not None:
            tests += [{key: ["$$order.ordered_at", bound]} for key, bound in self._window(rule.within_days).items()]
        return {"$and": tests}

    def _minor(self, amount: Decimal) -> int | float:
        return _plain(amount.scaleb(self.digits))

    def _exact_minor(self, amount: Decimal) -> int | Decimal128:
        """Fit for a product: 0.1 as a double times 3 is more than 0.3."""
        minor = amount.scaleb(self.digits)
        return int(minor) if minor == minor.to_integral_value() else Decimal128(minor)


def _join(kind: str, children: list[Filter]) -> Filter:
    match kind:
        case "all":
            return {"$and": children} if children else {}
        case "any":
            return {"$or": children} if children else NOBODY
        case _:
            return {"$nor": children} if children else {}


def _range(operator: Operator, value: Any, convert: Callable[[Decimal], Any]) -> Filter:
    if operator.takes is Takes.RANGE:
        return {"$gte": convert(value[0]), "$lte": convert(value[1])}
    return {f"${operator.key}": convert(value)}


def _plain(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)
