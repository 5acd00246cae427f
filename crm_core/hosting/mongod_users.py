"""The users of the embedded MongoDB: an administrator for the start alone, and the app's own with the app's rights."""

from typing import Any

from pymongo import MongoClient
from pymongo.errors import OperationFailure

from crm_core.hosting.folder import Secrets, UnusableFolder
from crm_core.infra.app_role import APP_ROLE, app_privileges

ADMINISTRATOR = "clientnest-admin"
APP_USER = "clientnest"
_UNAUTHORIZED, _USER_NOT_FOUND, _AUTHENTICATION_FAILED, _ROLE_NOT_FOUND = 13, 11, 18, 31
"""MongoDB's error codes."""

Client = MongoClient[dict[str, Any]]


def is_refused_login(error: OperationFailure) -> bool:
    return error.code == _AUTHENTICATION_FAILED


def create_administrator(client: Client, secrets: Secrets) -> None:
    """client: that of an administrator, or without a login while there is no user. Raises UnusableFolder."""
    try:
        client.admin.command("createUser", ADMINISTRATOR, pwd=secrets.mongodb_admin_password, roles=["root"])
    except OperationFailure as exc:  # there are users already, whose passwords are others
        raise wrong_passwords() from exc


def ensure_app_user(client: Client, secrets: Secrets, database: str) -> None:
    """The app's user has the rights of this version on ``database``, whatever it had. client: the administrator's."""
    _set(client, "Role", _ROLE_NOT_FOUND, APP_ROLE, privileges=app_privileges(database), roles=[])
    _set(client, "User", _USER_NOT_FOUND, APP_USER, pwd=secrets.mongodb_password, roles=[APP_ROLE])


def wrong_passwords() -> UnusableFolder:
    return UnusableFolder(
        "The database in the data folder has another password than its secrets.json. Put back the secrets.json "
        "that belongs to it, or set CRM_DATA_DIR to a new folder to start empty."
    )


def is_unauthorized(error: OperationFailure) -> bool:
    return error.code == _UNAUTHORIZED


def _set(client: Client, kind: str, missing: int, name: str, **values: Any) -> None:
    try:
        client.admin.command(f"update{kind}", name, **values)
    except OperationFailure as exc:
        if exc.code != missing:
            raise
        client.admin.command(f"create{kind}", name, **values)
