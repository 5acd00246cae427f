"""The vendor's behaviour right now: set at its start, changed over HTTP, kept in its file."""

import json
import time
from collections.abc import Callable, Mapping

import structlog

from crm_core.vendor_behaviour import Behaviour, load_behaviour
from workers.vendor.store import VendorStore

# Names of notes in the vendor's file.
_KEPT, _START, _OUTAGE = "behaviour", "told_at_start", "outage_began"
_OF_OUTAGE = frozenset({"outage", "outage_s"})

log = structlog.stdlib.get_logger(__name__)


class LiveBehaviour:
    """The behaviour that every decision asks for. Raises InvalidInput for fields that are wrong.

    What was set over HTTP outlives a restart with the same options, which is what a supervisor does after a crash.
    A start whose options set a field to another value than the previous start wins for that field; a field that its
    options no longer set goes back to the default.
    """

    def __init__(
        self, store: VendorStore, options: Mapping[str, object], clock: Callable[[], float] = time.time
    ) -> None:
        self._store = store
        self._clock = clock
        self._kept = self._load(_KEPT)
        self._outage_began = float(store.load_note(_OUTAGE) or 0)
        fields = self._with_new_options(options)
        is_new = any(fields.get(name) != self._kept.get(name) for name in _OF_OUTAGE)
        self._keep(fields, new_outage=is_new, options=options)
        if others := {name: value for name, value in self._kept.items() if options.get(name) != value}:
            log.warning("keeps behaviour set before the start", **others)

    def change(self, fields: Mapping[str, object]) -> Behaviour:
        """Behave so from now on; other fields stay as they are, but a new outage lasts as long as it says itself."""
        named = {"outage_s": None, **fields} if "outage" in fields else fields
        self._keep({**self._kept, **named}, new_outage=not _OF_OUTAGE.isdisjoint(fields))
        return self.now

    def is_out(self) -> bool:
        """Whether an outage is on at this moment."""
        behaviour = self.now
        if behaviour.outage == "off":
            return False
        return behaviour.outage_s is None or self._clock() < self._outage_began + behaviour.outage_s

    def _with_new_options(self, options: Mapping[str, object]) -> dict[str, object]:
        before = self._load(_START)
        kept = dict(self._kept)
        for name in {**before, **options}:
            if name not in options:
                kept.pop(name, None)
            elif name not in before or before[name] != options[name]:
                kept[name] = options[name]
        if kept.get("outage") != self._kept.get("outage") and "outage_s" not in options:
            kept.pop("outage_s", None)
        return kept

    def _keep(
        self, fields: Mapping[str, object], *, new_outage: bool, options: Mapping[str, object] | None = None
    ) -> None:
        self.now = load_behaviour(fields)
        self._kept = dict(fields)
        notes = {_KEPT: json.dumps(self._kept)}
        if new_outage:
            self._outage_began = self._clock()
            notes[_OUTAGE] = repr(self._outage_began)
        if options is not None:
            notes[_START] = json.dumps(dict(options))
        self._store.save_notes(notes)

    def _load(self, name: str) -> dict[str, object]:
        fields: dict[str, object] = json.loads(self._store.load_note(name) or "{}")
        return fields
