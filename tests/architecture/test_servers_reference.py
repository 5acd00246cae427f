"""docs/servers.md has the rights that the embedded servers give the app's users."""

import json
from pathlib import Path

from crm_core.infra.app_role import APP_RIGHTS, APP_ROLE, app_privileges

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "servers.md"


def role_script() -> str:
    """The privileges, those with the same actions on one line."""
    collections: dict[str, list[str]] = {}
    for privilege in app_privileges("clientnest"):
        collections.setdefault(json.dumps(privilege["actions"]), []).append(privilege["resource"]["collection"])
    rows = "\n".join(f"  ...allow({json.dumps(names)},\n    {actions})," for actions, names in collections.items())
    return (
        'const database = "clientnest"\n'
        "const allow = (names, actions) => names.map(name => ({resource: {db: database, collection: name}, actions}))\n"
        f'db.getSiblingDB("admin").createRole({{role: "{APP_ROLE}", roles: [], privileges: [\n{rows}\n]}})\n'
        f'db.getSiblingDB("admin").createUser({{user: "clientnest", pwd: passwordPrompt(), roles: ["{APP_ROLE}"]}})'
    )


def test_the_document_has_the_role_of_the_app() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert f"```javascript\n{role_script()}\n```" in text
    assert f"ACL SETUSER clientnest on >password {APP_RIGHTS}\n" in text
