"""What the doctor says of the rights of the app's user in MongoDB."""

from collections.abc import Mapping
from urllib.parse import urlsplit

import pytest
from pymongo import MongoClient

from crm_core.infra.app_role import app_privileges
from crm_core.infra.mongo import Doc
from crm_core.settings import Settings
from tests.databases import as_administrator
from tests.doctor import ask_doctor

ADDS_ONLY = "Its user adds to the audit log and cannot change it."
MAY_CHANGE = "Its user may change the audit log; docs/servers.md has a role that may not."
ON_AUDIT = {"db": "clientnest", "collection": "audit"}


@pytest.mark.parametrize(
    ("privileges", "roles", "words"),
    [
        (app_privileges("clientnest"), [], ADDS_ONLY),
        (app_privileges(""), [], ADDS_ONLY),
        ([*app_privileges("clientnest"), {"resource": ON_AUDIT, "actions": ["remove"]}], [], MAY_CHANGE),
        ([*app_privileges("clientnest"), {"resource": {**ON_AUDIT, "db": ""}, "actions": ["update"]}], [], MAY_CHANGE),
        ([], [{"role": "readWrite", "db": "clientnest"}], MAY_CHANGE),
        ([], [{"role": "readWriteAnyDatabase", "db": "admin"}], MAY_CHANGE),
        ([], [{"role": "root", "db": "admin"}], MAY_CHANGE),
        ([{"resource": {"anyResource": True}, "actions": ["anyAction", "update"]}], [], MAY_CHANGE),
    ],
)
def test_it_says_whether_the_user_may_change_the_audit_log(
    servers: Settings, privileges: list[Doc], roles: list[Mapping[str, str]], words: str
) -> None:
    uri = str(as_administrator(servers).mongodb_uri)
    with MongoClient[Doc](uri) as client:
        client.admin.command("createRole", "looked-at", privileges=privileges, roles=roles)
        client.admin.command("createUser", "looked-at", pwd="pw", roles=["looked-at"])
        try:
            place = f"mongodb://looked-at:pw@{urlsplit(uri).netloc.partition('@')[2]}/?authSource=admin"
            found = ask_doctor(servers.data_dir, CRM_MONGODB_URI=place)
        finally:
            client.admin.command("dropUser", "looked-at")
            client.admin.command("dropRole", "looked-at")
    assert found.status("mongodb") == "ok"
    assert words in found.words("mongodb")
