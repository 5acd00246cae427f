"""The signature on receipts: made by the vendor, checked by the API."""

import hashlib
import hmac

import pytest

from crm_core.campaigns.messages.signature import sign, verify
from crm_core.errors import Forbidden

BODY = b'{"receipts": []}'
NOW = 1_700_000_000


def test_header_holds_the_time_and_the_hmac_of_time_and_body() -> None:
    mac = hmac.new(b"secret", b"1700000000." + BODY, hashlib.sha256).hexdigest()
    assert sign(BODY, "secret", NOW) == f"t=1700000000,v1={mac}"


def test_what_was_signed_verifies() -> None:
    verify(sign(BODY, "secret", NOW), BODY, ("secret",), NOW)


def test_while_a_secret_is_replaced_both_verify_and_no_third() -> None:
    for secret in ("old", "new"):
        verify(sign(BODY, secret, NOW), BODY, ("old", "new"), NOW)
    with pytest.raises(Forbidden, match="does not match the body"):
        verify(sign(BODY, "third", NOW), BODY, ("old", "new"), NOW)


@pytest.mark.parametrize("header", [None, ""])
def test_missing_header_is_refused(header: str | None) -> None:
    with pytest.raises(Forbidden, match="missing"):
        verify(header, BODY, ("secret",), NOW)


@pytest.mark.parametrize(
    "header",
    [
        "nonsense",
        "t=1700000000",
        "v1=" + "0" * 64,
        "t=,v1=" + "0" * 64,
        "t=-5,v1=" + "0" * 64,
        "t=soon,v1=" + "0" * 64,
        "t=١٢٣,v1=" + "0" * 64,
        "t=" + "9" * 5000 + ",v1=" + "0" * 64,
        "t=1700000000,t=1700000001,v1=" + "0" * 64,
    ],
)
def test_malformed_header_is_refused(header: str) -> None:
    with pytest.raises(Forbidden, match="malformed"):
        verify(header, BODY, ("secret",), NOW)


def test_signature_is_good_to_the_last_second_of_the_tolerance() -> None:
    verify(sign(BODY, "secret", NOW - 300), BODY, ("secret",), NOW)
    verify(sign(BODY, "secret", NOW + 300), BODY, ("secret",), NOW)


def test_too_old_signature_is_refused() -> None:
    with pytest.raises(Forbidden, match="301 s old"):
        verify(sign(BODY, "secret", NOW - 301), BODY, ("secret",), NOW)


def test_signature_from_the_future_is_refused() -> None:
    with pytest.raises(Forbidden, match="301 s ahead"):
        verify(sign(BODY, "secret", NOW + 301), BODY, ("secret",), NOW)


def test_tolerance_can_be_chosen() -> None:
    with pytest.raises(Forbidden, match="allowed: 10 s"):
        verify(sign(BODY, "secret", NOW - 11), BODY, ("secret",), NOW, tolerance_s=10)


def test_changed_body_is_refused() -> None:
    with pytest.raises(Forbidden, match="does not match"):
        verify(sign(BODY, "secret", NOW), BODY + b" ", ("secret",), NOW)


def test_other_secret_is_refused() -> None:
    with pytest.raises(Forbidden, match="does not match"):
        verify(sign(BODY, "other", NOW), BODY, ("secret",), NOW)


def test_old_signature_cannot_be_given_a_newer_time() -> None:
    old = sign(BODY, "secret", NOW - 1000)
    with pytest.raises(Forbidden, match="does not match"):
        verify(old.replace(f"t={NOW - 1000}", f"t={NOW}"), BODY, ("secret",), NOW)


@pytest.mark.parametrize("mac", ["", "zz", "é" * 64, "\ud800"])
def test_signature_of_the_wrong_form_is_refused(mac: str) -> None:
    with pytest.raises(Forbidden, match="does not match"):
        verify(f"t={NOW},v1={mac}", BODY, ("secret",), NOW)


@pytest.mark.parametrize("order", [slice(None), slice(None, None, -1)])
def test_one_good_signature_among_several_is_enough(order: slice) -> None:
    macs = [sign(BODY, secret, NOW).partition(",")[2] for secret in ("new", "old")][order]
    verify(f"t={NOW}, {macs[0]}, v0=ignored, {macs[1]}", BODY, ("old",), NOW)


def test_empty_secret_neither_signs_nor_verifies() -> None:
    with pytest.raises(ValueError, match="empty"):
        sign(BODY, "", NOW)
    with pytest.raises(ValueError, match="empty"):
        verify(f"t={NOW},v1=00", BODY, ("",), NOW)
