"""What ClientNest's users may do in the two servers.

In MongoDB: read all, write all but the audit log, to which it only adds. In Valkey: read and write every key.
"""

from crm_core.infra.mongo import COLLECTIONS, Doc

APP_ROLE = "clientnestApp"
APPEND_ONLY = ("audit",)
"""Who may make an index here could make one that deletes entries by their age: an administrator makes these."""
CHANGES = frozenset({"update", "remove", "dropCollection", "createIndex", "collMod", "anyAction"})
"""Actions that could take an entry away."""
ADD = ("insert", "listIndexes")
WRITE = ("insert", "update", "remove", "createIndex", "listIndexes")
READ = ("find", "changeStream")
APP_RIGHTS = "resetchannels ~* +@all -@admin -@dangerous -@pubsub -function -script|flush -script|kill +info"
"""In Valkey's words: no settings, users, other databases' or servers' data, nothing that empties, stops or lists the
server; INFO for ``doctor``."""


def app_privileges(database: str) -> list[Doc]:
    """The role's privileges on ``database``; ``""`` is any. Source: MongoDB manual, "Privilege Actions".

    A privilege on a whole database would hold for the audit log too, so each collection is named.
    """
    writes = {name: ADD if name in APPEND_ONLY else WRITE for name in COLLECTIONS}
    return [_privilege(database, "", READ), *(_privilege(database, name, actions) for name, actions in writes.items())]


def _privilege(database: str, collection: str, actions: tuple[str, ...]) -> Doc:
    return {"resource": {"db": database, "collection": collection}, "actions": list(actions)}
