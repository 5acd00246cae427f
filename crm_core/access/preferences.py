"""What somebody has chosen for their own screen. It concerns nobody else: the audit log does not tell of it."""

from enum import StrEnum
from typing import cast

from pymongo.collection import Collection

from crm_core.access.actor import Actor
from crm_core.access.model import Preferences
from crm_core.access.permissions import Permission
from crm_core.infra.mongo import Db, translated


class TourChoice(StrEnum):
    """Without one, the tour is shown until some time after its end."""

    SHOWN = "shown"
    HIDDEN = "hidden"


class OwnPreferences:
    """Each person's, kept by the id of the user. Raises Unavailable."""

    def __init__(self, db: Db) -> None:
        self._preferences = cast("Collection[Preferences]", db.preferences)

    def tour(self, *, actor: Actor) -> TourChoice | None:
        actor.require(Permission.READ_FIGURES)
        with translated():
            found = self._preferences.find_one({"_id": actor.id})
        return TourChoice(found["tour"]) if found else None

    def choose_tour(self, choice: TourChoice, *, actor: Actor) -> None:
        actor.require(Permission.READ_FIGURES)
        with translated():
            self._preferences.update_one({"_id": actor.id}, {"$set": {"tour": choice.value}}, upsert=True)
