"""How requests to run a page are taken, where a browser test cannot choose the moment."""

import pytest
from streamlit.runtime.scriptrunner_utils.script_requests import RerunData, ScriptRequests

from pages._ui.script_requests import take_requests_in_order


@pytest.fixture
def requests() -> ScriptRequests:
    take_requests_in_order()
    return ScriptRequests()


def test_news_of_the_page_before_do_not_take_a_reader_back(requests: ScriptRequests) -> None:
    requests.request_rerun(RerunData(page_script_hash="next", query_string="campaign=1"))
    requests.request_rerun(RerunData(page_script_hash="before", fragment_id="news", is_auto_rerun=True))
    asked = requests.on_scriptrunner_ready().rerun_data
    assert (asked.page_script_hash, asked.query_string, asked.fragment_id_queue) == ("next", "campaign=1", [])


def test_a_reader_who_goes_on_twice_comes_to_the_last_page(requests: ScriptRequests) -> None:
    for name in ("next", "last"):
        requests.request_rerun(RerunData(page_script_hash=name))
    assert requests.on_scriptrunner_ready().rerun_data.page_script_hash == "last"
