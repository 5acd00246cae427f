"""The channels, each listed once: whatever depends on channels asks here."""

from collections.abc import Iterator, Mapping
from typing import Any, Self

from crm_core.channels.channel import Channel
from crm_core.channels.e_mail import EMAIL
from crm_core.channels.in_app import IN_APP
from crm_core.channels.push import PUSH
from crm_core.channels.sms import SMS
from crm_core.channels.whatsapp import WHATSAPP
from crm_core.errors import InvalidInput


class Channels(Mapping[str, Channel]):
    """By name, in the order in which people see them. Raises ValueError for two of one name."""

    def __init__(self, *channels: Channel) -> None:
        self._channels = {channel.name: channel for channel in channels}
        if len(self._channels) < len(channels):
            raise ValueError("two channels have the same name")
        self._by_address = {channel.address: channel for channel in reversed(channels) if channel.address}

    def __getitem__(self, name: str) -> Channel:
        return self._channels[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._channels)

    def __len__(self) -> int:
        return len(self._channels)

    @property
    def addresses(self) -> tuple[str, ...]:
        """Where addresses stand in a customer's record, each once."""
        return tuple(dict.fromkeys(channel.address for channel in self.values() if channel.address))

    def address_keys(self, customer: Mapping[str, Any], default_country: str | None) -> list[str]:
        """The keys of a customer's addresses, each behind where the address stands: ``email:asha@example.com``."""
        channels = self._by_address.values()  # those of one address make the same key
        return sorted(each.entry(key) for each in channels if (key := each.address_key(customer, default_country)))

    def named(self, name: Any) -> Channel:
        """Raises InvalidInput."""
        if not isinstance(name, str) or name not in self._channels:
            raise InvalidInput(f"There is no channel {str(name)!r}; allowed are {', '.join(self)}.", field="channel")
        return self._channels[name]

    def label(self, name: str) -> str:
        """For people; of a channel that is no more, its name."""
        return self._channels[name].label if name in self._channels else name

    def extended(self, *more: Channel) -> Self:
        return type(self)(*self.values(), *more)


CHANNELS = Channels(IN_APP, EMAIL, SMS, WHATSAPP, PUSH)
DEFAULT_CHANNEL = IN_APP.name
"""Of a campaign that names none."""
