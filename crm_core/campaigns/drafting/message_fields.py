"""What a message may say of a customer: one row a field, for the editor, the check and rendering."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any
from zoneinfo import ZoneInfo

from crm_core.campaigns.drafting.message_values import to_template
from crm_core.customers.first_names import find_first_name
from crm_core.rules.fields import FieldType, type_of_kind
from crm_core.schema.customer import CUSTOMER as SCHEMA
from crm_core.schema.fields import Field, RecordSchema
from crm_core.schema.kinds import Identifier

CUSTOMER = "customer"
ATTRIBUTES = "attributes"
FIRST_NAME = "first_name"
UNSUBSCRIBE_URL = "unsubscribe_url"
MAX_NAMED = 40
Path = Sequence[str | int | None]
"""As a template has it: names, places in lists, None for what another variable says."""
AttributeTypes = Mapping[str, FieldType | None]
"""The workspace's custom attributes: name to type, None for one whose values differ in type."""


@dataclass(frozen=True)
class MessageField:
    """name: in a template ``customer.NAME``, and in a record of CustomerReader. type: None if the values differ in it.

    stored: the fields of the document that a record needs for it. is_of_customer: whether it stands behind
    ``customer.``, as all do but the link that is made for each message.
    """

    name: str
    label: str
    type: FieldType | None
    stored: tuple[str, ...]
    is_of_customer: bool = True

    @property
    def path(self) -> str:
        return f"{CUSTOMER}.{self.name}" if self.is_of_customer else self.name

    @property
    def snippet(self) -> str:
        """What the editor inserts."""
        match self.type:
            case FieldType.MONEY:
                return f"{{{{ {self.path} | money }}}}"
            case FieldType.DATE:
                return f"{{{{ {self.path} | date: '%-d %B %Y' }}}}"
            case FieldType.LIST:
                return f"{{{{ {self.path} | join: ', ' }}}}"
            case FieldType.BOOLEAN:
                return f"{{% if {self.path} %}} {{% endif %}}"
            case _:
                default = " | default: 'there'" if self.name in {"name", FIRST_NAME} else ""
                return f"{{{{ {self.path}{default} }}}}"

    def with_fallback(self, words: str) -> str:
        """What the editor inserts, with words for those for whom it is empty."""
        if not words.strip() or self.type is FieldType.BOOLEAN or not self.is_of_customer:
            return self.snippet
        quote = '"' if "'" in words else "'"
        bare = self.snippet.removesuffix(" }}").partition(" | default:")[0]
        return f"{bare} | default: {quote}{words.strip().replace(quote, '’')}{quote} }}}}"

    def read(self, record: Mapping[str, Any], zone: ZoneInfo) -> Any:
        """The value for templates, None for a missing one."""
        value = record.get(self.name)
        if value is None and self.name == FIRST_NAME:
            name = record.get("name")
            return find_first_name(name) if isinstance(name, str) else None
        return to_template(value, zone)


def declared_in(records: RecordSchema) -> tuple[MessageField, ...]:
    """Those that the schema lets messages use."""
    return tuple(_to_field(row, records) for row in records.fields if row.in_messages)


def _to_field(row: Field, records: RecordSchema) -> MessageField:
    kind = FieldType.TEXT if isinstance(row.kind, Identifier) else type_of_kind(row.kind)
    return MessageField(row.name, row.label, kind, _stored(row, records))


def _stored(row: Field, records: RecordSchema) -> tuple[str, ...]:
    """Of a name that is joined of parts, these too; a first name may have to be found in the name."""
    match row.name:
        case "id":
            return ("_id",)
        case "first_name":
            return (row.stored_name, "name")
        case "avg_order_value":
            return tuple(records.by_name[name].stored_name for name in ("total_spend", "order_count"))
        case _:
            return (row.stored_name, *(records.by_name[name].stored_name for name in row.joins))


UNSUBSCRIBE_LINK = MessageField(UNSUBSCRIBE_URL, "Unsubscribe link", FieldType.TEXT, (), is_of_customer=False)
FIELDS = (*declared_in(SCHEMA), UNSUBSCRIBE_LINK)
_BY_NAME = {field.name: field for field in FIELDS if field.is_of_customer}
_PARTS: Mapping[FieldType, Mapping[str, FieldType | None]] = {
    FieldType.TEXT: {"size": FieldType.NUMBER},
    FieldType.DATE: {"size": FieldType.NUMBER},
    FieldType.LIST: {"size": FieldType.NUMBER, "first": FieldType.TEXT, "last": FieldType.TEXT},
}
"""What a template may ask of a value behind another dot; a list also has places, ``tags[0]``."""


def attribute_field(name: str, kind: FieldType | None) -> MessageField:
    return MessageField(f"{ATTRIBUTES}.{name}", name.replace("_", " ").capitalize(), kind, (ATTRIBUTES,))


def find_field(path: Path, attributes: AttributeTypes) -> MessageField | None:
    """The field of a path as it stands in a template, such as ``("customer", "tags", "first")``; None if unknown."""
    match path:
        case (str(root), str(part), str(name), *rest) if (root, part) == (CUSTOMER, ATTRIBUTES) and name in attributes:
            found = attribute_field(name, attributes[name])
        case (str(root), str(name), *rest) if root == CUSTOMER and name in _BY_NAME:
            found = _BY_NAME[name]
        case (str(root), *rest) if root == UNSUBSCRIBE_URL:
            found = UNSUBSCRIBE_LINK
        case _:
            return None
    return found if _has_parts(found.type, rest) else None


def _has_parts(kind: FieldType | None, parts: Path) -> bool:
    for part in parts:
        if kind is None:
            return True
        if not isinstance(part, str):
            if kind is not FieldType.LIST:
                return False
            kind = FieldType.TEXT
        elif part not in _PARTS.get(kind, {}):
            return False
        else:
            kind = _PARTS[kind][part]
    return True


def path_text(path: Path) -> str:
    """As people write it: ``customer.tags[0]``."""
    parts = (part if isinstance(part, str) else f"[{'…' if part is None else part}]" for part in path)
    return ".".join(parts).replace(".[", "[")


def describe_known(unknown: str, attributes: AttributeTypes) -> str:
    """For the message about an unknown name: the nearest ones, and what is allowed."""
    known = [field.path for field in message_fields(attributes)]
    own_names = {_own_name(path): path for path in known}
    near = [own_names[name] for name in get_close_matches(_own_name(unknown), own_names, n=3)]
    hint = f" (did you mean {' or '.join(near)}?)" if near else ""
    more = f" and {len(known) - MAX_NAMED} more" if len(known) > MAX_NAMED else ""
    return f"which is not known{hint}; allowed are {', '.join(known[:MAX_NAMED])}{more}"


def _own_name(path: str) -> str:
    return path.removeprefix(f"{CUSTOMER}.").removeprefix(f"{ATTRIBUTES}.")


def message_fields(attributes: AttributeTypes) -> list[MessageField]:
    """All that a message may use: the declared fields, then the custom attributes by name."""
    return [*FIELDS, *(attribute_field(name, attributes[name]) for name in sorted(attributes))]
