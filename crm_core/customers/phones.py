"""Phone numbers as countries write them. Source: Google's libphonenumber, through phonenumbers."""

import phonenumbers


def calling_code(country: str | None) -> str:
    """Of an ISO 3166 country, "49" for DE; "" for none, and for a place without a code of its own."""
    code = phonenumbers.country_code_for_region(country) if country else 0
    return str(code) if code else ""
