"""What every answer says about itself, and what Streamlit is told to refuse."""

import tomllib

import httpx
import pytest

from tests import plain_http
from tests.front_door.conftest import CLOUD_URL
from tests.running_app import METRICS_TOKEN, ROOT, RunningApp

ANSWERS = (
    *(
        "/",
        "/no-page",
        "/_stcore/host-config",
        "/media/none",
        "/component/streamlit_sortables.sortable_items/index.html",
    ),
    *("/api/docs", "/api/healthz", "/api/v1/customers", "/api/no-path", "/_stcore/health"),
)


def get(app: RunningApp, path: str, **headers: str) -> httpx.Response:
    return plain_http.get(f"{app.url}{path}", headers=headers, timeout=60)


def directives(answer: httpx.Response) -> dict[str, str]:
    (policy,) = answer.headers.get_list("content-security-policy")
    return dict(part.strip().split(" ", 1) for part in policy.split(";"))


@pytest.mark.parametrize("path", ANSWERS)
def test_every_answer_is_bound_to_its_own_site(app: RunningApp, path: str) -> None:
    answer = get(app, path)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert directives(answer)["frame-ancestors"] in ("'self'", "'none'")
    assert "strict-transport-security" not in answer.headers, "on plain HTTP it would say nothing"


@pytest.mark.parametrize("path", ANSWERS)
def test_no_answer_lets_scripts_of_other_sites_or_inline_ones_run(app: RunningApp, path: str) -> None:
    found = directives(get(app, path))
    assert found["default-src"] == "'none'"
    assert found["base-uri"] == "'none'"
    scripts = found.get("script-src", "'none'").split()
    assert not {"'unsafe-inline'", "'unsafe-eval'", "*", "data:", "https:"} & {*scripts}
    assert not [source for source in scripts if "//" in source]


def test_a_refusal_has_the_headers_too(app: RunningApp) -> None:
    answer = get(app, "/", Host="evil.example")
    assert answer.status_code == 400
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert directives(answer)["frame-ancestors"] == "'self'"


def test_an_https_address_is_remembered_as_such(public_app: RunningApp) -> None:
    for path in ("/", "/api/docs", "/api/healthz"):
        answer = get(public_app, path, Host="crm.example.com")
        assert answer.headers["strict-transport-security"] == "max-age=31536000"


def test_only_on_community_cloud_its_workspace_may_frame_and_command_the_app(
    app: RunningApp, cloud_app: RunningApp
) -> None:
    assert directives(get(cloud_app, "/"))["frame-ancestors"] == "'self' https://share.streamlit.io"
    assert get(cloud_app, "/_stcore/host-config").json()["allowedOrigins"] == ["https://share.streamlit.io", CLOUD_URL]
    assert directives(get(app, "/"))["frame-ancestors"] == "'self'"
    assert get(app, "/_stcore/host-config").json()["allowedOrigins"] == []


def test_streamlit_s_agents_cannot_drive_the_pages(app: RunningApp) -> None:
    answer = plain_http.post(f"{app.url}/_stcore/agent/interact", json={})
    assert answer.status_code in (401, 403)
    assert b"session" not in answer.content.lower()


def test_what_streamlit_is_told_stays_as_it_is() -> None:
    told = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())
    assert told["client"]["allowedOrigins"] == []
    assert told["server"]["allowedHosts"] == ["localhost", "127.0.0.1", "::1"]
    assert told["server"]["enableAgentApi"] is False
    assert told["server"]["maxUploadSize"] == 20
    assert told["logger"]["enableRich"] is False


@pytest.mark.parametrize("path", ["/api/metrics", "/_stcore/metrics"])
def test_metrics_are_read_with_their_own_token(app: RunningApp, path: str) -> None:
    answer = get(app, path, Authorization=f"Bearer {METRICS_TOKEN}")
    assert answer.status_code == 200


def test_a_page_is_told_where_the_root_of_the_app_is_before_streamlit_asks(app: RunningApp) -> None:
    for path in ("/", "/campaign", "/no-page"):
        page = get(app, path)
        assert page.text.index('<script src="./app-root.js">') < page.text.index('<script type="module"')
        assert int(page.headers["content-length"]) == len(page.content)
    script = get(app, "/app-root.js")
    assert script.headers["content-type"].startswith("text/javascript")
    assert "BACKEND_BASE_URL" in script.text
    assert "app-root" not in get(app, "/component/streamlit_sortables.sortable_items/index.html").text
