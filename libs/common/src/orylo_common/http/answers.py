"""Read the answers of other servers. A proxy's error page can have any size and form."""

from collections.abc import Mapping
from typing import Any

import aiohttp
import orjson


async def read_object(response: aiohttp.ClientResponse, *, max_bytes: int) -> Mapping[str, Any] | None:
    """Return the JSON object of an answer, or None if it is none or longer than `max_bytes`."""
    body = b""
    async for chunk in response.content.iter_chunked(max_bytes):
        body += chunk
        if len(body) > max_bytes:
            break
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return answer if isinstance(answer, dict) else None
