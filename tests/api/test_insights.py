"""Insights over HTTP: the contract of their answers, with money in major units and people in a column ``customers``."""

from typing import Any

import httpx
import pytest

from crm_core.access.scopes import Scope
from crm_core.insights.registry import QUESTIONS
from tests.api.answers import problem_in
from tests.running_app import RunningApp
from tests.waiting import eventually


@pytest.fixture(scope="module")
def reader(app: RunningApp) -> httpx.Client:  # type: ignore[misc]
    with app.api(Scope.INSIGHTS_READ) as client:
        yield client


def test_the_list_names_every_question_with_its_definition(reader: httpx.Client) -> None:
    items = reader.get("/insights").raise_for_status().json()["insights"]
    assert [item["name"] for item in items] == list(QUESTIONS)
    assert all(item["definition"] and item["url"] == f"/api/v1/insights/{item['name']}" for item in items)


@pytest.mark.parametrize("name", QUESTIONS)
def test_an_answer_has_what_the_contract_says(reader: httpx.Client, name: str) -> None:
    found = reader.get(f"/insights/{name}").raise_for_status().json()
    assert set(found) == {"name", "title", "as_of", "definition", "columns", "rows", "parameters"}
    assert (found["name"], found["title"]) == (name, QUESTIONS[name].title)
    columns = {column["id"] for column in found["columns"]}
    assert all(set(row) == columns for row in found["rows"])
    units = {column["unit"] for column in found["columns"]}
    assert "money" not in units
    assert ("from" in found["parameters"]) == bool(QUESTIONS[name].days)


def test_money_is_in_major_units_and_stored_orders_are_in_the_answer(client: httpx.Client) -> None:
    order = {"id": "insight-1", "customer_id": "insight-c", "amount": 12.5, "ordered_at": "2019-03-04T10:00:00Z"}
    client.post("/orders", json=order).raise_for_status()
    asked = {"from": "2019-03-01", "to": "2019-03-31"}

    def figures() -> list[dict[str, Any]]:
        answer = client.get("/insights/kpis", params=asked)
        assert answer.is_success, answer.text
        found: list[dict[str, Any]] = answer.json()["rows"]
        return found

    now, before = eventually(figures, lambda found: found[0]["orders"])
    assert (now["revenue"], now["orders"], now["customers"], before["orders"]) == (12.5, 1, 1, 0)
    assert (now["from"], now["to"]) == ("2019-03-01", "2019-03-31")
    assert now["delivered_rate"] is None


@pytest.mark.parametrize(
    ("asked", "field", "words"),
    [
        ({"from": "2026-13-01"}, "from", "is a day such as 2026-01-31"),
        ({"of": "read"}, "of", "'opened'"),
        ({"till": "2026-01-01"}, "till", "it has of, segment, from, to"),
        ({"segment": "nothing"}, "segment", "No segment has the id"),
        ({"from": "2026-02-01", "to": "2026-01-01"}, "from", "is after 'to'"),
    ],
)
def test_a_wrong_parameter_is_named(reader: httpx.Client, asked: dict[str, str], field: str, words: str) -> None:
    answer = problem_in(reader.get("/insights/hours", params=asked), 422)
    assert field in (answer.get("field"), *(error["field"] for error in answer.get("errors", ())))
    assert words in answer["detail"]


@pytest.mark.parametrize(
    ("campaigns", "words"),
    [("one", "From 2 to 5 campaigns"), ("one,two", "No campaign that was launched has the id 'one'")],
)
def test_campaigns_to_compare_are_launched_and_not_alone(reader: httpx.Client, campaigns: str, words: str) -> None:
    answer = problem_in(reader.get("/insights/campaigns_compared", params={"campaigns": campaigns}), 422)
    assert answer["field"] == "campaigns"
    assert words in answer["detail"]


def test_insights_need_their_scope(customers_reader: httpx.Client, reader: httpx.Client) -> None:
    assert "insights:read" in problem_in(customers_reader.get("/insights/kpis"), 403)["detail"]
    problem_in(reader.get("/insights/nothing"), 404)
