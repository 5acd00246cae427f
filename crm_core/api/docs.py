"""Swagger UI at ``/docs``, all of it served by the app: nothing loaded from elsewhere, no script within the page."""

from importlib.resources import files
from typing import Final

from fastapi import FastAPI
from fastapi.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles

_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>ClientNest API</title>
<link rel="icon" href="docs/swagger/favicon.png">
<link rel="stylesheet" href="docs/swagger/swagger-ui.css">
</head>
<body>
<div id="swagger"></div>
<script src="docs/swagger/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
"""
_START: Final = """SwaggerUIBundle({
  url: "/api/openapi.json",
  dom_id: "#swagger",
  deepLinking: true,
  presets: [SwaggerUIBundle.presets.apis],
});
"""


def install_docs(api: FastAPI) -> None:
    """Swagger's files come from a package whose version is pinned (ADR 6)."""

    @api.get("/docs", include_in_schema=False)
    async def get_docs() -> Response:
        return HTMLResponse(_PAGE)

    @api.get("/docs/start.js", include_in_schema=False)
    async def get_docs_start() -> Response:
        return Response(_START, media_type="text/javascript")

    api.mount("/docs/swagger", StaticFiles(directory=str(files("fastapi_offline") / "static")))
