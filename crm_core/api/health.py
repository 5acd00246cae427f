"""``GET /healthz`` and ``/readyz``: whether the process lives, and whether it can do its work."""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from crm_core.api.access import ServicesDep
from crm_core.api.problems import problem, to_responses
from crm_core.errors import Unavailable

router = APIRouter(tags=["Operations"])


@router.get("/healthz")
async def get_health() -> dict[str, str]:
    """The process answers. For a liveness probe: starting it anew would not bring a server back."""
    return {"status": "ok"}


@router.get("/readyz", responses=to_responses({503: "A server that is needed does not answer."}, keyed=False))
def get_readiness(found: ServicesDep) -> JSONResponse:
    """MongoDB and Valkey answer. For a readiness probe and a load balancer."""
    checks: dict[str, Any] = {}
    for name, ping in (("mongodb", found.ping_mongodb), ("valkey", found.ping_valkey)):
        try:
            ping()
            checks[name] = "ok"
        except Unavailable as exc:
            checks[name] = str(exc)
    away = [name for name, answer in checks.items() if answer != "ok"]
    if away:
        return problem(503, "Not ready", f"No answer from {' and '.join(away)}.", checks=checks)
    return JSONResponse({"status": "ok", "checks": checks})
