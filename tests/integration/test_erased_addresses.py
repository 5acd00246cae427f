"""An erased address is nowhere to be read, and whoever said no there still gets nothing, under any new id."""

import pytest

from crm_core.access.permissions import Role
from crm_core.audience.eligibility import Reason, eligibility
from crm_core.audience.snapshot.keeper import Status
from crm_core.errors import Forbidden
from crm_core.infra.atomic import in_transaction
from crm_core.services import Services
from tests.actors import ASHA, person
from tests.conftest import TestClock
from tests.integration.campaign_rig import HAS_VISITED, Rig
from tests.integration.feeding import store_customers


def erase(services: Services, customer_id: str) -> None:
    in_transaction(
        services.db,
        lambda session: services.address_erasure.drop_addresses(customer_id, session, actor=ASHA),
    )
    services.db.customers.delete_one({"_id": customer_id})


def reason(services: Services, customer_id: str, channel: str) -> Reason | None:
    person_ = services.recipients.read([customer_id], channel, None, services.clock())[customer_id]
    return eligibility(person_, channel, services.policy, services.clock())


def test_a_no_outlives_the_erasure_of_the_address(services: Services, clock: TestClock) -> None:
    denied = {"email": "Gone@x.io", "phone": "+49 30 123456", "consent": {"email": "denied"}, "visits": 1}
    store_customers(services, {"id": "old", **denied})
    rig = Rig(services)
    rig.launch(rig.draft(channel="sms"))
    rig.finish(clock)
    services.suppressions.add_address("sms", "+49 30 123456", reason="complaint", actor=ASHA)
    services.suppressions.add("old", "in_app", reason="manual", actor=ASHA)
    erase(services, "old")
    everything = str([*services.db.suppressions.find(), *services.db.messages.find({}, {"text": 0})])
    assert not [each for each in ("gone@x.io", "4930123456") if each in everything]
    store_customers(
        services, {"id": "new", "email": "gone@X.io", "phone": "0049 30 123456", "country": "DE", "visits": 1}
    )
    assert [reason(services, "new", channel) for channel in ("email", "sms", "whatsapp", "in_app")] == [
        Reason.SUPPRESSED,
        Reason.SUPPRESSED,
        None,
        None,
    ]
    assert services.suppressions.of_one("new").keys() == {"email", "sms"}
    services.snapshot.start()
    services.snapshot.wait_until(lambda state: state.status is Status.READY, 20)
    found = services.previews.in_memory(HAS_VISITED, actor=ASHA, is_fresh=True)
    assert found
    assert found.deliverable
    counts = {channel: found.deliverable[channel].count for channel in ("email", "sms", "whatsapp")}
    assert counts == {"email": 0, "sms": 0, "whatsapp": 1}


def test_an_address_that_somebody_else_has_stays_readable_and_suppressed(services: Services) -> None:
    store_customers(services, {"id": "old", "email": "a@x.io"}, {"id": "other", "email": "A@x.io"})
    services.suppressions.add_address("email", "a@x.io", reason="manual", actor=ASHA)
    erase(services, "old")
    assert services.db.suppressions.find_one({"_id": "@email:a@x.io"})
    assert reason(services, "other", "email") is Reason.SUPPRESSED


def test_only_admins_erase(services: Services) -> None:
    store_customers(services, {"id": "old"})
    with pytest.raises(Forbidden):
        in_transaction(
            services.db,
            lambda session: services.address_erasure.drop_addresses("old", session, actor=person("m", Role.MARKETER)),
        )
