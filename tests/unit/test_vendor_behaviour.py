"""The behaviour of the simulated vendor: off by default, bounded, and described as it is."""

import re
from pathlib import Path

import pytest

from crm_core.errors import InvalidInput
from crm_core.vendor_behaviour import Behaviour, behaviour_table, parse_behaviour

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "vendor.md"
NOT_MISBEHAVIOUR = {"success_rate", "open_rate", "click_rate", "slow_rate"}


def test_the_document_has_the_table_of_all_fields() -> None:
    assert behaviour_table() in DOCUMENT.read_text(), f"paste this into docs/vendor.md:\n{behaviour_table()}"


def test_every_misbehaviour_is_off_by_default() -> None:
    behaviour = Behaviour()
    rates = {name for name in Behaviour.model_fields if re.fullmatch(r".*_rate", name)} - NOT_MISBEHAVIOUR
    assert len(rates) == 12
    assert {name for name in rates if getattr(behaviour, name)} == set()
    assert (behaviour.outage, behaviour.latency_ms, behaviour.max_per_second) == ("off", 0, None)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("{", "no JSON"),
        ("[]", "no JSON object"),
        ('{"sucess_rate": 1}', "sucess_rate: there is no such field, there are: seed, success_rate,"),
        ('{"success_rate": 1.5}', "success_rate must be at most 1, not 1.5"),
        ('{"success_rate": NaN}', "success_rate must be a finite number"),
        ('{"outage": "sometimes"}', "'off', 'refuse' or 'close', not \"sometimes\""),
        ('{"latency_ms": -1, "error_status": 404}', "error_status .* 500, not 404; latency_ms .* 0, not -1"),
    ],
)
def test_a_bad_field_is_refused_by_its_name_with_what_is_allowed(text: str, named: str) -> None:
    with pytest.raises(InvalidInput, match=named):
        parse_behaviour(text)
