"""What holds for an address holds for whoever has it, in any spelling: preview, single decision and sender agree."""

from collections import Counter
from typing import Any

import pytest

from crm_core.audience.eligibility import eligibility
from crm_core.audience.snapshot.keeper import Status
from crm_core.rules.tree import EVERYONE
from crm_core.schema.message_states import MessageState
from crm_core.services import Services
from tests.actors import ASHA
from tests.integration.campaign_rig import Rig, receipt
from tests.integration.feeding import store_customers
from tests.workspace import set_workspace


@pytest.fixture
def rig(services: Services) -> Rig:
    """Of a workspace in the United States, with a preview."""
    set_workspace(services, default_country="US")
    services.snapshot.start()
    services.snapshot.wait_until(lambda state: state.status is Status.READY, 20)
    return Rig(services)


def join(rig: Rig, **fields: dict[str, Any]) -> None:
    store_customers(rig.services, *({"id": who, "visits": 1, **values} for who, values in fields.items()))


def mail(rig: Rig, channel: str) -> str:
    """A campaign to everybody, to its last message."""
    campaign = rig.launch(rig.draft(channel=channel, subject="s" if channel == "email" else None))
    rig.plan()
    rig.deliver()
    return campaign


def refused(rig: Rig, channel: str) -> dict[str, str]:
    """Customer to reason, of those who would get nothing now: decided one by one, as the preview counts them."""
    services = rig.services
    policy, now = services.policy, services.clock()
    ids = [row["_id"] for row in services.db.customers.find({}, ["_id"])]
    people = services.recipients.read(ids, channel, policy.cap, now)
    found = {
        who: str(reason) for who, person in people.items() if (reason := eligibility(person, channel, policy, now))
    }
    preview = services.previews.in_memory(EVERYONE, actor=ASHA, is_fresh=True)
    assert preview
    assert preview.deliverable
    counted = {str(reason): count for reason, count in preview.deliverable[channel].reasons.items() if count}
    counted.pop("same_address", None)
    assert counted == Counter(found.values())
    return found


def skipped(rig: Rig, campaign: str) -> dict[str, str]:
    rows = rig.services.db.messages.find({"campaign_id": campaign, "rank": MessageState.SKIPPED.rank})
    return {row["customer_id"]: row["reason"] for row in rows}


def test_a_complaint_keeps_every_later_message_from_the_address(rig: Rig) -> None:
    join(rig, ann={"email": "ann@x.io"}, bob={"email": "bob@x.io"})
    first = mail(rig, "email")
    rig.receive(receipt(first, "ann", "failed", reason="marked_as_spam"))
    join(rig, eve={"email": "Ann@X.io"})
    assert refused(rig, "email") == {"ann": "suppressed", "eve": "suppressed"}
    assert skipped(rig, mail(rig, "email")) == {"ann": "suppressed", "eve": "suppressed"}
    assert rig.vendor.asked == {"ann@x.io": 1, "bob@x.io": 2}


def test_a_phone_number_is_one_address_in_all_spellings(rig: Rig) -> None:
    """Whoever has it, what was said under one spelling holds under the others."""
    join(rig, ann={"phone": "(415) 555-0154"}, bob={"phone": "+1 415 555 0154"}, eve={"phone": "(212) 555-0101"})
    assert skipped(rig, mail(rig, "sms")) == {"bob": "same_address"}
    assert rig.vendor.asked == {"(415) 555-0154": 1, "(212) 555-0101": 1}
    rig.services.suppressions.add_address("sms", "+1 212-555-0101", reason="manual", actor=ASHA)
    join(rig, joe={"phone": "415-555-0154 ext. 12", "consent": {"sms": "denied"}})
    said = {"ann": "no_consent", "bob": "no_consent", "joe": "no_consent", "eve": "suppressed"}
    assert refused(rig, "sms") == said
    assert skipped(rig, mail(rig, "sms")) == said


def test_the_cap_holds_for_an_address_as_well_as_for_a_customer(rig: Rig) -> None:
    set_workspace(rig.services, frequency_cap=1)
    join(rig, ann={"phone": "(415) 555-0154"}, bob={"phone": "+1 415 555 0154"}, eve={"phone": "(212) 555-0101"})
    assert skipped(rig, mail(rig, "sms")) == {"bob": "same_address"}
    capped = dict.fromkeys(("ann", "bob", "eve"), "frequency_cap")
    assert refused(rig, "sms") == capped, "nothing was sent to bob, but to his number"
    assert skipped(rig, mail(rig, "sms")) == capped
    assert set(rig.vendor.asked.values()) == {1}
