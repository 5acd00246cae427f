"""What one file of a channel brings about; run by the proof of its recipe, with made-up channels in the registry."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import streamlit as st
from fastapi.testclient import TestClient

from crm_core.access.scopes import Scope
from crm_core.api.app import create_api
from crm_core.audience.eligibility import Reason
from crm_core.audience.snapshot.keeper import Status
from crm_core.channels.registry import CHANNELS
from crm_core.demo.consent import ASKED
from crm_core.imports.recognising.kinds import KINDS
from crm_core.imports.recognising.targets import Target, find_target
from crm_core.infra.consumer import Consumer, ConsumerPolicy
from crm_core.infra.streams import INGESTED
from crm_core.rules.tree import EVERYONE
from crm_core.services import Services, install
from crm_core.workspace.kinds import read_rates
from tests.actors import ASHA, OPERATOR, TEST
from tests.conftest import TestClock
from tests.integration.campaign_rig import Rig
from tests.ui.builder import builder_with
from tests.ui.page import Page
from workers.vendor.wire import parse_batch

SIXTH, NINTH = "pager", "kiosk"


@pytest.fixture
def workspace(services: Services) -> Iterator[Services]:
    install(services)
    st.cache_data.clear()
    yield services
    install(None)


@pytest.fixture
def client(workspace: Services) -> Iterator[TestClient]:
    secret = workspace.keys.create("test", list(Scope), actor=OPERATOR)
    with TestClient(create_api(), headers={"Authorization": f"Bearer {secret}"}) as client:
        yield client


@pytest.fixture
def stored(client: TestClient, workspace: Services) -> Services:
    """Five customers that came over the API."""
    records = [
        {"id": "c1", "name": "Asha", **reachable("0811")},
        {"id": "c2", "name": "Bela", **reachable("0812"), "consent": {SIXTH: "denied", NINTH: "granted"}},
        {"id": "c3", "name": "Cem", **reachable("0813"), "consent": {SIXTH: "granted", NINTH: "denied"}},
        {"id": "c4", "name": "Dora", "visits": 1},
        {"id": "c5", "name": "Emil", **reachable("0815")},
    ]
    answer = client.post("/v1/customers", json=records)
    assert (answer.status_code, answer.json()["rejected"]) == (202, [])
    policy = ConsumerPolicy(block_ms=1)
    Consumer(
        workspace.redis, streams=[*INGESTED], group="test", name="a", handler=workspace.persister.store, policy=policy
    ).run_once()
    workspace.suppressions.add("c5", SIXTH, reason="manual", actor=ASHA)
    return workspace


def reachable(number: str) -> dict[str, Any]:
    return {"visits": 1, "attributes": {"pager_number": number}}


def load_into_memory(services: Services) -> None:
    services.snapshot.start()
    services.snapshot.wait_until(lambda state: state.status is Status.READY, 20)


def send(services: Services, clock: TestClock, channel: str, **more: Any) -> tuple[Rig, str]:
    rig = Rig(services)
    campaign = rig.launch(rig.draft(channel=channel, message="Hi {{ customer.name }}", **more))
    rig.finish(clock)
    return rig, campaign


def test_the_channels_are_the_sixth_and_the_ninth() -> None:
    assert (list(CHANNELS).index(SIXTH), list(CHANNELS).index(NINTH)) == (5, 8)


def test_a_channel_that_is_not_listed_stays_unknown_to_the_api(client: TestClient) -> None:
    answer = client.post("/v1/customers", json={"id": "c1", "consent": {"telex": "granted"}})
    assert answer.status_code == 422
    assert f"'{NINTH}'" in answer.text
    schema = client.get("/openapi.json").json()["components"]["schemas"]
    assert schema["CampaignBody"]["properties"]["channel"]["enum"] == list(CHANNELS)


def test_preview_counts_whom_each_reaches(stored: Services) -> None:
    load_into_memory(stored)
    deliverable = stored.previews.preview(EVERYONE, is_fresh=True, actor=TEST).deliverable
    assert deliverable
    sixth, ninth = deliverable[SIXTH], deliverable[NINTH]
    assert sixth.count == 2
    assert {reason: count for reason, count in sixth.reasons.items() if count} == {
        Reason.NO_CONSENT: 1,
        Reason.NO_ADDRESS: 1,
        Reason.SUPPRESSED: 1,
    }
    assert (ninth.count, ninth.reasons[Reason.NO_CONSENT]) == (4, 1)


def test_a_campaign_over_the_sixth_reaches_who_allows_it(stored: Services, clock: TestClock) -> None:
    rig, campaign = send(stored, clock, SIXTH, subject="News")
    assert rig.counts(campaign) == {"sent": 2, "skipped": 3}
    assert rig.message_log.stats(campaign).skipped_by_reason == {"no_consent": 1, "no_address": 1, "suppressed": 1}
    message = rig.vendor.accepted[f"{campaign}:c1#0"]
    assert {name: message[name] for name in ("to", "channel", "subject")} == {
        "to": "0811",
        "channel": SIXTH,
        "subject": "News",
    }


def test_a_campaign_over_the_ninth_reaches_who_allows_it(stored: Services, clock: TestClock) -> None:
    rig, campaign = send(stored, clock, NINTH)
    assert rig.counts(campaign) == {"sent": 4, "skipped": 1}
    assert rig.vendor.accepted[f"{campaign}:c1#0"]["to"] == "c1"


def test_the_vendor_simulator_takes_it() -> None:
    message = {"key": "c:1#0", "to": "0815", "channel": SIXTH, "body": "Hi"}
    assert parse_batch(json.dumps({"campaign": "c", "messages": [message]}).encode()).messages[0].channel == SIXTH


def test_an_import_has_a_column_for_its_consent() -> None:
    assert f"consent.{SIXTH}" in KINDS["customers"].columns
    target = find_target(f"Consent.{NINTH}", KINDS["customers"])
    assert isinstance(target, Target)
    assert target.path == f"consent.{NINTH}"


def test_a_rate_can_be_set_for_it() -> None:
    assert read_rates(f"{SIXTH}=5,{NINTH}=2") == {SIXTH: 5, NINTH: 2}


def test_demo_customers_were_asked_where_the_channel_says_so() -> None:
    assert SIXTH in ASKED
    assert NINTH not in ASKED


def test_pages_name_it(stored: Services, clock: TestClock) -> None:
    _, campaign = send(stored, clock, SIXTH)
    customer = Page("customer", customer="c1")
    assert "Pager" in customer.words
    assert "Kiosk" in customer.words
    load_into_memory(stored)
    builder = builder_with("Visits")
    assert {"over Pager", "over Kiosk"} <= set(builder.widget("Channel").options)
    assert "Pager" in Page("campaign", campaign=campaign).words
    wizard = Page("new_campaign", step="message")
    wizard.choose("Channel", SIXTH)
    assert "needs a pager number" in wizard.words
    assert wizard.widget("Headline (optional)").value == ""
