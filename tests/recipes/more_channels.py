"""A pytest plugin: made-up channels, put into the registry before anything else reads it.

``pytest -p tests.recipes.more_channels``. MORE_CHANNELS: how many.
"""

import os

from crm_core.channels import registry
from crm_core.channels.channel import Channel

FAX = Channel("fax", "Fax", "fax", "attributes.fax_number", "a fax number")
VOICE = Channel("voice", "Phone call", "call", "phone", "a phone number")
KIOSK = Channel("kiosk", "Kiosk", "storefront", None, "no contact detail")
DEVICES = [
    Channel(f"device_{number}", f"Device {number}", "devices", f"attributes.device_{number}", "a device")
    for number in range(7)
]

registry.CHANNELS = registry.CHANNELS.extended(*[FAX, VOICE, KIOSK, *DEVICES][: int(os.environ["MORE_CHANNELS"])])
