"""Campaigns beside each other, held against calculations with pandas that share no code with ours."""

from collections.abc import Iterator
from datetime import timedelta

import pandas as pd
import pytest

from crm_core.errors import InvalidInput
from crm_core.services import Services
from crm_core.settings import Settings
from tests.insights import ask, rows
from tests.integration.test_campaign_insights import LAUNCHED, Sent, open_sent, to_row
from tests.integration.test_insights import REACHED

TEXTED = 40


@pytest.fixture(scope="module")
def sent(servers: Settings) -> Iterator[Sent]:
    """Beside the campaigns over e-mail one over SMS, of which nobody is seen to open it."""
    with open_sent(servers) as made:
        texts = {"_id": "texts", "name": "Later", "channel": "sms", "message": "Hi", "state": "completed"}
        launched = {"created_at": LAUNCHED, "launched_at": LAUNCHED - timedelta(days=2)}
        made.services.db.campaigns.insert_one({**texts, **launched})
        texted = [{**row, "state": "delivered"} for row in made.log.head(TEXTED).to_dict("records")]
        made.services.db.messages.insert_many([{**to_row("texts", row), "channel": "sms"} for row in texted])  # type: ignore[arg-type]
        yield made


def log_of(sent: Sent, campaign: str) -> pd.DataFrame:
    logs = {"spring": sent.log, "later": sent.log[::5].assign(state="opened")}
    return logs[campaign]


def test_each_campaign_is_compared_with_the_first(sent: Sent) -> None:
    found = rows(sent.services, "campaigns_compared", campaigns="later,spring")
    assert [(row["campaign"], row["against"], row["measure"]) for row in found] == [
        ("Spring", "Later", "opened"),
        ("Spring", "Later", "clicked"),
    ]
    for row in found:
        ours, base = (
            log_of(sent, name).state.isin(REACHED[row["measure"]]).sum()
            / log_of(sent, name).state.isin(REACHED["delivered"]).sum()
            for name in ("spring", "later")
        )
        assert (row["rate"], row["rate_against"]) == (pytest.approx(ours), pytest.approx(base))
        assert row["difference"] == pytest.approx(ours - base)
        assert row["low"] < row["difference"] < row["high"]
        assert row["verdict"] == ("worse" if row["high"] < 0 else "better" if row["low"] > 0 else "cannot tell yet")
    assert found[0]["verdict"] == "worse"
    turned = rows(sent.services, "campaigns_compared", campaigns="spring,later")
    assert [row["difference"] for row in turned] == [pytest.approx(-row["difference"]) for row in found]


def test_more_comparisons_have_wider_intervals(sent: Sent) -> None:
    two = rows(sent.services, "campaigns_compared", campaigns="later,spring")[0]
    three = rows(sent.services, "campaigns_compared", campaigns="later,spring,texts")
    assert [row["campaign_id"] for row in three] == ["spring", "texts"] * 2
    assert three[0]["high"] - three[0]["low"] > two["high"] - two["low"]


def test_a_channel_that_does_not_tell_is_not_told_as_worse(sent: Sent) -> None:
    for campaigns in ("spring,texts", "texts,spring"):
        for row in rows(sent.services, "campaigns_compared", campaigns=campaigns):
            assert row["verdict"] == "not comparable"
            assert {row[name] for name in ("difference", "low", "high", "more_needed")} == {None}
            assert 0.0 in {row["rate"], row["rate_against"]}


def test_namesakes_are_told_apart(sent: Sent) -> None:
    found = rows(sent.services, "campaigns_compared", campaigns="later,texts")
    assert (found[0]["campaign"], found[0]["against"]) == ("Later (texts)", "Later (later)")


def test_without_a_choice_the_two_launched_last_are_compared(sent: Sent) -> None:
    answer = ask(sent.services, "campaigns_compared")
    assert answer.parameters == {"campaigns": "spring,later"}
    assert {row["campaign_id"] for row in answer.rows} == {"later"}


