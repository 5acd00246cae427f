"""The new field is accepted, stored, answered, imported, asked for by rules, and used in a message."""

import io
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from crm_core.campaigns.drafting.template import check_template, render_message, stored_fields
from crm_core.imports.reading.sources import FileSource
from crm_core.imports.recognising.plan import ImportOptions
from crm_core.imports.recognising.preview import try_import
from crm_core.infra.streams import Entry, Stream
from crm_core.ingest.parsing import parse_records
from crm_core.rules.text.parsing import parse_text
from crm_core.services import build_services
from crm_core.settings import Settings
from tests.actors import TEST

RECORD = {"id": "c1", "vipUntil": "2040-01-31"}
UNTIL = datetime(2040, 1, 31, tzinfo=UTC)
MESSAGE = "Until {{ customer.vip_until | date: '%Y' }}"
FILE = b"id,VIP end\nc3,2041-01-31\n"


def main() -> None:
    services = build_services(Settings.load())
    context = services.validation_context({})
    batch = parse_records(Stream.CUSTOMERS, json.dumps([RECORD, {"id": "c2"}]).encode(), context)
    assert not batch.rejected, batch.rejected
    entries = [Entry(Stream.CUSTOMERS, f"1780000000000-{n}", payload) for n, payload in enumerate(batch.payloads)]
    assert services.persister.store(entries) == {}
    customer: Mapping[str, Any] = services.customers.customer("c1", actor=TEST)
    assert customer["vip_until"] == UNTIL
    rules = services.rule_contexts.context()
    rule = parse_text("vip_until after 2040-01-30", rules)
    assert list(services.audience.ids(rule, now=services.clock())) == ["c1"]
    told = [services.memberships.explain(name, rule, actor=TEST).matches for name in ("c1", "c2")]
    assert told == [True, False], told
    run = try_import(FileSource.of_file(io.BytesIO(FILE), "vips.csv"), ImportOptions(), context)
    assert [record["vip_until"][:10] for record in run.records] == ["2041-01-31"], run
    check_template(MESSAGE)
    stored = stored_fields([MESSAGE])
    customer = services.recipients.read(["c1"], "in_app", None, services.clock(), stored=stored)["c1"].customer
    assert render_message(MESSAGE, customer) == "Until 2040"
    assert [field.label for field in services.schema.customers.fields if field.name == "vip_until" and field.on_profile]
    services.close()


if __name__ == "__main__":
    main()
