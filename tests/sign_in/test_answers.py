"""What the provider's button may answer: a code with the state of this attempt, and nothing else."""

from typing import Any

import pytest

from crm_core.access.sign_in.allow_list import AllowList
from crm_core.access.sign_in.answers import check_answer
from crm_core.errors import Forbidden

STATE = "the state of this attempt"


def test_a_code_with_the_state_of_this_attempt_is_taken() -> None:
    check_answer({"code": "c", "state": STATE, "scope": "openid", "authuser": "0"}, state=STATE, provider="Google")


@pytest.mark.parametrize(
    "answer",
    [
        {"token": {"id_token": "forged"}},
        {"code": "c", "state": STATE, "token": {"id_token": "forged"}},
        {"code": "c", "state": STATE, "id_token": "forged"},
        {"id_token": "forged"},
        {"code": "c"},
        {"code": "c", "state": ""},
        {"code": "c", "state": None},
        {"code": "c", "state": "of another attempt"},
        {"code": "c", "state": [STATE]},
        {"code": "c", "state": "\udcff"},
        {"state": STATE},
        {"code": "", "state": STATE},
        {"code": {"$ne": ""}, "state": STATE},
        {"code": "c", "state": STATE, "error": "access_denied"},
        {},
        [],
        "code",
        7,
    ],
)
def test_any_other_answer_is_refused_in_words(answer: Any) -> None:
    with pytest.raises(Forbidden) as caught:
        check_answer(answer, state=STATE, provider="Google")
    assert str(caught.value).endswith((".", "account."))


@pytest.mark.parametrize(
    ("text", "email", "is_named"),
    [
        ("example.com", "ada@example.com", True),
        ("Example.com, bob@example.org", "BOB@example.org", True),
        ("example.com", "ada@sub.example.com", False),
        ("example.com", "ada@example.com.evil.example", False),
        ("example.com", "ada@evilexample.com", False),
        ("example.com", "example.com@evil.example", False),
        ("bob@example.org", "eve@example.org", False),
        ("bob@example.org", "x@bob@example.org", False),
        ("", "ada@example.com", False),
    ],
)
def test_the_allow_list_names_whole_addresses_and_whole_domains(text: str, email: str, is_named: bool) -> None:
    assert AllowList.parse(text).names(email) is is_named
