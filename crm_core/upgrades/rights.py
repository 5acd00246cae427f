"""Whether this process's user may bring data forward. The app's own user may not: to the audit log it only adds."""

from typing import Any

from crm_core.infra.mongo import Db, translated

NEEDED = frozenset({"update", "createIndex", "dropCollection"})
NOT_ALLOWED = (
    "Nobody brings them forward, and the user in CRM_MONGODB_URI may not. Start the app once with an administrator of "
    "the database in CRM_MONGODB_URI, then with this user again."
)


def may_bring_forward(db: Db) -> bool:
    """Whether all of it can be changed, the audit log too. Source: MongoDB manual, connectionStatus."""
    with translated():
        status = db.client.admin.command("connectionStatus", showPrivileges=True)["authInfo"]
    if not status["authenticatedUsers"]:  # a server without access control
        return True
    return any(_allows(privilege, db.name) for privilege in status["authenticatedUserPrivileges"])


def _allows(privilege: dict[str, Any], database: str) -> bool:
    resource = privilege["resource"]
    covers = resource.get("db") in {"", database} and resource.get("collection") in {"", "audit"}
    return (covers or resource.get("anyResource", False)) and {*privilege["actions"]} >= NEEDED
