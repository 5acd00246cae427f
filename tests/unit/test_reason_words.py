"""Reasons of the message log in words."""

import pytest

from crm_core.audience.eligibility import Reason
from crm_core.campaigns.states import RowReason
from pages._ui.channels import failure_words, reason_words


@pytest.mark.parametrize("reason", [*Reason, *RowReason])
def test_every_reason_of_ours_has_words_of_its_own(reason: Reason | RowReason) -> None:
    others = {reason_words(each) for each in (*Reason, *RowReason) if each != reason}
    words = reason_words(reason)
    assert words not in others
    assert "_" not in words
    assert words != str(reason)


def test_a_reason_that_the_vendor_gives_reads_as_it_is() -> None:
    assert reason_words("device_offline") == "Device offline"


def test_a_failure_says_what_it_means_where_the_channel_knows() -> None:
    assert failure_words("sms", "blocked_by_recipient") == "Blocked by recipient: wants no messages"
    assert failure_words("email", "marked_as_spam") == "Marked as spam: complained"
    assert failure_words("in_app", "device_offline") == "Device offline"
    assert failure_words("telex", "blocked_by_recipient") == "Blocked by recipient"
