"""The moment as of which a preview may be asked for."""

import json
from datetime import UTC

import pytest
from pydantic import ValidationError

from crm_core.api.segments import PreviewBody
from crm_core.rules.binding import bind
from crm_core.rules.context import RuleContext
from crm_core.rules.engines.mongo import to_mongo
from crm_core.rules.loading import load_rule
from crm_core.rules.tree import MAX_DAYS


def body(now: str) -> PreviewBody:
    return PreviewBody.model_validate_json(json.dumps({"rule": {}, "now": now}))


@pytest.mark.parametrize("now", ["1900-01-01T00:00:00Z", "1997-12-31T18:00:00+14:00", "9998-12-31T23:59:59Z"])
@pytest.mark.parametrize("op", ["in_last_days", "more_than_days_ago"])
def test_every_window_can_be_computed_as_of_an_allowed_moment(now: str, op: str) -> None:
    moment = body(now).now
    assert moment
    rule = load_rule({"kind": "field", "field": "last_order_at", "op": op, "value": MAX_DAYS})
    assert to_mongo(bind(rule, RuleContext(moment.astimezone(UTC), 2, str)))


@pytest.mark.parametrize(
    "now",
    [
        "0001-01-01T00:00:00+14:00",
        "1899-12-31T23:59:59Z",
        "9999-01-01T00:00:00Z",
        "9999-12-31T23:59:59-14:00",
        "2026-06-15T12:00:00",
        "today",
    ],
)
def test_any_other_moment_is_refused(now: str) -> None:
    with pytest.raises(ValidationError) as caught:
        body(now)
    assert caught.value.errors()[0]["loc"][0] == "now"
