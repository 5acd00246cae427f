"""Addresses as somebody may see them who has a link and need not be the customer."""

HIDDEN = "…"
SHOWN_DIGITS = 3


def mask_address(address: str) -> str:
    """``n…@e….example`` of an e-mail address; of anything else the last characters."""
    name, at, domain = address.rpartition("@")
    if not at:
        return HIDDEN + address[-SHOWN_DIGITS:] if len(address) > 2 * SHOWN_DIGITS else HIDDEN
    host, dot, end = domain.rpartition(".")
    return f"{name[:1]}{HIDDEN}@{host[:1]}{HIDDEN}{dot}{end}" if dot else f"{name[:1]}{HIDDEN}@{HIDDEN}"
