"""The page behind an unsubscribe link: open to its reader, changed by a POST alone, bound to our own origin."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from tests import plain_http
from tests.front_door.test_headers import directives
from tests.running_app import RunningApp

CAMPAIGN = "6745a1b2c3d4e5f6a7b8c9d0"
ONE_CLICK: dict[str, Any] = {
    "content": "List-Unsubscribe=One-Click",
    "headers": {"Content-Type": "application/x-www-form-urlencoded"},
}


@contextmanager
def reader(app: RunningApp, customer_id: str) -> Iterator["Reader"]:
    """Somebody who got an e-mail of a campaign."""
    with app.services() as services:
        services.db.customers.replace_one(
            {"_id": customer_id},
            {"_id": customer_id, "email": "nina@example.com", "phone": "+49 151 2345678", "name": "Nina"},
            upsert=True,
        )
        url = services.unsubscribe_links.url(CAMPAIGN, customer_id, "email")
        yield Reader(app, url.partition("/unsubscribe/")[2], services.db.customers, customer_id)


class Reader:
    def __init__(self, app: RunningApp, token: str, customers: Any, customer_id: str) -> None:
        self.path = f"/unsubscribe/{token}"
        self._app, self._customers, self._id = app, customers, customer_id

    def ask(self, method: str, more: str = "", **options: Any) -> httpx.Response:
        return plain_http.request(method, f"{self._app.url}{self.path}{more}", timeout=60, **options)

    def consent(self) -> dict[str, str]:
        found = self._customers.find_one({"_id": self._id})
        return {channel: told["state"] for channel, told in found.get("consent", {}).items()}


@pytest.fixture
def nina(app: RunningApp, request: pytest.FixtureRequest) -> Iterator[Reader]:
    with reader(app, request.node.name) as found:
        yield found


def test_a_link_shows_who_writes_where_and_changes_nothing(nina: Reader) -> None:
    for method in ("GET", "HEAD", "GET"):
        answer = nina.ask(method)
        assert (answer.status_code, nina.consent()) == (200, {})
    assert 'ClientNest writes to you at <span class="word">n…@e….com</span> by e\u2011mail.' in answer.text
    assert answer.text.count("<button") == 1
    assert "nina" not in answer.text.lower()
    assert answer.headers["cache-control"] == "no-store"
    assert "set-cookie" not in answer.headers


def test_a_post_unsubscribes_and_each_channel_has_a_button_and_a_way_back(nina: Reader) -> None:
    answer = nina.ask("POST", data={"any": "thing"})
    assert (answer.status_code, nina.consent()) == (200, {"email": "denied"})
    assert "You are unsubscribed" in answer.text
    assert "Stop SMS" in answer.text
    assert "…678" in answer.text
    nina.ask("POST", "/sms/stop")
    assert nina.consent() == {"email": "denied", "sms": "denied"}
    nina.ask("POST", "/email/allow")
    assert nina.consent() == {"email": "granted", "sms": "denied"}
    assert "Unsubscribe from e\u2011mail messages?" in nina.ask("GET").text
    assert nina.ask("GET", "/email/stop").status_code == 404
    assert nina.consent()["email"] == "granted"


def test_the_one_click_of_mail_programs_unsubscribes_without_a_redirect(nina: Reader) -> None:
    for _ in range(2):
        answer = nina.ask("POST", **ONE_CLICK)
        assert (answer.status_code, nina.consent()) == (200, {"email": "denied"})


def test_a_forged_link_or_one_of_an_erased_customer_is_answered_in_words(nina: Reader, app: RunningApp) -> None:
    with reader(app, "gone") as gone:
        gone._customers.delete_one({"_id": "gone"})
        forged = [f"/unsubscribe/{'A' * 60}1", "/unsubscribe/", f"{nina.path}x", f"{nina.path}/pager/stop", gone.path]
        for path in forged:
            for method in ("GET", "POST"):
                answer = plain_http.request(method, f"{app.url}{path}", timeout=60)
                assert answer.status_code == 404, (method, path)
                assert "This link does not work" in answer.text
    assert nina.consent() == {}


def test_no_script_runs_there_and_nobody_frames_it(nina: Reader) -> None:
    for answer in (nina.ask("GET"), nina.ask("POST"), nina.ask("GET", "x"), nina.ask("PUT")):
        found = directives(answer)
        style = found.pop("style-src", "'sha256-")
        assert style.startswith("'sha256-")
        assert "unsafe" not in style
        none = dict.fromkeys(("default-src", "base-uri", "frame-ancestors"), "'none'")
        assert found == {**none, "form-action": "'self'"}
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert "<script" not in answer.text
    assert nina.ask("PUT").status_code == 405


def test_its_own_form_may_post_and_no_page_of_another_site(nina: Reader, app: RunningApp) -> None:
    for origin in ("https://evil.example", "null"):
        assert nina.ask("POST", headers={"Origin": origin}).status_code == 403
    assert nina.ask("POST", headers={"Host": "evil.example"}).status_code == 400
    assert nina.consent() == {}
    assert nina.ask("POST", headers={"Origin": app.url}).status_code == 200
    assert nina.consent() == {"email": "denied"}


def test_one_link_is_answered_so_often_and_others_all_the_same(nina: Reader, app: RunningApp) -> None:
    answers = [nina.ask("GET") for _ in range(31)]
    assert [each.status_code for each in answers] == [200] * 30 + [429]
    assert answers[-1].headers["retry-after"] == "60"
    assert nina.ask("POST").status_code == 200, "looks take no click away"
    with reader(app, "another") as other:
        assert other.ask("GET").status_code == 200


def test_paths_beside_it_stay_closed_and_tokens_are_not_logged(nina: Reader, app: RunningApp) -> None:
    assert nina.ask("GET").status_code == 200
    beside = plain_http.get(f"{app.url}/unsubscribed/{nina.path[13:]}", timeout=60)
    assert "This link does not work" not in beside.text
    assert nina.path not in (app.data_dir / "app.log").read_text()
