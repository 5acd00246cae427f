"""Unsubscribing by the link of a message: at once, on record, and counted for its campaign."""

from collections.abc import Mapping

import pytest

from crm_core.campaigns.unsubscribing.links import UnsubscribeLinks
from crm_core.campaigns.unsubscribing.service import Choices, Unsubscriptions
from crm_core.errors import NotFound
from crm_core.infra.streams import Stream
from crm_core.schema.suppressions import SuppressionReason
from crm_core.services import Services, build_services
from tests.actors import ASHA
from tests.conftest import TestClock
from tests.integration.campaign_rig import Rig
from tests.integration.feeding import make_entry, read_bytes, store, store_customers
from tests.workspace import set_workspace


@pytest.fixture
def readers(services: Services) -> Rig:
    """Three who can be reached by e-mail and SMS, one message a batch."""
    people = [{"id": f"c{n}", "visits": 1, "email": f"c{n}@example.com", "phone": f"+9112345{n}"} for n in range(1, 4)]
    store_customers(services, *people)
    return Rig(services, batch_size=1)


def launched(rig: Rig, **more: str) -> str:
    campaign = rig.launch(rig.draft(channel="email", subject="News", **more))
    rig.plan()
    return campaign


def sent_to(rig: Rig) -> Mapping[str, Mapping[str, str]]:
    return {message["to"]: message for message in rig.vendor.accepted.values()}


def token_in(message: Mapping[str, str]) -> str:
    return message["unsubscribe_url"].rpartition("/")[2]


def made(service: Unsubscriptions, rig: Rig, campaign: str, customer: str) -> str:
    token = rig.services.unsubscribe_links.url(campaign, customer, "email").rpartition("/")[2]
    assert service.knows(token)
    return token


def states(found: Choices) -> dict[str, bool]:
    return {each.channel.name: each.is_on for each in (found.own, *found.others)}


def test_a_sending_campaign_skips_who_unsubscribes_meanwhile(readers: Rig, services: Services) -> None:
    set_workspace(services, workspace_name="Nest", postal_address="1 High Street, London")
    campaign = launched(readers)
    readers.delivery.run_once()
    (first,) = sent_to(readers).values()
    assert first["body"].endswith(f"--\nNest, 1 High Street, London\nUnsubscribe: {first['unsubscribe_url']}")
    services.unsubscriptions.stop(made(services.unsubscriptions, readers, campaign, "c3"))
    readers.deliver()
    assert sent_to(readers).keys() == {"c1@example.com", "c2@example.com"}
    assert readers.row(campaign, "c3")["reason"] == "no_consent"
    assert readers.counts(campaign) == {"sent": 2, "skipped": 1}


def test_it_is_on_record_as_consent_and_suppression_and_audited_without_a_name(
    readers: Rig, services: Services, clock: TestClock
) -> None:
    campaign = launched(readers)
    readers.deliver()
    token = token_in(sent_to(readers)["c1@example.com"])
    for _ in range(3):
        services.unsubscriptions.stop(token)
        clock.advance(minutes=1)
    told = services.customers.customer("c1", actor=ASHA)["consent"]["email"]
    assert told.pop("at") < clock.now
    assert told == {"state": "denied", "source": "unsubscribe page", "campaign_id": campaign}
    kept = services.suppressions.of_one("c1")["email"]
    assert (kept["reason"], kept["source"]) == ("unsubscribed", f"campaign:{campaign}")
    assert services.suppressions.among([], ["c1@example.com"], "email").keys.keys() == {"c1@example.com"}, (
        "whoever has it"
    )
    entries = list(services.db.audit.find({"actor_id": "unsubscribe_page"}).sort("_id", 1))
    assert [each["action"] for each in entries] == ["consent.change", "suppression.add"]
    assert [each["target"] for each in entries] == [
        services.pseudonyms.of(whom) for whom in ("c1", "email:c1@example.com")
    ]
    assert entries[0]["details"] == {"channel": "email", "consent": "denied", "campaign": campaign}


def test_a_campaign_counts_whom_it_lost_each_once_and_not_whom_it_did_not(readers: Rig, services: Services) -> None:
    campaign = launched(readers)
    readers.deliver()
    tokens = {to: token_in(message) for to, message in sent_to(readers).items()}
    service = services.unsubscriptions
    for token in [*tokens.values(), *tokens.values()]:
        service.stop(token)
    service.stop(tokens["c1@example.com"], "sms")
    assert services.message_log.stats(campaign).unsubscribed == 3
    service.allow(tokens["c1@example.com"])
    service.allow(tokens["c1@example.com"])
    assert services.message_log.stats(campaign).unsubscribed == 2
    assert "unsubscribed_at" not in readers.row(campaign, "c1")
    assert readers.counts(campaign) == {"sent": 3}


