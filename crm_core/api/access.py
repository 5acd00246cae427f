"""Who calls: the API key is checked before the body is read."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer, SecurityScopes
from starlette.concurrency import run_in_threadpool

from crm_core.access.actor import anybody
from crm_core.access.api_key import ApiKey
from crm_core.access.audit_counts import KEY_USE
from crm_core.access.scopes import Scope
from crm_core.api.problems import Problem
from crm_core.campaigns.messages.signature import HEADER as SIGNATURE_HEADER
from crm_core.services import Services, current

_BEARER = HTTPBearer(auto_error=False, description="An API key, created with `python -m crm_core key create`.")
_SCHEME = "bearer "

Security = dict[str, list[dict[str, list[str]]]]
SIGNATURE = "VendorSignature"
SIGNED: Security = {"security": [{SIGNATURE: []}]}
METRICS = "MetricsToken"
METERED: Security = {"security": [{METRICS: []}]}
PUBLIC: Security = {"security": []}
"""What the OpenAPI document says of operations that need no API key: the vendor signs, Prometheus has a token, anybody
may ask for health."""
METRICS_SCHEME = {
    "type": "apiKey",
    "in": "header",
    "name": "Authorization",
    "description": "`Bearer` and the token of `CRM_METRICS_TOKEN`. People who are signed in need none.",
}
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
    request: Request,
    scopes: SecurityScopes,
    services: Annotated[Services, Depends(services)],
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)],
) -> ApiKey:
    """The caller's key with the scopes that the endpoint needs. Raises Problem: see ``admit``."""
    secret = credentials.credentials if credentials else None
    key = await admit(services, secret, [Scope(scope) for scope in scopes.scopes], _origin(request))
    request.state.actor = key.actor
    return key


async def authorize_directly(services: Services, request: Request, scope: Scope) -> ApiKey:
    """The same without FastAPI's dependencies, which take as long as all the rest of accepting one record."""
    header = request.headers.get("authorization", "")
    secret = header[len(_SCHEME) :].strip() if header[: len(_SCHEME)].lower() == _SCHEME else None
    return await admit(services, secret, (scope,), _origin(request))


async def admit(services: Services, secret: str | None, scopes: Sequence[Scope], origin: str | None) -> ApiKey:
    """No key, an unknown one or one that works no more 401, missing scope 403, too many requests 429.

    origin: the address of the caller. Uses and refusals are counted in the audit log.
    """
    if not secret:
        raise Problem(401, "No API key", 'Send an API key: "Authorization: Bearer cn_…".')
    is_known, found = services.keys.cached(secret)
    if not is_known:
        found = await run_in_threadpool(services.keys.find, secret)
    counts = services.audit_counts
    if found is None:
        counts.note(anybody(origin), "key.unknown", origin or "")
        raise Problem(401, "Unknown API key", "This API key is not known; make one with python -m crm_core key create.")
    key = found.seen_from(origin)
    if fault := key.fault(services.clock()):
        counts.note(key.actor, "key.refused", key.id, {"reason": fault})
        raise Problem(401, "API key not valid", f"This API key {fault}.")
    if missing := [scope for scope in scopes if scope not in key.usable_scopes]:
        counts.note(key.actor, "key.refused", key.id, {"reason": f"lacks {', '.join(missing)}"})
        raise Problem(403, "Missing scope", _missing_scope(key, missing))
    if (wait_s := await services.rate_limiter.take(key)) is not None:
        raise Problem(429, "Too many requests", f"Try again in {wait_s} s.", retry_after_s=wait_s)
    for scope in scopes:
        counts.note(key.actor, KEY_USE, key.id, {"scope": scope})
    return key


def _missing_scope(key: ApiKey, missing: Sequence[Scope]) -> str:
    if not set(missing) <= key.scopes or key.owner is None:
        return f"This API key lacks the scope {', '.join(missing)}."
    return f"The owner of this API key is {key.owner.role.with_article}, who may not use {', '.join(missing)}."


def _origin(request: Request) -> str | None:
    return request.client.host if request.client else None


ServicesDep = Annotated[Services, Depends(services)]
