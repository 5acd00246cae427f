"""Bodies that are no records: read in snake_case and camelCase, and never converted."""

from typing import Any

import httpx
import pytest

from tests.api.answers import problem_in

RULE = {"kind": "field", "field": "total_spend", "op": "gt", "value": 100}


def test_camel_case_means_the_same_as_snake_case(client: httpx.Client) -> None:
    segment = client.post("/segments", json={"name": "Bodies in camel case", "rule": RULE}).json()["id"]
    for name in ("segment_id", "segmentId"):
        answer = client.post("/campaigns", json={"name": "Bodies", "message": "Hi", name: segment})
        assert answer.status_code == 201, answer.text
        assert answer.json()["segment_id"] == segment
    everyone = client.post("/campaigns", json={"name": "Bodies", "message": "Hi", "rule": {"kind": "all"}}).json()["id"]
    problem_in(client.post(f"/campaigns/{everyone}/launch", json={"confirmEveryone": False}), 409)


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/campaigns/none/launch", {"confirm_everyone": "yes"}, "confirm_everyone"),
        ("/campaigns/none/launch", {"confirmEveryone": 1}, "confirm_everyone"),
        ("/segments/preview", {"rule": RULE, "sample": True}, "sample"),
        ("/segments/preview", {"rule": RULE, "sample": "5"}, "sample"),
        ("/segments/preview", {"rule": RULE, "now": 0}, "now"),
        ("/segments", {"name": 5, "rule": RULE}, "name"),
        ("/campaigns", {"name": "Bodies", "message": "Hi", "segmentId": 5}, "segment_id"),
        ("/campaigns", {"name": "Bodies", "message": "Hi", "rule": RULE, "audience": "x"}, "audience"),
    ],
)
def test_a_value_of_another_type_is_refused_and_its_field_is_named(
    client: httpx.Client, path: str, body: dict[str, Any], field: str
) -> None:
    document = problem_in(client.post(path, json=body), 422)
    assert [error["field"] for error in document["errors"]] == [field]