def test_who_unsubscribes_long_after_the_end_is_counted_with_the_other_figures(
    readers: Rig, services: Services, clock: TestClock
) -> None:
    campaign = launched(readers)
    readers.finish(clock)
    token = token_in(sent_to(readers)["c1@example.com"])
    for act, expected in ((lambda _: None, 0), (services.unsubscriptions.stop, 1), (services.unsubscriptions.allow, 0)):
        clock.advance(days=3)
        act(token)
        clock.advance(seconds=2)
        services.campaign_counter.run_once()
        found = services.campaigns.get(campaign)
        assert "counts_due" not in found
        assert services.figures.stats(found, actor=ASHA).value.unsubscribed == expected


def test_the_way_back_leads_to_where_the_next_campaign_writes_again(readers: Rig, services: Services) -> None:
    launched(readers)
    readers.deliver()
    token = token_in(sent_to(readers)["c1@example.com"])
    service = services.unsubscriptions
    assert states(service.stop(token)) == {"email": False, "in_app": True, "sms": True, "whatsapp": True}
    assert states(service.stop(token, "sms")) == {"email": False, "in_app": True, "sms": False, "whatsapp": True}
    assert states(service.allow(token)) == {"email": True, "in_app": True, "sms": False, "whatsapp": True}
    readers.vendor.accepted.clear()
    launched(readers)
    readers.deliver()
    assert "c1@example.com" in sent_to(readers)


@pytest.mark.parametrize("reason", ["manual", "complaint"])
def test_what_somebody_else_has_stopped_is_not_lifted_by_the_link(
    readers: Rig, services: Services, reason: SuppressionReason
) -> None:
    campaign = launched(readers)
    services.suppressions.add("c1", "email", reason=reason, actor=ASHA)
    service = services.unsubscriptions
    token = made(service, readers, campaign, "c1")
    service.stop(token)
    found = service.allow(token).own
    assert (found.consent, found.is_on, found.may_change) == ("granted", False, False)
    assert services.suppressions.of(["c1"])["c1"]["email"]["reason"] == reason


def test_what_records_said_before_does_not_undo_it_and_what_they_say_later_does(
    readers: Rig, services: Services, clock: TestClock
) -> None:
    campaign = launched(readers)
    granted = {"id": "c1", "consent": {"email": "granted"}}
    services.unsubscriptions.stop(made(services.unsubscriptions, readers, campaign, "c1"))
    store(services, [make_entry(Stream.CUSTOMERS, granted, at=clock.now)])
    assert services.customers.customer("c1", actor=ASHA)["consent"]["email"]["state"] == "denied"
    before = read_bytes(services)
    services.unsubscriptions.stop(made(services.unsubscriptions, readers, campaign, "c1"))
    assert read_bytes(services) == before
    clock.advance(seconds=1)
    store(services, [make_entry(Stream.CUSTOMERS, granted, at=clock.now)])
    assert services.customers.customer("c1", actor=ASHA)["consent"]["email"]["state"] == "granted"


def test_it_holds_although_the_clock_of_the_streams_is_ahead(
    readers: Rig, services: Services, clock: TestClock
) -> None:
    campaign = launched(readers)
    ahead = make_entry(Stream.CUSTOMERS, {"id": "c1", "consent": {"email": "granted"}}, at=clock.now)
    clock.advance(minutes=-2)
    store(services, [ahead])
    services.unsubscriptions.stop(made(services.unsubscriptions, readers, campaign, "c1"))
    assert services.customers.customer("c1", actor=ASHA)["consent"]["email"]["state"] == "denied"


def test_links_of_previews_and_rehearsals_unsubscribe_nobody(
    readers: Rig, services: Services, clock: TestClock
) -> None:
    campaign = services.campaigns.get(readers.draft(channel="email", subject="News"))
    result = services.rehearsal_under(readers.rules).run(campaign, clock.now, lambda _: None, lambda: False)
    token = result.tally.examples[None][0]["body"].rpartition("/")[2]
    before = read_bytes(services)
    assert services.unsubscriptions.choices(token).is_sample
    assert services.unsubscriptions.stop(token).is_sample
    assert services.unsubscriptions.allow(token, "sms").is_sample
    assert read_bytes(services) == before


def test_links_outlive_a_restart_and_are_of_this_workspace_and_of_who_is_kept(readers: Rig, services: Services) -> None:
    campaign = launched(readers)
    token = made(services.unsubscriptions, readers, campaign, "c1")
    again = build_services(services.settings, clock=services.clock)
    assert again.unsubscriptions.choices(token) == services.unsubscriptions.choices(token)
    again.close()
    elsewhere = UnsubscribeLinks(key=b"x" * 32, is_sample=False).url(campaign, "c1", "email").rpartition("/")[2]
    services.db.customers.delete_one({"_id": "c2"})
    for wrong in ("", "nonsense1", elsewhere, made(services.unsubscriptions, readers, campaign, "c2")):
        for ask in (services.unsubscriptions.choices, services.unsubscriptions.stop, services.unsubscriptions.allow):
            with pytest.raises(NotFound):
                ask(wrong)
    with pytest.raises(NotFound):
        services.unsubscriptions.stop(token, "no_channel")
