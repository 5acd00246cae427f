"""The logs at their most talkative: nobody's data in any of them, one form, and ids that lead through the processes."""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from crm_core.access.scopes import Scope
from crm_core.infra.heartbeat import WORKER_GROUPS
from crm_core.infra.streams import Stream
from tests import plain_http
from tests.api.answers import problem_in, profile
from tests.running_app import RunningApp, start_app
from tests.waiting import eventually

MARKER = re.compile("(?<!snapshot_)mark", re.IGNORECASE)
"""In every text of every record of these tests, and in no line of our own."""
SERVERS = ("mongod.log", "valkey.log")
BANNER = re.compile(r"|\s*You can now view your Streamlit app in your browser\.|\s*URL: http://\S+|Aborted!")
"""What Streamlit prints for the person at the terminal."""

CUSTOMER = {
    "id": "mark-c1",
    "name": "Mark Name",
    "email": "mark.mail@example.com",
    "phone": "+49 30 6275001",
    "city": "Mark City",
    "country": "Mark Country",
    "category": "Mark Category",
    "tags": ["mark-tag"],
    "attributes": {"mark_attribute": "mark value", "mark_list": ["mark entry"]},
}
ORDER = {
    "id": "mark-o1",
    "customer_id": "mark-c1",
    "amount": 6275001.25,
    "category": "Mark Books",
    "items": [{"name": "Mark Item", "sku": "mark-sku", "quantity": 1}],
}
EVENT = {"id": "mark-e1", "customer_id": "mark-c1", "type": "visit", "properties": {"mark_property": "mark page"}}
BAD: tuple[tuple[str, Any], ...] = (
    ("/customers", {"id": "mark-bad", "email": "mark is no address"}),
    ("/customers", {"id": "mark-bad", "mark_field": 1}),
    ("/customers", {"id": "mark-bad", "attributes": {"Mark Bad": "mark"}}),
    ("/customers", b'{"id": "mark-bad", '),
    ("/customers", b'["mark", "\\ud800mark"]'),
    ("/orders", ORDER | {"ordered_at": "mark day"}),
    ("/orders", ORDER | {"status": "mark"}),
    ("/events", EVENT | {"type": "Mark Type"}),
    ("/segments/preview", {"rule": {"kind": "field", "field": "mark", "op": "eq", "value": "mark"}}),
    ("/segments/preview", {"rule": {"kind": "mark"}}),
    ("/campaigns", {"name": "Mark", "message": "{{ mark", "rule": {"kind": "all"}}),
)
READS = (
    "/customers?cursor=mark",
    "/customers/mark-c1",
    "/customers/mark-nobody",
    "/customers/mark-c1?orders_cursor=mark",
    "/customers?limit=mark",
    "/mark",
    "/attributes",
)


@dataclass
class Fed:
    """What went through the app. followed: request id, stream position and stream of accepted batches."""

    data_dir: Path
    followed: list[tuple[str, str, Stream]] = field(default_factory=list)
    broken_id: str = ""

    def files(self) -> list[Path]:
        return [self.data_dir / "app.log", *sorted((self.data_dir / "logs").iterdir())]

    def lines(self, name: str) -> list[dict[str, Any]]:
        path = self.data_dir / "app.log" if name == "app" else self.data_dir / "logs" / f"{name}.log"
        return [json.loads(line) for line in path.read_text().splitlines() if not BANNER.fullmatch(line)]


@pytest.fixture(scope="module")
def fed(tmp_path_factory: pytest.TempPathFactory) -> Fed:
    """An app after much has gone through it, and after its end: everything it had to say is written."""
    folder = tmp_path_factory.mktemp("logs")
    fed = Fed(folder)
    with start_app(folder, CRM_LOG_LEVEL="DEBUG", CRM_LOG_FORMAT="json") as app, app.api(*Scope) as client:
        accept(fed, client)
        refuse(client)
        read(client)
        run_campaign(client)
        break_things(fed, app, client)
        import_file(app, client)
    return fed


def accept(fed: Fed, client: httpx.Client) -> None:
    for number, (stream, record) in enumerate(
        ((Stream.CUSTOMERS, CUSTOMER), (Stream.ORDERS, ORDER), (Stream.EVENTS, EVENT))
    ):
        request = f"request-{number}"
        answer = client.post(f"/{stream.label}", json=[record, record], headers={"X-Request-Id": request})
        assert answer.status_code == 202, answer.text
        fed.followed.append((request, answer.headers["x-stream-position"], stream))
    eventually(lambda: profile(client, "mark-c1")["customer"], lambda found: found["visits"] and found["order_count"])


def refuse(client: httpx.Client) -> None:
    for path, body in BAD:
        sent = {"content": body} if isinstance(body, bytes) else {"json": body}
        problem_in(client.post(path, **sent), 422)
    assert client.put("/attributes/mark_attribute", json={"type": "number"}).status_code == 200
    problem_in(client.post("/customers", json=CUSTOMER), 422)
    assert client.put("/attributes/mark_attribute", json={"type": None}).status_code == 200
    problem_in(plain_http.post(f"{client.base_url}receipts", content=b'{"mark": 1}'), 403)
    problem_in(client.get("/customers", headers={"Authorization": "Bearer mark"}), 401)


