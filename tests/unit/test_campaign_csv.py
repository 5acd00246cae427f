"""The list of campaigns as a file: a line each, its parts add up, and no cell is a formula."""

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from crm_core.campaigns.counts import to_counts
from crm_core.campaigns.list_csv import to_csv
from crm_core.campaigns.messages.message_log import Stats
from crm_core.campaigns.model import Campaign
from crm_core.campaigns.states import CampaignState
from crm_core.schema.message_states import MessageState

AT = datetime(2026, 6, 15, 12, tzinfo=UTC)


def test_a_line_has_the_figures_that_are_kept_and_no_formula() -> None:
    by_state = dict(zip(MessageState, range(1, 9), strict=True))
    counts = to_counts(Stats(by_state, {}, {}, {}, unsubscribed=7), as_of=AT, took=timedelta())
    made: dict[str, Any] = {"_id": "a", "name": "=cmd()", "state": CampaignState.COMPLETED, "channel": "sms"}
    made |= {"tags": ["x", "y"], "created_at": AT, "launched_at": AT, "counts": counts}
    draft: dict[str, Any] = {"_id": "b", "name": "Idea", "state": CampaignState.DRAFT, "channel": "sms"}
    first, second = csv.DictReader(io.StringIO(to_csv([cast("Campaign", made), cast("Campaign", draft)]).decode()))
    assert (first["name"], first["tags"], first["audience"], first["plan"]) == ("'=cmd()", "x, y", "36", "complete")
    assert sum(int(value) for name, value in first.items() if name.endswith("_now")) == 36
    # sent 2, failed 3, delivered 4, opened 5, clicked 6: 20 were sent, 15 delivered, 11 opened
    assert (first["sent"], first["delivered_percent"], first["opened_percent"]) == ("20", "75.0", "73.33")
    assert first["unsubscribed"] == "7"
    assert (second["audience"], second["plan"], second["launched_at"]) == ("", "not_begun", "")
