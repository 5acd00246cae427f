"""Who calls: the API key is checked before the body is read."""

from typing import Annotated

from fastapi import Depends
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer, SecurityScopes
from starlette.concurrency import run_in_threadpool

from crm_core.access.keys import ApiKey, Scope
from crm_core.api.problems import Problem
from crm_core.services import Services, current

_BEARER = HTTPBearer(auto_error=False, description="An API key, made with `python -m crm_core key create`.")


async def services() -> Services:
    return current()


async def authorize(
    scopes: SecurityScopes,
    found: Annotated[Services, Depends(services)],
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)],
) -> ApiKey:
    """The caller's key with the scopes that the endpoint needs: no or unknown key 401, missing scope 403."""
    if credentials is None:
        raise Problem(401, "No API key", 'Send an API key: "Authorization: Bearer cn_…".')
    is_known, key = found.keys.cached(credentials.credentials)
    if not is_known:
        key = await run_in_threadpool(found.keys.find, credentials.credentials)
    if key is None:
        raise Problem(401, "Unknown API key", "This API key is not known; make one with python -m crm_core key create.")
    if missing := [scope for scope in scopes.scopes if Scope(scope) not in key.scopes]:
        raise Problem(403, "Missing scope", f"This API key lacks the scope {', '.join(missing)}.")
    return key


ServicesDep = Annotated[Services, Depends(services)]
