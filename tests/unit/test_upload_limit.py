"""What all sessions may upload together, which is too much to upload in a test."""

import asyncio

import httpx
import pytest
from starlette.responses import Response

from crm_core.front_door.paths import UPLOADS
from crm_core.front_door.uploads import MAX_SESSION_MB, MAX_TOTAL_MB, UploadLimit

MB = 1_000_000
FULL = {f"s{number}": MAX_SESSION_MB * MB for number in range(MAX_TOTAL_MB // MAX_SESSION_MB)}
TAKEN = Response(status_code=204)


def upload(size: int, stored: dict[str, int]) -> httpx.Response:
    """For a session that has no file yet, while those of others are kept."""

    async def send() -> httpx.Response:
        transport = httpx.ASGITransport(UploadLimit(TAKEN, lambda: stored))
        async with httpx.AsyncClient(transport=transport, base_url="http://any") as client:
            return await client.put(f"{UPLOADS}mine/file", content=b"x" * size)

    return asyncio.run(send())


@pytest.mark.parametrize(("stored", "status"), [(FULL, 503), (FULL | {"s0": 0}, 204), ({}, 204)])
def test_all_sessions_together_upload_no_more_than_the_memory_is_meant_for(stored: dict[str, int], status: int) -> None:
    answer = upload(1, stored)
    assert answer.status_code == status
    assert status == 204 or "try again in a minute" in answer.text
