"""``python -m crm_core``: keys, imports and demo data against the running app, and what it says when it cannot."""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from crm_core.access.scopes import Scope
from crm_core.demo.generator import generate_demo
from tests import plain_http
from tests.api.answers import Json, customer, problem_in, profile
from tests.running_app import Done, RunningApp, new_key_name, run_command_here
from tests.waiting import eventually

Import = Callable[..., Done]


@pytest.fixture
def import_lines(app: RunningApp, client: httpx.Client, tmp_path: Path) -> Import:
    """Runs ``import`` on a file of these lines."""
    key = client.headers["Authorization"].removeprefix("Bearer ")

    def run(lines: Sequence[str], *options: str, name: str = "file.csv") -> Done:
        file = tmp_path / name
        file.write_text("\n".join(lines) + "\n")
        return app.command_here("import", str(file), "--key", key, *options)

    return run


def said(done: Done) -> str:
    """What it wrote for people, on one line; it is never a traceback."""
    assert "Traceback" not in done.stderr
    return " ".join(done.stderr.split())


def orders_of(client: httpx.Client, customer_id: str, number: int) -> list[Json]:
    found: list[Json] = eventually(
        lambda: profile(client, customer_id)["orders"]["items"], lambda items: len(items) >= number, "orders"
    )
    assert len(found) == number
    return found


def test_key_create_prints_only_the_key_and_the_key_works(app: RunningApp) -> None:
    done = app.command("key", "create", "--name", "shop", "--scopes", "customers:read, segments:read")
    assert done.returncode == 0
    (key,) = done.stdout.splitlines()
    assert key.startswith("cn_")
    assert said(done) == ""
    for path, status in (("customers", 200), ("segments", 200), ("campaigns", 403)):
        answer = plain_http.get(f"{app.url}/api/v1/{path}", headers={"Authorization": f"Bearer {key}"})
        assert answer.status_code == status


def test_keys_are_listed_and_revoked(app: RunningApp) -> None:
    name = new_key_name()
    done = app.command_here("key", "create", "--name", name, "--scopes", "segments:read", "--expires-in-days", "30")
    headers = {"Authorization": f"Bearer {done.stdout.strip()}"}
    assert plain_http.get(f"{app.url}/api/v1/segments", headers=headers).status_code == 200
    (row,) = (row for row in listed_keys(app) if row["name"] == name)
    assert (row["owner"], row["scopes"], row["state"]) == ("operator", ["segments:read"], "active")
    assert row["expires"]
    table = app.command("key", "list")
    assert name.split()[1] in table.stdout
    assert "cn_" not in table.stdout
    revoked = app.command("key", "revoke", name)
    assert (revoked.returncode, said(revoked)) == (0, f"{name} is revoked.")
    refused = eventually(
        lambda: plain_http.get(f"{app.url}/api/v1/segments", headers=headers),
        lambda answer: answer.status_code == 401,
    )
    assert problem_in(refused, 401)["detail"] == "This API key was revoked."
    assert [row["state"] for row in listed_keys(app) if row["name"] == name] == ["was revoked"]
    again = app.command_here("key", "revoke", name)
    assert (again.returncode, said(again)) == (1, f"Error: There is no API key named '{name}'.")


def test_a_key_is_made_once_under_a_name(app: RunningApp) -> None:
    arguments = ("key", "create", "--name", new_key_name(), "--scopes", "segments:read")
    assert app.command_here(*arguments).returncode == 0
    done = app.command_here(*arguments)
    assert (done.returncode, done.stdout) == (1, "")
    assert "There is already an API key named" in said(done)


def listed_keys(app: RunningApp) -> list[Json]:
    found: list[Json] = json.loads(app.command_here("key", "list", "--json").stdout)
    return found


