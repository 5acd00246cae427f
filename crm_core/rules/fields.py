"""The field catalogue: the only names that a rule may use, and where MongoDB keeps them."""

from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum

from crm_core.errors import UnknownField


class FieldType(StrEnum):
    NUMBER = "number"
    MONEY = "money"
    TEXT = "text"
    DATE = "date"
    BOOLEAN = "boolean"
    LIST = "list"


@dataclass(frozen=True)
class CustomerField:
    """path: of the stored value; for texts and lists of the folded copy. options: where its values are listed."""

    name: str
    label: str
    type: FieldType
    group: str
    path: str
    has_options: bool = False


def _text(name: str, label: str, *, options: bool = False) -> CustomerField:
    return CustomerField(name, label, FieldType.TEXT, "Profile", f"folded.{name}", options)


FIELDS: tuple[CustomerField, ...] = (
    CustomerField("total_spend", "Total spend", FieldType.MONEY, "Orders", "total_spend_minor"),
    CustomerField("order_count", "Orders in total", FieldType.NUMBER, "Orders", "order_count"),
    CustomerField("avg_order_value", "Average order value", FieldType.MONEY, "Orders", ""),
    CustomerField("last_order_at", "Last order", FieldType.DATE, "Orders", "last_order_at"),
    CustomerField("first_order_at", "First order", FieldType.DATE, "Orders", "first_order_at"),
    CustomerField("categories", "Categories bought", FieldType.LIST, "Orders", "folded.categories", has_options=True),
    CustomerField("visits", "Visits", FieldType.NUMBER, "Behaviour", "visits"),
    CustomerField("abandoned_cart", "Abandoned cart", FieldType.BOOLEAN, "Behaviour", "abandoned_cart"),
    CustomerField("cart_value", "Cart value", FieldType.MONEY, "Behaviour", "cart_value_minor"),
    _text("city", "City", options=True),
    _text("country", "Country", options=True),
    _text("category", "Favourite category", options=True),
    CustomerField("tags", "Tags", FieldType.LIST, "Profile", "folded.tags", has_options=True),
    CustomerField("loyalty_member", "Loyalty member", FieldType.BOOLEAN, "Profile", "loyalty_member"),
    _text("name", "Name"),
    _text("email", "E-mail"),
    _text("phone", "Phone"),
    CustomerField("created_at", "Customer since", FieldType.DATE, "Profile", "created_at"),
)
_BY_NAME = {field.name: field for field in FIELDS}


def find_field(name: str, path: str = "rule") -> CustomerField:
    """The field of that name. Raises UnknownField with the nearest names. path: of the node, for the message."""
    if name in _BY_NAME:
        return _BY_NAME[name]
    near = get_close_matches(name, _BY_NAME, n=3)
    hint = f" Did you mean {' or '.join(near)}?" if near else f" Known are {', '.join(_BY_NAME)}."
    raise UnknownField(f"{path}: there is no field {name!r}.{hint}", field=path)
