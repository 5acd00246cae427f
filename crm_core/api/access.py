"""Who calls: the API key is checked before the body is read."""

from collections.abc import Iterable
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer, SecurityScopes
from starlette.concurrency import run_in_threadpool

from crm_core.access.keys import ApiKey
from crm_core.access.scopes import Scope
from crm_core.api.problems import Problem
from crm_core.campaigns.messages.signature import HEADER as SIGNATURE_HEADER
from crm_core.services import Services, current

_BEARER = HTTPBearer(auto_error=False, description="An API key, created with `python -m crm_core key create`.")
_SCHEME = "bearer "

Security = dict[str, list[dict[str, list[str]]]]
SIGNATURE = "VendorSignature"
SIGNED: Security = {"security": [{SIGNATURE: []}]}
PUBLIC: Security = {"security": []}
"""What the OpenAPI document says of operations that need no API key: the vendor signs, anybody may ask for health."""
SIGNATURE_SCHEME = {
    "type": "apiKey",
    "in": "header",
    "name": SIGNATURE_HEADER,
    "description": "`t=<unix seconds>,v1=<hex HMAC-SHA256 of t.body>`, made with the vendor's secret.",
}


def keyed(scope: Scope) -> Security:
    """The same of an operation whose endpoint checks the key itself."""
    return {"security": [{_BEARER.scheme_name: [scope]}]}


async def services() -> Services:
    return current()


async def authorize(
    scopes: SecurityScopes,
    services: Annotated[Services, Depends(services)],
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)],
) -> ApiKey:
    """The caller's key with the scopes that the endpoint needs. Raises Problem: see ``admit``."""
    return await admit(services, credentials.credentials if credentials else None, map(Scope, scopes.scopes))


async def authorize_directly(services: Services, request: Request, scope: Scope) -> ApiKey:
    """The same without FastAPI's dependencies, which take as long as all the rest of accepting one record."""
    header = request.headers.get("authorization", "")
    secret = header[len(_SCHEME) :].strip() if header[: len(_SCHEME)].lower() == _SCHEME else None
    return await admit(services, secret, (scope,))


async def admit(services: Services, secret: str | None, scopes: Iterable[Scope]) -> ApiKey:
    """No or unknown key 401, missing scope 403, too many requests 429."""
    if not secret:
        raise Problem(401, "No API key", 'Send an API key: "Authorization: Bearer cn_…".')
    is_known, key = services.keys.cached(secret)
    if not is_known:
        key = await run_in_threadpool(services.keys.find, secret)
    if key is None:
        raise Problem(401, "Unknown API key", "This API key is not known; make one with python -m crm_core key create.")
    if missing := [scope for scope in scopes if scope not in key.scopes]:
        raise Problem(403, "Missing scope", f"This API key lacks the scope {', '.join(missing)}.")
    if (wait_s := await services.rate_limiter.take(key)) is not None:
        raise Problem(429, "Too many requests", f"Try again in {wait_s} s.", retry_after_s=wait_s)
    return key


ServicesDep = Annotated[Services, Depends(services)]