def test_import_takes_the_key_from_the_environment(app: RunningApp, client: httpx.Client, tmp_path: Path) -> None:
    key = client.headers["Authorization"].removeprefix("Bearer ")
    file = tmp_path / "file.csv"
    file.write_text("id,name\ncli-env,Asha\n")
    done = app.command_here("import", str(file), CRM_API_KEY=key)
    assert done.returncode == 0, done.stderr
    assert customer(client, "cli-env")["name"] == "Asha"
    missing = app.command_here("import", str(file), CRM_API_KEY="")
    assert missing.returncode == 2
    assert "--key" in missing.stderr


@pytest.mark.parametrize(
    ("scopes", "words"), [("customers:read,everything", "'everything' is no scope"), (" , ", "at least one scope")]
)
def test_key_with_a_scope_that_does_not_exist_is_refused_with_those_that_do(
    app: RunningApp, scopes: str, words: str
) -> None:
    done = app.command_here("key", "create", "--name", "shop", "--scopes", scopes)
    assert done.returncode == 1
    assert done.stdout == ""
    assert words in said(done)
    assert all(scope in said(done) for scope in Scope)


def test_csv_of_customers_is_imported(client: httpx.Client, import_lines: Import) -> None:
    done = import_lines(
        [
            "\ufeffid,name,city,loyalty_member,cart_value,tags,visits",
            'cli-1,"Rao, Asha",Zürich,yes,12.50,vip; new,3',
            "cli-2,,,,,,",
        ]
    )
    assert done.returncode == 0, done.stderr
    assert "2 records accepted" in said(done)
    assert "0 rejected" in said(done)
    found = customer(client, "cli-1")
    assert (found["name"], found["city"], found["loyalty_member"]) == ("Rao, Asha", "Zürich", True)
    assert (found["cart_value"], found["tags"], found["visits"]) == (12.5, ["vip", "new"], 3)
    assert "name" not in customer(client, "cli-2")


def test_csv_of_orders_is_imported_and_a_second_time_changes_nothing(
    client: httpx.Client, import_lines: Import
) -> None:
    lines = ["id,customer_id,amount,status,ordered_at", "cli-o1,cli-3,29.33,shipped,2026-01-31T10:00:00Z"]
    assert import_lines(lines).returncode == 0
    first = orders_of(client, "cli-3", 1)
    assert (first[0]["id"], first[0]["amount"], first[0]["ordered_at"]) == ("cli-o1", 29.33, "2026-01-31T10:00:00Z")
    assert import_lines(lines).returncode == 0
    assert orders_of(client, "cli-3", 1)[0]["amount"] == 29.33
    assert customer(client, "cli-3")["total_spend"] == 29.33


def test_orders_without_an_id_get_one_that_is_the_same_at_every_import(
    client: httpx.Client, import_lines: Import
) -> None:
    lines = ["customer_id,amount,ordered_at", *["cli-4,5,2026-01-01"] * 2, "cli-4,5,2026-01-02"]
    assert import_lines(lines).returncode == 0
    first = orders_of(client, "cli-4", 3)  # two equal lines are two purchases
    assert import_lines([*lines, "cli-4,1,2026-01-03"]).returncode == 0
    again = orders_of(client, "cli-4", 4)
    assert {order["id"] for order in first} < {order["id"] for order in again}
    assert customer(client, "cli-4")["total_spend"] == 16


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["id,customer_id,amuont"], "'amuont' that orders do not have. Did you mean amount?"),
        (["id,[/b]"], "'[/b]' that customers do not have"),
        (["name,city"], "neither a column customer_id"),
        (["id,name,name"], "names a column twice"),
        (["id,nmae"], "leave it out with --map 'nmae='"),
        (["id,visits", "cli-5,many"], "Line 2, column visits: 'many' is not a whole number"),
        (["id,name", "cli-5,Ann", "cli-6,Bo,Oslo"], "Line 3 has 3 cells; the header has 2"),
        (["customer_id,amount", "cli-5,[/red]"], "Line 2, column amount: '[/red]' is not a number"),
        (["customer_id,amount", "cli-5,nan"], "Line 2, column amount: 'nan' is not a number"),
    ],
)
def test_bad_column_and_bad_cell_are_named(import_lines: Import, lines: list[str], words: str) -> None:
    done = import_lines(lines)
    assert done.returncode == 1
    assert words in said(done)


