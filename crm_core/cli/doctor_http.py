"""The doctor's look at what speaks HTTP: the app and the message vendor."""

import time

import httpx

from crm_core.cli.doctor_check import ANSWER_S, Check, Fault, problem, warning
from crm_core.cli.doctor_places import START, Places
from crm_core.hosting.programs import NoEmbeddedServers, find_mongod, find_valkey
from crm_core.upgrades.progress import TITLE

APP = "app"
VENDOR = "vendor"


def check_app(places: Places) -> Check:
    """Whether it runs, and whether it can do its work."""
    if places.fault and places.needs_app:
        return Check(APP, faults=(places.fault,))
    url, deadline = places.app_url, time.monotonic() + ANSWER_S
    if url is None:
        return Check(APP, faults=(_app_away(places),))
    runtime = places.runtime
    where = f"{url}, process {runtime.owner_pid}" if runtime and runtime.app_url else url
    health, said = _get(f"{url.rstrip('/')}/api/healthz", ANSWER_S)
    if not _is_good(health):
        return Check(APP, faults=(_app_mute(places, f"No good answer from {where}: {said}."),))
    ready, said = _get(f"{url.rstrip('/')}/api/readyz", max(0.1, deadline - time.monotonic()))
    if ready is not None and _json(ready).get("title") == TITLE:
        found = f"Runs at {where}, but is not ready: the data are being brought forward to this version."
        return Check(APP, faults=(warning(found, "See data below; it becomes ready by itself."),))
    if not _is_good(ready):
        found = f"Runs at {where}, but is not ready ({said})."
        return Check(APP, faults=(problem(found, "See MongoDB and Valkey below, then look again."),))
    return Check(APP, f"Runs at {where}, and is ready.")


def check_vendor(places: Places) -> Check:
    """Whether it answers at all; our simulated one also says whether its receipts arrive, and rehearses outages."""
    url, origin = places.settings.vendor_url, places.origin(VENDOR, "vendor_url", "simulated")
    if url is None:
        return Check(VENDOR, faults=(_unknown_vendor(places),))
    faults = [_no_secret()] if places.settings.vendor_secret is None else []
    answer, said = _get(f"{url.rstrip('/')}/v1/health", ANSWER_S)
    if answer is None or answer.status_code >= 500:
        found = f"The {origin} vendor gives no good answer: {said}."
        faults.append(problem(found, places.remedy(VENDOR, "vendor_url")))
        return Check(VENDOR, faults=tuple(faults))
    if failures := _callback_failures(answer):
        faults.append(_unheard(failures))
    if _json(answer).get("outage") is True:
        faults.append(_rehearsed_outage())
    return Check(VENDOR, f"Answers ({origin}).", tuple(faults))


def _get(url: str, timeout_s: float) -> tuple[httpx.Response | None, str]:
    """The answer, if there is one, and in a few words how it went."""
    try:
        answer = httpx.get(url, timeout=timeout_s, trust_env=False)
    except httpx.TimeoutException:
        return None, f"nothing within {timeout_s:.1f} s"
    except (httpx.HTTPError, httpx.InvalidURL) as exc:
        return None, str(exc) or type(exc).__name__
    return answer, str(_json(answer).get("detail") or f"status {answer.status_code}").rstrip(".")


def _is_good(answer: httpx.Response | None) -> bool:
    return answer is not None and answer.status_code == 200


def _json(answer: httpx.Response) -> dict[str, object]:
    try:
        body = answer.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _app_away(places: Places) -> Fault:
    folder = places.settings.data_dir
    if places.runtime:
        found = (
            f"No app: a command (process {places.runtime.owner_pid}) runs servers in {folder} for as long as it takes."
        )
        return problem(found, START)
    if not places.needs_app:
        return warning("Where the app runs is not known here.", "Set CRM_PUBLIC_URL to its address.")
    return problem(f"No app runs in {folder}.", _start(places))


def _start(places: Places) -> str:
    """What to do, also where there are no programs to start."""
    try:
        if places.configured.starts_servers:
            find_mongod()
            find_valkey()
    except NoEmbeddedServers as exc:
        return str(exc)
    return START


def _app_mute(places: Places, found: str) -> Fault:
    if places.runtime and not places.runtime.is_ready:
        return warning(found, "It is starting its servers: look again in a moment.")
    if places.runtime and places.runtime.app_url:
        return problem(found, "If it stays so, end this process and start the app again.")
    variable = "CRM_RECEIPTS_URL" if places.configured.receipts_url else "CRM_PUBLIC_URL"
    return problem(found, f"See that the app runs there, and that {variable} is right.")


def _unknown_vendor(places: Places) -> Fault:
    advice = START if places.needs_app else "Set CRM_VENDOR_URL to the address of a message vendor."
    return problem("No message vendor is known: campaigns cannot be sent.", advice)


def _no_secret() -> Fault:
    return problem(
        "The vendor's secret is not known: calls and receipts cannot be told from forged ones.",
        "Set CRM_VENDOR_SECRET, the same for every process and the vendor.",
    )


def _callback_failures(answer: httpx.Response) -> int:
    count = _json(answer).get("callback_failures", 0)
    return count if isinstance(count, int) else 0


def _unheard(failures: int) -> Fault:
    return warning(
        f"Its last {failures} callbacks in a row failed: receipts do not arrive.",
        "See that the app answers and CRM_RECEIPTS_URL, if set, is right; the vendor tries again by itself.",
    )


def _rehearsed_outage() -> Fault:
    return warning(
        "It rehearses an outage and takes no message: campaigns wait for its end.",
        'Nothing is lost. It ends by itself after outage_s, or when you PATCH /v1/behaviour with {"outage": "off"}.',
    )
