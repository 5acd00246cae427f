"""A pytest plugin: channels that do not exist, added to the registry before anything else reads it.

``pytest -p tests.recipes.made_up_channels``. MADE_UP_CHANNELS: how many.
"""

import os

from crm_core.channels import registry
from crm_core.channels.channel import Channel, ConsentShares, FailureMeaning, Preview, Subject


def _cut(body: str, subject: str | None) -> Preview:
    return Preview(body[:20], subject, ("A pager shows 20 characters.",))


PAGER = Channel(
    name="pager",
    label="Pager",
    icon="sensors",
    address="attributes.pager_number",
    address_words="a pager number",
    subject=Subject("Headline", is_required=False),
    preview=_cut,
    failures={"out_of_range": FailureMeaning.INVALID_ADDRESS},
    demo_consent=ConsentShares(granted=0.5, denied=0.25),
)
FAX = Channel("fax", "Fax", "fax", "attributes.fax_number", "a fax number")
VOICE = Channel("voice", "Phone call", "call", "phone", "a phone number")
KIOSK = Channel("kiosk", "Kiosk", "storefront", None, "no contact detail")
MORE = [
    Channel(f"device_{number}", f"Device {number}", "devices", f"attributes.device_{number}", "a device")
    for number in range(6)
]

registry.CHANNELS = registry.CHANNELS.extended(
    *[PAGER, FAX, VOICE, KIOSK, *MORE][: int(os.environ["MADE_UP_CHANNELS"])]
)
