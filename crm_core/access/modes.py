"""What the mode of the app asks of its settings before it starts."""

from urllib.parse import urlsplit

from crm_core.errors import InvalidInput
from crm_core.settings import Mode, Settings


def check_mode(settings: Settings) -> None:
    """Raises InvalidInput that names each setting that is missing or contradicts the mode."""
    faults = _production_faults(settings) if settings.mode is Mode.PRODUCTION else _demo_faults(settings)
    if faults:
        raise InvalidInput(f"CRM_MODE={settings.mode}: " + " ".join(faults))


def _demo_faults(settings: Settings) -> list[str]:
    if settings.demo_on_external_servers or not (settings.mongodb_uri or settings.redis_url):
        return []
    return [
        "In a demo, anybody who reaches the app may work with its data, and CRM_MONGODB_URI or CRM_REDIS_URL names "
        "servers of yours. Set CRM_MODE=production, or CRM_DEMO_ON_EXTERNAL_SERVERS=1 if that is meant."
    ]


def _production_faults(settings: Settings) -> list[str]:
    missing = {
        "CRM_SIGN_IN_CLIENT_ID (see docs/sign-in.md)": settings.sign_in_client_id,
        "CRM_SIGN_IN_CLIENT_SECRET (see docs/sign-in.md)": settings.sign_in_client_secret,
        "CRM_PUBLIC_URL (the https address that people open)": settings.public_url,
    }
    faults = [f"{setting} is not set." for setting, value in missing.items() if not value]
    if settings.public_url and urlsplit(settings.public_url).scheme != "https":
        faults.append(f"CRM_PUBLIC_URL is {settings.public_url}; it has to begin with https://.")
    if urlsplit(settings.sign_in_issuer).scheme != "https":
        faults.append(f"CRM_SIGN_IN_ISSUER is {settings.sign_in_issuer}; it has to begin with https://.")
    if settings.local_admin:
        faults.append("CRM_LOCAL_ADMIN lets anybody in as admin; unset it.")
    return faults
