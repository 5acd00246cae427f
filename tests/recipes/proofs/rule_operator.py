"""The new operator counts in MongoDB, in columns and for one customer, is read, printed, worded and offered."""

from crm_core.audience.preview import Source
from crm_core.audience.snapshot.keeper import Status
from crm_core.money import money_formatter
from crm_core.rules.binding import bind
from crm_core.rules.fields import FieldType
from crm_core.rules.loading import load_rule
from crm_core.rules.operators import operators_for
from crm_core.rules.sentence import to_sentence
from crm_core.rules.text.parsing import parse_text
from crm_core.rules.text.printing import to_text
from crm_core.services import build_services
from crm_core.settings import Settings
from tests.actors import TEST
from tests.integration.feeding import store_customers

WAIT_S = 60
VISITS = {"low": 89, "from": 90, "to": 110, "high": 111}
TREE = {"kind": "field", "field": "visits", "op": "about", "value": 100}


def main() -> None:
    services = build_services(Settings.load())
    store_customers(services, *({"id": name, "visits": visits} for name, visits in VISITS.items()), {"id": "none"})
    context = services.rule_contexts.context()
    rule = load_rule(TREE)
    assert parse_text("visits about 100", context) == rule
    bound = bind(rule, context)
    assert to_text(bound) == "visits about 100"
    assert "about 100" in to_sentence(bound, money_formatter("USD"))
    assert sorted(services.audience.ids(rule, now=services.clock())) == ["from", "to"]
    services.snapshot.start()
    services.snapshot.wait_until(lambda state: state.status is Status.READY, WAIT_S)
    preview = services.previews.preview(rule, is_fresh=True, actor=TEST)
    assert (preview.count, preview.source) == (2, Source.MEMORY), preview
    told = {name: services.memberships.explain(name, rule, actor=TEST).matches for name in VISITS}
    assert told == {"low": False, "from": True, "to": True, "high": False}
    assert "about" in [operator.key for operator in operators_for(FieldType.NUMBER)]
    services.close()


if __name__ == "__main__":
    main()