@pytest.mark.parametrize("url", ["localhost:8501", "8501", "http://", "http://localhost:port", "ftp://localhost"])
def test_address_that_is_none_is_refused_at_once(import_lines: Import, url: str) -> None:
    done = import_lines(["id", "cli-6"], "--url", url)
    assert done.returncode == 1
    assert f"'{url}' is no address" in said(done)


def test_quote_that_is_left_open_is_refused(import_lines: Import) -> None:
    done = import_lines(["id,name", 'cli-6,"Ann', *["x" * 1000] * 200])
    assert done.returncode == 1
    assert "cannot be read as CSV" in said(done)


def test_record_that_the_api_refuses_is_named_by_its_line_and_the_others_are_kept(
    client: httpx.Client, import_lines: Import
) -> None:
    done = import_lines(["id,customer_id,amount", "cli-o7,cli-7,1", "cli-o8,cli-7,-1", "cli-o9,cli-7,2"])
    assert done.returncode == 1
    assert "2 records accepted" in said(done)
    assert "1 rejected" in said(done)
    assert "line 3: amount must be between 0 and" in said(done)
    eventually(lambda: customer(client, "cli-7")["total_spend"], lambda spend: spend == 3)


def test_bad_line_is_a_rejected_record_and_the_others_are_kept(client: httpx.Client, import_lines: Import) -> None:
    done = import_lines(["id,visits", "cli-10,many", "cli-11,3", "cli-12,4,5"])
    assert done.returncode == 1
    assert "1 records accepted" in said(done)
    assert "2 rejected. Line 2, column visits: 'many' is not a whole number. Line 4 has 3 cells" in said(done)
    assert customer(client, "cli-11")["visits"] == 3


def test_quote_that_is_left_open_is_refused_before_anything_is_sent(client: httpx.Client, import_lines: Import) -> None:
    done = import_lines(["id,name", "cli-13,Bo", 'cli-14,"Ann'])
    assert done.returncode == 1
    assert "Line 3 cannot be read as CSV" in said(done)
    assert client.get("/customers/cli-13").status_code == 404


def test_columns_of_another_name_attributes_and_consent_are_imported(
    client: httpx.Client, import_lines: Import
) -> None:
    lines = ["Kunden-Nr;Name;attributes.Shoe Size;attributes.code;consent.sms;Notiz", "cli-15;Zoë;44.5;007;granted;x"]
    done = import_lines(lines, "--map", "Kunden-Nr=id", "--map", "Notiz=", "--wait")
    assert done.returncode == 0, done.stderr
    found = customer(client, "cli-15")
    assert found["name"] == "Zoë"
    assert found["attributes"] == {"shoe_size": 44.5, "code": "007"}
    assert found["consent"]["sms"]["state"] == "granted"


@pytest.mark.parametrize(
    ("mapping", "words"),
    [
        ("Nummer=id", "has no column 'Nummer'; it has id, Ort"),
        ("Ort=town", "customers have no field 'town'. Allowed are id, name"),
        ("Ort=id", "The columns 'id' and 'Ort' of file.csv go to one field, id"),
        ("Ort", "'Ort' is not COLUMN=FIELD"),
    ],
)
def test_mapping_that_cannot_be_is_refused(import_lines: Import, mapping: str, words: str) -> None:
    done = import_lines(["id,Ort", "cli-16,Bern"], "--map", mapping)
    assert done.returncode == 1
    assert words in said(done)


def test_json_lines_are_imported_and_a_line_that_is_none_is_named(client: httpx.Client, import_lines: Import) -> None:
    lines = ['{"id": "cli-17", "loyaltyMember": true, "tags": ["a"]}', "", "{cli-18}", '{"id": "cli-19", "nmae": "x"}']
    done = import_lines(lines, name="file.ndjson")
    assert done.returncode == 1
    assert "1 records accepted" in said(done)
    assert "Line 3 is no JSON" in said(done)
    assert "line 4: nmae is no known field" in said(done)
    assert customer(client, "cli-17")["loyalty_member"] is True


