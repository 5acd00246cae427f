"""Exactly the app's own names and origins, over HTTP and WebSocket, for everything that a browser can reach."""

import pytest
from websockets.exceptions import InvalidStatus

from tests.front_door.conftest import CLOUD_URL, PUBLIC_URL
from tests.front_door.raw import ask, port_of
from tests.front_door.visitor import open_stream
from tests.running_app import RunningApp

FOR_PEOPLE = (
    *("/", "/customers", "/static/js/any.js", "/media/any", "/component/streamlit_sortables.sortable_items/index.html"),
    *("/_stcore/host-config", "/_stcore/upload_file/any/any", "/_stcore/metrics", "/_stcore/bidi-components/any/a.js"),
    *("/api/docs", "/api/docs/start.js", "/api/openapi.json", "/api/metrics"),
)
ELSEWHERE = ("evil.example", "localhost.evil.example", "localhost", "localhost:1", "127.0.0.2:{port}", "0.0.0.0:{port}")
FOREIGN = ("http://evil.example", "http://localhost:1", "https://any.streamlit.app", "null", "", "http://localhost")


@pytest.mark.parametrize("path", FOR_PEOPLE)
def test_another_host_reaches_nothing_that_is_for_people(app: RunningApp, path: str) -> None:
    status, said = ask(app, path, f"Host: evil.example:{port_of(app)}")
    assert status == 400
    assert f"http://localhost:{port_of(app)}" in said
    assert "CRM_PUBLIC_URL" in said
    assert "evil" not in said


@pytest.mark.parametrize("host", ELSEWHERE)
def test_a_host_that_is_not_exactly_ours_is_refused(app: RunningApp, host: str) -> None:
    assert ask(app, "/", f"Host: {host.format(port=port_of(app))}")[0] == 400


@pytest.mark.parametrize("host", ["localhost", "LocalHost", "127.0.0.1", "[::1]"])
def test_the_names_of_this_machine_are_answered(app: RunningApp, host: str) -> None:
    assert ask(app, "/", f"Host: {host}:{port_of(app)}")[0] == 200


def test_two_hosts_and_no_host_are_refused(app: RunningApp) -> None:
    ours = f"Host: localhost:{port_of(app)}"
    assert ask(app, "/", ours, "Host: evil.example")[0] == 400
    assert ask(app, "/")[0] == 400


def test_forwarded_headers_have_no_say(app: RunningApp) -> None:
    ours, forwarded = f"localhost:{port_of(app)}", "Forwarded: host={0};proto=https"
    status, _ = ask(app, "/", "Host: evil.example", f"X-Forwarded-Host: {ours}", forwarded.format(ours))
    assert status == 400
    status, _ = ask(app, "/", f"Host: {ours}", "X-Forwarded-Host: evil.example", "X-Forwarded-Proto: https")
    assert status == 200


@pytest.mark.parametrize("path", FOR_PEOPLE)
def test_a_page_of_another_site_reaches_nothing_that_is_for_people(app: RunningApp, path: str) -> None:
    status, said = ask(app, path, f"Host: localhost:{port_of(app)}", "Origin: http://evil.example")
    assert status == 403
    assert "another site" in said


@pytest.mark.parametrize("origin", FOREIGN)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
def test_an_origin_that_is_not_exactly_ours_is_refused(app: RunningApp, origin: str, method: str) -> None:
    assert ask(app, "/", f"Host: localhost:{port_of(app)}", f"Origin: {origin}", method=method)[0] == 403


@pytest.mark.parametrize("path", ["/api/healthz", "/api/readyz", "/_stcore/health"])
def test_probes_may_use_any_host(app: RunningApp, path: str) -> None:
    assert ask(app, path, "Host: 10.1.2.3:9999")[0] == 200


def test_keyed_calls_and_receipts_are_asked_for_key_or_signature_only(app: RunningApp) -> None:
    assert ask(app, "/api/v1/customers", "Host: app.internal")[0] == 401
    assert ask(app, "/api/v1/receipts", "Host: app.internal", "Content-Length: 0", method="POST")[0] == 403


def test_the_stream_of_pages_opens_from_our_own_pages_and_programs(app: RunningApp) -> None:
    for origin in (f"http://localhost:{port_of(app)}", None):
        with open_stream(app, origin=origin) as stream:
            assert stream.subprotocol == "streamlit"


@pytest.mark.parametrize("origin", ["http://evil.example", "http://localhost:1", "https://any.streamlit.app", "null"])
def test_the_stream_of_pages_opens_for_no_other_site(app: RunningApp, origin: str) -> None:
    expect_refused_stream(app, origin=origin)


def test_a_name_that_was_rebound_to_this_machine_opens_no_stream(app: RunningApp) -> None:
    host = f"evil.example:{port_of(app)}"
    expect_refused_stream(app, host=host, origin=f"http://{host}")


def test_a_refused_stream_does_not_reach_streamlit(app: RunningApp) -> None:
    """It would look up the machine's public address on the internet before it says no."""
    expect_refused_stream(app, origin="http://evil.example")
    log = (app.data_dir / "app.log").read_text()
    assert "refused at the front door" in log
    assert "Rejecting WebSocket" not in log
    assert "evil.example" not in log


def test_with_a_public_address_only_its_host_is_answered(public_app: RunningApp) -> None:
    assert ask(public_app, "/", "Host: crm.example.com")[0] == 200
    assert ask(public_app, "/", "Host: crm.example.com:443", f"Origin: {PUBLIC_URL}")[0] == 200
    assert ask(public_app, "/", "Host: crm.example.com:80")[0] == 400
    assert ask(public_app, "/", "Host: crm.example.com", "Origin: http://crm.example.com")[0] == 403
    status, said = ask(public_app, "/", f"Host: localhost:{port_of(public_app)}")
    assert status == 400
    assert PUBLIC_URL in said


def test_with_a_public_address_the_stream_opens_there_and_nowhere_else(public_app: RunningApp) -> None:
    with open_stream(public_app, host="crm.example.com", origin=PUBLIC_URL) as stream:
        assert stream.subprotocol == "streamlit"
    expect_refused_stream(public_app, origin=f"http://localhost:{port_of(public_app)}")


def test_with_a_public_address_vendor_and_probes_still_come_to_the_port(public_app: RunningApp) -> None:
    host = f"Host: 127.0.0.1:{port_of(public_app)}"
    assert ask(public_app, "/api/readyz", host)[0] == 200
    assert ask(public_app, "/api/v1/receipts", host, "Content-Length: 0", method="POST")[0] == 403


def test_on_community_cloud_its_proxy_chooses_the_host_and_pages_are_ours(cloud_app: RunningApp) -> None:
    assert ask(cloud_app, "/", "Host: 10.0.0.9:8501", f"Origin: {CLOUD_URL}")[0] == 200
    assert ask(cloud_app, "/", "Host: 10.0.0.9:8501", "Origin: https://other.streamlit.app")[0] == 403
    with open_stream(cloud_app, host="10.0.0.9:8501", origin=CLOUD_URL) as stream:
        assert stream.subprotocol == "streamlit"
    expect_refused_stream(cloud_app, origin="https://other.streamlit.app")


def expect_refused_stream(app: RunningApp, *, host: str | None = None, origin: str | None = None) -> None:
    with pytest.raises(InvalidStatus) as refused, open_stream(app, host=host, origin=origin):
        pass
    assert refused.value.response.status_code == 403
