"""What an upgrade is: collections that are walked by id, batch after batch, and what is done once after that."""

from collections.abc import Callable
from dataclasses import dataclass

from crm_core.infra.mongo import Db, Doc


@dataclass(frozen=True)
class Walk:
    """change: brings the documents of one range of ids forward, those that its query finds; repeating it is harmless,
    since a process that is killed after a batch has not noted it yet."""

    collection: str
    change: Callable[[Db, Doc], None]


@dataclass(frozen=True)
class Upgrade:
    """title: what is brought forward, as people read it. finish: done after the walks; repeating it is harmless."""

    title: str
    walks: tuple[Walk, ...] = ()
    finish: Callable[[Db], None] | None = None


def walk(collection: str, query: Doc, change: Doc | list[Doc]) -> Walk:
    """One that updates what ``query`` finds."""

    def update(db: Db, ids: Doc) -> None:
        db[collection].update_many({**query, **ids}, change)

    return Walk(collection, update)
