"""How names become e-mail addresses and numbers become phone numbers that reach nobody."""

from crm_core.demo.names import Name

EMAIL_DOMAINS = ("example.com", "example.org", "example.net")  # RFC 2606: reserved, never anybody's
EMAIL_STYLES = ("{given}.{family}{number}", "{initial}{family}{number}", "{given}_{family}.{number}")
SIGNUP_CHANNELS = ("web", "app", "store", "marketplace", "referral")


def write_email(given: Name, family: Name, number: int, style: int, domain: int) -> str:
    """Write an address; the customer's ``number`` makes it unique."""
    local = EMAIL_STYLES[style].format(given=given.latin, family=family.latin, initial=given.latin[0], number=number)
    return f"{local}@{EMAIL_DOMAINS[domain]}"


def write_phone(calling_code: int, number: int) -> str:
    """Write a number that no network can dial, from one below two million.

    North America has no area code 555 and no exchange that begins with 0 or 1; in the other countries of the
    demo no number goes on with 00 after the country code.
    """
    million, rest = divmod(number, 1_000_000)
    digits = f"{rest:06}"
    if calling_code == 1:
        return f"+1 555 {million}{digits[:2]} {digits[2:]}"
    return f"+{calling_code} 00 {5 + million}{digits[:2]} {digits[2:]}"
