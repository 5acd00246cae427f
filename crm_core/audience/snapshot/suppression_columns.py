"""Which customers are suppressed, and for which reasons: they are few, so that only they take room."""

from array import array
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import product
from typing import Any, TypeAlias

import numpy as np

from crm_core.audience.reach import LAYOUT, Facts, has
from crm_core.audience.snapshot.shard import Shard, SuppressedRows
from crm_core.channels.registry import CHANNELS
from crm_core.rules.engines.columns import Mask
from crm_core.schema.suppressions import REASONS

SUPPRESSION_PLACES: Mapping[tuple[str, str], int] = {each: n for n, each in enumerate(product(CHANNELS, REASONS))}
"""By channel and reason."""
ByChannel: TypeAlias = Mapping[str, Collection[str]]
"""The reasons of suppressions."""
NOTHING: ByChannel = {}
ANY = sum(LAYOUT.suppressed.values())


class SuppressionColumns:
    def __init__(self) -> None:
        self._size = 0
        self._rows, self._places = array("i"), array("h")

    def add(
        self,
        customers: Sequence[Mapping[str, Any]],
        facts: Facts,
        own: Mapping[str, ByChannel],
        of_entries: Mapping[str, ByChannel],
    ) -> None:
        """facts: of encode_reach. own: by customer id. of_entries: by entry of ``address_keys``."""
        for row in np.flatnonzero(has(facts, ANY)).tolist():
            customer = customers[row]
            entries = (of_entries.get(entry, NOTHING) for entry in customer.get("address_keys", ()))
            for place in _places([own.get(customer["_id"], NOTHING), *entries]):
                self._rows.append(self._size + row)
                self._places.append(place)
        self._size += len(customers)

    def finish(self) -> SuppressedRows:
        return SuppressedRows(np.array(self._rows, dtype=np.int32), np.array(self._places, dtype=np.int16))


def _places(told: Iterable[ByChannel]) -> set[int]:
    """Without channels that are no more."""
    found = {(channel, reason) for each in told for channel, reasons in each.items() for reason in reasons}
    return {SUPPRESSION_PLACES[each] for each in found if each in SUPPRESSION_PLACES}


def suppressed_mask(shard: Shard, channel: str, reason: str | None) -> Mask:
    """Who has such a suppression, or has an address that has; of what is said of others with it nothing."""
    wanted = [SUPPRESSION_PLACES[channel, each] for each in ([reason] if reason else REASONS)]
    held = shard.suppressed
    found = np.zeros(shard.size, dtype=bool)
    found[held.rows[np.isin(held.places, wanted)]] = True
    return found
