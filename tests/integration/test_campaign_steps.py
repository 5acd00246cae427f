"""The rules of the steps of a campaign find as many customers as its figures say, in memory and in the database."""

from collections.abc import Iterator

import pytest

from crm_core.campaigns.messages.steps import NOT_FURTHER, OTHERS, Step
from crm_core.rules.tree import AnyRule
from crm_core.schema.message_states import MessageState
from crm_core.services import Services
from crm_core.settings import Settings
from tests.actors import TEST
from tests.insights import load_snapshot
from tests.integration.test_campaign_insights import Sent, open_sent


@pytest.fixture(scope="module")
def sent(servers: Settings) -> Iterator[Sent]:
    with open_sent(servers) as made:
        load_snapshot(made.services)
        yield made


def counts_of(services: Services, rule: AnyRule) -> set[int]:
    in_memory = services.previews.preview(rule, actor=TEST, is_fresh=True).count
    return {in_memory, services.audience.preview(rule).count}


@pytest.mark.parametrize("step", [*NOT_FURTHER, *OTHERS], ids=lambda step: step.label)
def test_a_step_has_as_many_customers_as_its_rule_finds(sent: Sent, step: Step) -> None:
    campaign = sent.services.campaigns.get("spring")
    stats = sent.services.figures.stats(campaign, actor=TEST).value
    assert step.count(stats.by_state)
    assert counts_of(sent.services, step.rule("spring")) == {step.count(stats.by_state)}


def test_the_steps_are_those_of_the_message_log(sent: Sent) -> None:
    stats = sent.services.figures.stats(sent.services.campaigns.get("spring"), actor=TEST).value
    found = {step.label: step.count(stats.by_state) for step in (*NOT_FURTHER, *OTHERS)}
    now = sent.log.state.value_counts()
    assert found == {
        "Delivered, not opened": now["delivered"],
        "Opened, not clicked": now["opened"],
        "Sent": now[["sent", "failed", "delivered", "opened", "clicked"]].sum(),
        "Sent, no receipt": now["sent"],
        "Delivered": now[["delivered", "opened", "clicked"]].sum(),
        "Opened": now[["opened", "clicked"]].sum(),
        "Clicked": now["clicked"],
        "Failed": now["failed"],
        "Skipped": now["skipped"],
    }


def test_messages_of_other_campaigns_do_not_count(sent: Sent) -> None:
    opened = next(step for step in OTHERS if step.reached is MessageState.OPENED)
    later = sent.log[::5]
    assert counts_of(sent.services, opened.rule("later")) == {len(later)}
