"""``GET /healthz`` and ``/readyz``: whether the process lives, and whether it can do its work."""

from fastapi.responses import JSONResponse

from crm_core.api.access import PUBLIC, ServicesDep
from crm_core.api.answers.operations import Health, Readiness
from crm_core.api.problems import problem, to_responses
from crm_core.api.routing import Router
from crm_core.errors import Unavailable

router = Router(tags=["Operations"])


@router.get("/healthz", openapi_extra=PUBLIC)
async def get_health() -> Health:
    """Answer as long as the process lives, whatever its servers do. For a liveness probe."""
    return {"status": "ok"}


@router.get(
    "/readyz",
    openapi_extra=PUBLIC,
    responses={
        200: {"model": Readiness},
        **to_responses(
            {503: "A server that is needed does not answer, or the data are being brought forward."}, keyed=False
        ),
    },
)
def get_readiness(services: ServicesDep) -> JSONResponse:
    """Say whether MongoDB and Valkey answer. For a readiness probe and a load balancer."""
    checks: dict[str, str] = {}
    for name, ping in (("mongodb", services.ping_mongodb), ("valkey", services.ping_valkey)):
        try:
            ping()
            checks[name] = "ok"
        except Unavailable as exc:
            checks[name] = str(exc)
    away = [name for name, answer in checks.items() if answer != "ok"]
    if away:
        return problem(503, "Not ready", f"No answer from {' and '.join(away)}.", checks=checks)
    return JSONResponse({"status": "ok", "checks": checks})
