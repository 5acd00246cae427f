"""Test messages and the vendor's health: as one customer would get them, at once, and without a trace in the log."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from pydantic import SecretStr

from crm_core.access.permissions import Role
from crm_core.campaigns.model import Campaign
from crm_core.errors import Conflict, Forbidden, InvalidInput, NotFound, Unavailable
from crm_core.services import Services, build_services
from tests.actors import ASHA, BEN, person
from tests.conftest import TestClock
from tests.integration.campaign_rig import Rig
from tests.integration.feeding import store_customers
from tests.integration.vendor_program import SECRET, Receiver, VendorProgram, free_port, wait_until
from tests.workspace import set_workspace

TO = "me@example.com"
MESSAGE = "Hi {{ customer.first_name }}, you spent {{ customer.total_spend | money }}"


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    receiver = Receiver().start()
    yield receiver
    receiver.stop()


@pytest.fixture(scope="module")
def vendor(tmp_path_factory: pytest.TempPathFactory, receiver: Receiver) -> Iterator[VendorProgram]:
    running = VendorProgram(tmp_path_factory.mktemp("vendor") / "vendor.sqlite", receiver.url).start()
    yield running
    running.kill()


@pytest.fixture
def desk(services: Services, vendor: VendorProgram) -> Iterator[Services]:
    """Services that know the vendor, with a customer who told everything and one who told nothing."""
    asha = {"id": "c1", "first_name": "Asha", "total_spend": 12.5, "email": "asha@example.com"}
    store_customers(services, asha, {"id": "c2"})
    with with_vendor(services, vendor.port) as made:
        yield made


@contextmanager
def with_vendor(services: Services, port: int) -> Iterator[Services]:
    url = f"http://127.0.0.1:{port}"
    settings = services.settings.with_servers(vendor_url=url, vendor_secret=SecretStr(SECRET))
    made = build_services(settings, clock=services.clock)
    try:
        yield made
    finally:
        made.audit_counts.close()
        made.close()


def drafted(services: Services, **fields: Any) -> Campaign:
    base: dict[str, Any] = {"name": "June", "channel": "email", "message": MESSAGE, "subject": "For {{ customer.id }}"}
    return services.campaigns.begin(actor=ASHA, **{**base, **fields})


def at_vendor(vendor: VendorProgram, campaign: Campaign) -> list[dict[str, Any]]:
    found = vendor.get(f"/v1/messages?campaign=test:{campaign['_id']}")["messages"]
    return sorted(found, key=lambda message: message["body"])


def test_each_variant_is_sent_at_once_as_the_customer_would_get_it(
    desk: Services, vendor: VendorProgram, receiver: Receiver
) -> None:
    set_workspace(desk, workspace_name="Nest")
    variants = [{"name": "A", "message": "A {{ customer.first_name }}"}, {"name": "B", "subject": "B"}]
    campaign = drafted(desk, variants=variants)
    sent = desk.test_sends.send(campaign, ["A", "B"], to=f" {TO} ", customer_id="c1", actor=ASHA)
    assert (sent.to, [each.variant for each in sent.messages]) == (TO, ["A", "B"])
    got = at_vendor(vendor, campaign)
    assert [(each["subject"], each["body"].partition("\n")[0]) for each in got] == [
        ("[Test] For c1", "A Asha"),
        ("[Test] B", "Hi Asha, you spent $12.50"),
    ]
    assert {each["key"].rpartition(":")[0] for each in got} == {f"test:{campaign['_id']}"}
    assert {each["id"] for each in got} == {each.answer.vendor_id for each in sent.messages}
    assert [each.rendered.body for each in sent.messages] == [each["body"] for each in got]
    again = desk.test_sends.send(campaign, ["A"], to=TO, customer_id="c1", actor=ASHA)
    assert again.messages[0].answer.vendor_id not in {each["id"] for each in got}
    entries = list(desk.db.audit.find({"action": "campaign.test"}).sort("_id", 1))
    assert entries[0]["details"] == {
        "name": "June",
        "channel": "email",
        "messages": 2,
        "to": desk.pseudonyms.of(TO),
    }
    wait_until(lambda: any(each["key"] == got[0]["key"] for each in receiver.receipts()), "the receipt")
    told = [each for each in receiver.receipts() if each["key"].startswith("test:")]
    Rig(desk).receive(*told)
    assert desk.db.messages.count_documents({}) == 0


def test_the_link_of_a_test_message_unsubscribes_nobody(desk: Services, vendor: VendorProgram) -> None:
    campaign = drafted(desk)
    desk.test_sends.send(campaign, to=TO, customer_id="c1", actor=ASHA)
    (got,) = at_vendor(vendor, campaign)
    assert got["body"].endswith(f"\nUnsubscribe: {got['unsubscribe_url']}")
    assert desk.unsubscriptions.stop(got["unsubscribe_url"].rpartition("/")[2]).is_sample
    assert desk.customers.customer("c1", actor=ASHA).get("consent") is None


@pytest.mark.parametrize(
    ("channel", "to", "words"),
    [
        ("email", "asha.example.com", "E-mail needs an e-mail address, not 'asha.example.com'"),
        ("email", "a@example.com, b@example.com", "E-mail needs an e-mail address"),
        ("sms", "me@example.com", "SMS needs a phone number"),
        ("sms", "0151 2345678", "SMS needs a phone number"),  # of which country?
        ("in_app", " ", "In-app needs the id of a customer"),
        ("push", "x" * 255, "Push needs a device token"),
    ],
)
def test_an_address_that_the_channel_has_not_is_refused(desk: Services, channel: str, to: str, words: str) -> None:
    campaign = drafted(desk, channel=channel, subject=None)
    with pytest.raises(InvalidInput, match=words):
        desk.test_sends.send(campaign, to=to, customer_id="c1", actor=ASHA)
    assert desk.db.audit.count_documents({"action": "campaign.test"}) == 0


def test_a_number_of_the_workspace_s_country_needs_no_calling_code(desk: Services, vendor: VendorProgram) -> None:
    set_workspace(desk, default_country="DE")
    campaign = drafted(desk, channel="sms", subject=None)
    sent = desk.test_sends.send(campaign, to="0151 23456789", customer_id="c1", actor=ASHA)
    assert sent.messages[0].answer.reason is None
    assert at_vendor(vendor, campaign)[0]["channel"] == "sms"


def test_what_cannot_be_sent_is_refused_with_the_reason(desk: Services) -> None:
    empty = drafted(desk, message="{{ customer.city }}")
    for campaign, customer, error, words in (
        (empty, "c1", InvalidInput, "cannot be sent to this customer: the message is empty"),
        (drafted(desk, message=None), "c1", InvalidInput, "the message is empty"),
        (drafted(desk), "nobody", NotFound, "nobody"),
    ):
        with pytest.raises(error, match=words):
            desk.test_sends.send(campaign, to=TO, customer_id=customer, actor=ASHA)
    with pytest.raises(Forbidden):
        desk.test_sends.send(drafted(desk), to=TO, customer_id="c1", actor=person("ann", Role.ANALYST))


def test_a_user_sends_ten_tests_a_minute_and_others_theirs(desk: Services) -> None:
    campaign = drafted(desk)
    for _ in range(10):
        desk.test_sends.send(campaign, to=TO, customer_id="c1", actor=ASHA)
    with pytest.raises(Conflict, match="10 tests within a minute"):
        desk.test_sends.send(campaign, to=TO, customer_id="c1", actor=ASHA)
    assert desk.test_sends.send(campaign, to=TO, customer_id="c1", actor=BEN).messages


def test_a_vendor_that_refuses_or_is_away_is_said(desk: Services, vendor: VendorProgram) -> None:
    campaign = drafted(desk)
    refused = desk.test_sends.send(campaign, to="invalid@example.com", customer_id="c1", actor=ASHA)
    assert refused.messages[0].answer.reason == "invalid_recipient"
    with (
        with_vendor(desk, free_port()) as away,
        pytest.raises(Unavailable, match="message vendor does not answer"),
    ):
        away.test_sends.send(campaign, to=TO, customer_id="c1", actor=ASHA)


def test_the_vendor_s_health_says_since_when_it_is_so(desk: Services, vendor: VendorProgram, clock: TestClock) -> None:
    first = desk.vendor_health()
    assert (first.is_reachable, first.since, first.trouble) == (True, clock.now, None)
    clock.advance(minutes=1)
    assert desk.vendor_health().since == first.since
    vendor.behave(outage="refuse")
    out = desk.vendor_health()
    assert (out.is_reachable, out.since) == (False, clock.now)
    assert "rehearses an outage" in str(out.trouble)
    vendor.behave(outage="off")
    with with_vendor(desk, free_port()) as away:
        assert away.vendor_health().trouble == "The message vendor cannot be reached."
