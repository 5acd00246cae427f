"""Renders the answer to a batch, well or with the nonsense that was planned."""

import json

from fastapi import Response

from workers.vendor.calls import Answer
from workers.vendor.wire import Result

_NO_JSON = b"<html><body>It works</body></html>"


def render_results(results: list[Result], answer: Answer) -> Response:
    """Answer 200. ``unanswered`` is not rendered here: its connection is closed instead."""
    if answer == "no_json":
        return Response(_NO_JSON, media_type="text/html")
    if answer == "other_shape":
        return _to_json({"ok": True, "count": len(results)})
    return _to_json({"results": results[1::2] if answer == "missing_keys" else results})


def _to_json(content: object) -> Response:
    return Response(json.dumps(content, separators=(",", ":")), media_type="application/json")