def read(client: httpx.Client) -> None:
    for path in READS:
        assert client.get(path).status_code < 500
    rule = {"kind": "field", "field": "name", "op": "eq", "value": "Mark Name"}
    preview = client.post("/segments/preview", json={"rule": rule, "sample": 5})
    assert preview.json()["count"] == 1
    assert client.post("/segments", json={"name": "Mark Segment", "rule": rule}).status_code == 201


def run_campaign(client: httpx.Client) -> None:
    rule = {"kind": "field", "field": "city", "op": "eq", "value": "Mark City"}
    made = client.post("/campaigns", json={"name": "Mark", "message": "Dear {{ customer.name }}, mark", "rule": rule})
    campaign = made.json()["id"]
    assert client.post(f"/campaigns/{campaign}/launch").status_code == 202
    eventually(
        lambda: client.get(f"/campaigns/{campaign}/stats").json(),
        lambda stats: stats["state"] == "completed" and not stats["by_state"]["sent"],
        "a completed campaign with its receipts",
    )


def break_things(fed: Fed, app: RunningApp, client: httpx.Client) -> None:
    """Entries that are no records, a record that is refused by the database, and a profile that nobody can read."""
    with app.services() as services:
        dead = services.monitor.dead_count()
        for data in (b"mark", b'{"id": 5, "mark": "mark"}', b'{"id": "mark-c1", "mark": {"$mark": 1}}'):
            services.redis.xadd(Stream.CUSTOMERS, {"d": data})
        services.redis.xadd(Stream.ORDERS, {"mark": "mark"})
        services.redis.xadd(Stream.ORDERS, {"d": json.dumps(ORDER | {"items": ["mark"]}).encode()})
        services.redis.xadd(Stream.RECEIPTS, {"d": b"mark"})
        services.redis.xadd(Stream.DELIVERIES, {"d": b"mark"})
        services.redis.xadd(Stream.JOBS, {"d": b"mark"})
        eventually(services.monitor.dead_count, lambda found: found >= dead + 6)
        services.db.customers.insert_one({"_id": "mark-broken", "order_count": 1, "total_spend_minor": b"mark\xff"})
    answer = client.get("/customers/mark-broken")
    problem_in(answer, 500)
    fed.broken_id = answer.headers["x-request-id"]


def import_file(app: RunningApp, client: httpx.Client) -> None:
    file = app.data_dir / "mark.ndjson"
    records = [CUSTOMER | {"id": f"mark-i{number}"} for number in range(50)]
    file.write_text("\n".join([*map(json.dumps, records), '{"id": "mark-i', '{"id": "mark-i51", "email": "mark"}']))
    key = client.headers["authorization"].removeprefix("Bearer ")
    done = app.command("import", str(file), "--key", key, "--wait")
    assert "50 records accepted and stored" in done.stderr


def test_no_log_of_any_process_quotes_a_record(fed: Fed) -> None:
    assert {path.stem for path in fed.files()} == {"app", "mongod", "valkey", "vendor", "workers", *WORKER_GROUPS}
    for path in fed.files():
        quoted = [line for line in path.read_text(errors="replace").splitlines() if MARKER.search(line)]
        assert quoted == [], path.name
        assert "6275001" not in path.read_text(errors="replace"), path.name


def test_no_log_quotes_a_key_or_a_password(fed: Fed) -> None:
    secrets = [*json.loads((fed.data_dir / "secrets.json").read_text()).values(), "Bearer", "cn_"]
    for path in fed.files():
        assert not [secret for secret in secrets if secret in path.read_text(errors="replace")], path.name


def test_every_line_of_our_processes_is_json_with_moment_level_event_and_process(fed: Fed) -> None:
    names = {path.stem for path in fed.files() if path.name not in SERVERS}
    for name in names:
        for line in fed.lines(name):
            assert line.keys() >= {"at", "level", "event", "process"}
            assert line["process"] == name
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", line["at"])
            assert line["level"] in {"debug", "info", "warning", "error"}


def test_an_accepted_batch_is_followed_from_the_request_to_the_worker_by_ids(fed: Fed) -> None:
    app, worker = fed.lines("app"), fed.lines("ingest")
    for request, position, stream in fed.followed:
        own = [line for line in app if line.get("request") == request]
        (accepted,) = [line for line in own if line["event"] == "accepted"]
        assert (accepted["stream"], accepted["records"], accepted["last"]) == (stream, 2, position)
        (answered,) = [line for line in own if line["event"] == "request"]
        assert (answered["status"], answered["route"]) == (202, f"/v1/{stream.label}")
        (stored,) = [line for line in worker if line["event"] == "stored" and line["last"] == position]
        assert stored["stream"] == stream


def test_what_was_buried_is_named_by_its_id_and_reason(fed: Fed) -> None:
    buried = [line for line in fed.lines("ingest") if line["event"] == "buried"]
    assert len(buried) >= 4
    assert all(re.fullmatch(r"\d+-\d+", line["entry"]) and line["reason"] for line in buried)


def test_a_bug_is_logged_with_its_request_type_and_place_but_without_its_text(fed: Fed) -> None:
    own = [line for line in fed.lines("app") if line.get("request") == fed.broken_id]
    (bug,) = [line for line in own if line["event"] == "bug"]
    assert bug["level"] == "error"
    assert bug["fault"]
    assert re.match(r"\w+\.py:\d+ < ", bug["where"])
    (answered,) = [line for line in own if line["event"] == "request"]
    assert answered["status"] == 500
