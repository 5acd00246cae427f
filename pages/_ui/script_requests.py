"""How requests to run a page are taken: a callback to its end, and nothing of a page that its reader has left (ADR 35).

Streamlit has no options for these, so functions of its own are replaced; its version is pinned.
"""

from dataclasses import replace

from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.scriptrunner_utils.script_requests import (
    RerunData,
    ScriptRequest,
    ScriptRequests,
    ScriptRequestType,
)
from streamlit.runtime.scriptrunner_utils.script_run_context import RunLocation, ThreadState

_look, _next, _fold = (
    ScriptRequests.on_scriptrunner_yield,
    ScriptRequests.on_scriptrunner_ready,
    ScriptRequests._request_rerun_locked,
)


def take_requests_in_order() -> None:
    ScriptRequests.on_scriptrunner_yield = _look_after_callbacks  # type: ignore[method-assign, assignment]
    ScriptRequests.on_scriptrunner_ready = _next_of_this_page  # type: ignore[method-assign, assignment]
    ScriptRequests._request_rerun_locked = _fold_into_page  # type: ignore[method-assign, assignment]


def _look_after_callbacks(requests: ScriptRequests) -> ScriptRequest | None:
    """Else a callback would be broken off at its next use of the session once its reader has done the next thing, and
    what it was about to store would be lost."""
    return None if ThreadState.get().run_location is RunLocation.CALLBACK else _look(requests)


def _next_of_this_page(requests: ScriptRequests) -> ScriptRequest:
    """Else a part of the page before that looks for news as its reader goes on would empty the page that is there."""
    request = _next(requests)
    while request.type is ScriptRequestType.RERUN and _is_of_page_before(request.rerun_data):
        request = _next(requests)
    return request


def _is_of_page_before(asked: RerunData) -> bool:
    context = get_script_run_ctx()
    here = context.page_script_hash if context else ""
    return bool(asked.fragment_id_queue and here and asked.page_script_hash != here)


def _fold_into_page(requests: ScriptRequests, asked: RerunData) -> bool:
    """Else such a part would take along a reader who has just asked for another page, back to its own."""
    waiting = requests._rerun_data
    is_page_waiting = requests._state is ScriptRequestType.RERUN and not waiting.fragment_id_queue
    if is_page_waiting and asked.fragment_id:
        page = {name: getattr(waiting, name) for name in ("query_string", "page_script_hash", "page_name")}
        asked = replace(asked, **page)
    return _fold(requests, asked)
