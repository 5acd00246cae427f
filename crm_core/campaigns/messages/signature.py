"""Signs and checks what the vendor posts to us.

The header is ``X-Signature: t=<unix seconds>,v1=<hex HMAC-SHA256 of "t.body">``. The time
is part of what is signed, so that a recorded request cannot be replayed later with a newer ``t``.
"""

import hashlib
import hmac
import re

from crm_core.errors import Forbidden

HEADER = "X-Signature"
TOLERANCE_S = 300
_UNIX_TIME = re.compile(r"[0-9]{1,12}")


def sign(body: bytes, secret: str, at: int) -> str:
    """Return the header for ``body``; ``at`` is unix seconds."""
    return f"t={at},v1={_mac(body, secret, at)}"


def verify(header: str | None, body: bytes, secrets: tuple[str, ...], now: int, tolerance_s: int = TOLERANCE_S) -> None:
    """Raise Forbidden unless ``header`` was made for exactly this body, with one of these secrets, around ``now``.

    secrets: two while one is being replaced. Several ``v1=`` parts are allowed and one of them has to match, so that
    the sender can replace its own without a gap, too. Parts of other names are ignored. A ``t`` too far ahead is
    refused like one too old.
    """
    at, macs = _parse(header)
    if abs(now - at) > tolerance_s:
        age = f"{now - at} s old" if now > at else f"{at - now} s ahead of our clock"
        raise Forbidden(f"{HEADER} is {age}, allowed: {tolerance_s} s")
    expected = [_mac(body, secret, at).encode() for secret in secrets]
    # Every candidate is compared, each in constant time: the time taken tells nothing about a near miss.
    matches = [hmac.compare_digest(each, mac.encode("utf-8", "replace")) for each in expected for mac in macs]
    if not any(matches):
        raise Forbidden(f"{HEADER} does not match the body: wrong secret, or the body was changed on its way")


def _mac(body: bytes, secret: str, at: int) -> str:
    if not secret:
        raise ValueError("the signing secret is empty: anyone could sign")
    return hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()


def _parse(header: str | None) -> tuple[int, list[str]]:
    if not header:
        raise Forbidden(f"{HEADER} is missing, expected: t=<unix seconds>,v1=<hex>")
    parts = [part.strip().partition("=") for part in header.split(",")]
    times = [value for name, _, value in parts if name == "t"]
    macs = [value for name, _, value in parts if name == "v1"]
    if len(times) != 1 or not _UNIX_TIME.fullmatch(times[0]) or not macs:
        raise Forbidden(f"{HEADER} is malformed, expected: t=<unix seconds>,v1=<hex>")
    return int(times[0]), macs
