"""The one reader of the workspace's settings: whoever needs one asks it each time, and keeps no copy."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import structlog
from pydantic import ValidationError

from crm_core.errors import InvalidInput
from crm_core.infra.mongo import Db, Doc, translated
from crm_core.infra.remembered import Remembered
from crm_core.workspace.model import WorkspaceSettings
from crm_core.workspace.rows import faults_of, variable_of

REMEMBERED_S = 1.0
"""A change is followed within twice that, also by what reads it once a second."""
SETTINGS_ID = "settings"
"""Of the one document: ``values`` that differ from the defaults, and once amounts are stored ``amounts_in``, their
currency."""

Model = TypeVar("Model", bound=WorkspaceSettings)
log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True)
class KnownSettings(Generic[Model]):
    """settings: those in force. stored: names of those that somebody changed. amounts_in: the currency of the stored
    amounts, None while there are none."""

    settings: Model
    stored: frozenset[str]
    amounts_in: str | None


class Workspace(Generic[Model]):
    """locked: the values of the environment."""

    def __init__(self, db: Db, model: type[Model], locked: Mapping[str, Any]) -> None:
        self.model = model
        self.locked = locked
        self._documents = db.workspace
        self._remembered = Remembered(self._read, for_s=REMEMBERED_S)

    def current(self) -> Model:
        """The settings in force, at most a second old; during an outage of the database those known last.

        Raises Unavailable when they were never read.
        """
        return self._remembered.get().settings

    def remembered(self) -> Model | None:
        """The same for code that may not wait; None if this caller is to ask for ``current`` beside it."""
        known = self._remembered.claim()
        return known.settings if known else None

    def known(self) -> KnownSettings[Model]:
        """With where they come from, read now. Raises Unavailable."""
        self._remembered.forget()
        known = self._remembered.get()
        if self._remembered.failure:
            raise self._remembered.failure
        return known

    @property
    def is_away(self) -> bool:
        """Whether the database did not answer when it was last asked."""
        return self._remembered.failure is not None

    def digits(self) -> int:
        """Minor digits of the currency."""
        return self.current().currency_digits

    def forget(self) -> None:
        """Somebody has changed them."""
        self._remembered.forget()

    def _read(self) -> KnownSettings[Model]:
        with translated():
            document: Doc = self._documents.find_one({"_id": SETTINGS_ID}) or {}
        amounts_in = document.get("amounts_in")
        stored = _sound_part(self.model, document.get("values", {}))
        fixed = {"currency": amounts_in} if amounts_in else {}
        return KnownSettings(
            self.model.model_validate({**stored, **self.locked, **fixed}), frozenset(stored), amounts_in
        )


def read_environment(model: type[WorkspaceSettings], environment: Mapping[str, str]) -> dict[str, Any]:
    """The settings that ``environment`` locks. Raises InvalidInput that names each variable that is wrong."""
    variables = {name.upper(): value for name, value in environment.items() if value}
    given = {name: variables[variable_of(name)] for name in model.model_fields if variable_of(name) in variables}
    try:
        checked = model.model_validate(given)
    except ValidationError as exc:
        faults = "; ".join(f"{variable_of(name)}: {fault}" for name, fault in faults_of(exc))
        raise InvalidInput(f"A setting is wrong. {faults}") from None
    return {name: getattr(checked, name) for name in given}


def _sound_part(model: type[WorkspaceSettings], values: Doc) -> Doc:
    """Without what this version does not know or allow: one value must not take the others with it."""
    known = {name: value for name, value in values.items() if name in model.model_fields}
    try:
        model.model_validate(known)
    except ValidationError as exc:
        wrong = {name for name, _ in faults_of(exc)}
        log.warning("stored settings left out", settings=sorted(wrong))
        return {name: value for name, value in known.items() if name not in wrong}
    return known