@pytest.mark.parametrize("days", [3, 10])
def test_orders_and_revenue_are_those_owed_to_each_campaign(sent: Sent, days: int) -> None:
    touches = [(each, LAUNCHED + timedelta(hours=2), "spring")
               for each in sent.log[sent.log.state.isin(REACHED["opened"])].customer_id]  # fmt: skip
    touches += [(each, LAUNCHED + timedelta(days=2), "later") for each in sent.log.customer_id[::5]]
    pairs = sent.orders[sent.orders.status != "returned"].merge(
        pd.DataFrame(touches, columns=["customer_id", "touched", "campaign"]), on="customer_id"
    )
    gap = pairs["at"] - pairs.touched
    pairs = pairs[(gap >= pd.Timedelta(0)) & (gap <= pd.Timedelta(days=5))]
    last = pairs.sort_values("touched").groupby("id").tail(1)
    found = rows(sent.services, "campaigns_revenue", campaigns="spring,later,texts", days=days)
    assert [row["campaign_id"] for row in found] == ["spring", "later", "texts"]
    for row, launched in zip(found, (LAUNCHED, LAUNCHED - timedelta(days=1)), strict=False):
        end = pd.Timestamp(launched) + pd.Timedelta(days=days)
        owed = last[(last.campaign == row["campaign_id"]) & (last["at"] < end)]
        delivered = log_of(sent, row["campaign_id"]).state.isin(REACHED["delivered"]).sum()
        assert (row["orders"], row["revenue"], row["delivered"]) == (len(owed), owed.net.sum(), delivered)
        assert row["orders_per_1000"] == pytest.approx(1000 * len(owed) / delivered, abs=0.005)
        assert row["revenue_per_1000"] == pytest.approx(1000 * owed.net.sum() / delivered, abs=0.5)
        assert row["days"] == days
    assert found[0]["orders"]
    assert (found[2]["orders"], found[2]["delivered"], found[2]["revenue_per_1000"]) == (0, TEXTED, 0)


def test_the_lift_beside_it_is_that_of_the_campaign(sent: Sent) -> None:
    spring, later = rows(sent.services, "campaigns_revenue", campaigns="spring,later", days=10)
    lift = rows(sent.services, "campaign_lift", campaign="spring", days=10)[-1]
    assert lift["measure"] == "revenue"
    assert [spring[name] for name in ("lift", "lift_low", "lift_high", "verdict")] == [
        lift[name] for name in ("relative", "relative_low", "relative_high", "verdict")
    ]
    assert (later["lift"], later["verdict"]) == (None, "no holdout")


def test_a_young_campaign_says_how_many_days_it_has_had(sent: Sent) -> None:
    found = rows(sent.services, "campaigns_revenue", campaigns="later,spring", days=365)
    assert [row["days"] for row in found] == [21, 20]


@pytest.mark.parametrize("name", ["campaigns_compared", "campaigns_revenue"])
@pytest.mark.parametrize(
    ("campaigns", "words"),
    [
        ("spring", "From 2 to 5 campaigns can be compared, not 1."),
        ("spring,spring", "From 2 to 5 campaigns can be compared, not 1."),
        ("a,b,c,d,e,f", "From 2 to 5 campaigns can be compared, not 6."),
        ("spring,draft", "No campaign that was launched has the id 'draft'"),
        ("gone,spring", "No campaign that was launched has the id 'gone'"),
    ],
)
def test_a_wrong_choice_of_campaigns_is_refused(sent: Sent, name: str, campaigns: str, words: str) -> None:
    with pytest.raises(InvalidInput, match=words.replace(".", r"\.")) as refused:
        ask(sent.services, name, campaigns=campaigns)
    assert refused.value.field == "campaigns"


def test_fewer_than_two_campaigns_are_not_compared(services: Services) -> None:
    assert rows(services, "campaigns_compared") == []
    assert rows(services, "campaigns_revenue") == []