def test_events_are_imported_and_stored_when_the_command_ends(client: httpx.Client, import_lines: Import) -> None:
    lines = ["customer_id,type,at,properties.page", *["cli-20,visit,2026-01-01,home"] * 2, "cli-20,search,2026-01-02,"]
    for _ in range(2):  # equal lines are two events, and the same file twice changes nothing
        done = import_lines(lines, "--wait")
        assert done.returncode == 0, done.stderr
        assert "3 records accepted and stored" in said(done)
        answer = client.get("/customers/cli-20")
        assert answer.status_code == 200
        assert answer.json()["customer"]["visits"] == 2


def test_everything_is_stored_when_the_command_was_to_wait(client: httpx.Client, import_lines: Import) -> None:
    lines = ["customer_id,amount,ordered_at", *(f"cli-21,1,2026-01-01T{n // 60:02}:{n % 60:02}Z" for n in range(1200))]
    done = import_lines(lines, "--wait")
    assert done.returncode == 0, done.stderr
    assert client.get("/customers/cli-21").json()["customer"]["total_spend"] == 1200


def test_cdnow_file_is_recognised_by_its_columns(client: httpx.Client, import_lines: Import) -> None:
    done = import_lines([" 99901 19970101  1   11.77", " 99901 19970112  5   77.00"], name="purchases.txt")
    assert done.returncode == 0, done.stderr
    found = orders_of(client, "99901", 2)
    assert [(order["amount"], order["category"]) for order in found] == [(77, "Music"), (11.77, "Music")]


def test_file_of_an_unknown_kind_is_refused(import_lines: Import) -> None:
    assert "neither a CSV nor a CDNOW file" in said(import_lines(["hello"], name="notes.txt"))
    assert "no format 'xml'" in said(import_lines(["id"], "--format", "xml"))


def test_unknown_key_and_key_without_the_scope_are_told_apart(
    app: RunningApp, customers_reader: httpx.Client, tmp_path: Path
) -> None:
    file = tmp_path / "file.csv"
    file.write_text("id\ncli-8\n")
    unknown = app.command_here("import", str(file), "--key", "cn_unknown", "--url", f"{app.url}/api/")
    assert unknown.returncode == 1
    assert "API key is not known" in said(unknown)
    reader = customers_reader.headers["Authorization"].removeprefix("Bearer ")
    forbidden = app.command_here("import", str(file), "--key", reader)
    assert forbidden.returncode == 1
    assert "lacks the scope ingest:write" in said(forbidden)


def test_import_without_a_running_app_says_what_to_do(tmp_path: Path) -> None:
    file = tmp_path / "file.csv"
    file.write_text("id\ncli-9\n")
    done = run_command_here(tmp_path, "import", str(file), "--key", "cn_any")
    assert done.returncode == 1
    assert "start it with make run, or say --url" in said(done)


def test_demo_stores_the_shop_of_its_seed(app: RunningApp, client: httpx.Client) -> None:
    done = app.command("demo", "--customers", "300", "--seed", "3")
    assert done.returncode == 0, done.stderr
    shop = generate_demo(customers=300, seed=3, now=datetime.now(UTC))
    assert "300 customers" in said(done)
    page = client.get("/customers", params={"limit": 1000, "cursor": "demo-"}).json()["items"]
    stored = {record["id"]: (record.get("name"), record.get("email"), record["country"]) for record in page[:300]}
    made = {
        record["id"]: (record.get("name"), record.get("email"), record["country"]) for record in shop.customer_records()
    }
    assert stored == made
    assert sum(record["order_count"] for record in page[:300]) > 0


def test_demo_of_too_many_customers_is_refused(app: RunningApp) -> None:
    done = app.command_here("demo", "--customers", "2000001")
    assert done.returncode == 1
    assert "1 to 2,000,000" in said(done)
