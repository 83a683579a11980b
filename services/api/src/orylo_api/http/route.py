"""What one line of the route table says."""

from dataclasses import dataclass
from enum import StrEnum

from orylo_api.access.roles import Permission
from orylo_api.call import Endpoint
from orylo_api.http.fields import Answer, Request

ANYONE = None


class Media(StrEnum):
    JSON = "application/json"
    EVENTS = "text/event-stream"


@dataclass(frozen=True, slots=True)
class Route:
    """`path_values`, `query` and `body` are read into these models; without one there is none to read."""

    method: str
    path: str
    endpoint: Endpoint
    permission: Permission | None
    summary: str
    path_values: type[Request] | None = None
    query: type[Request] | None = None
    body: type[Request] | None = None
    answer: type[Answer] | None = None
    status: int = 200
    media: Media = Media.JSON

    @property
    def methods(self) -> tuple[str, ...]:
        """HEAD asks for what GET answers, without the body; a stream has nothing else."""
        return ("GET", "HEAD") if self.method == "GET" and self.media is Media.JSON else (self.method,)

    @property
    def in_transaction(self) -> bool:
        """It reads or changes a tenant's rows. A stream holds no connection while it lasts."""
        return self.permission is not None and self.media is Media.JSON

    @property
    def takes_idempotency_key(self) -> bool:
        return self.method == "POST" and self.in_transaction

    @property
    def has_etag(self) -> bool:
        return self.method == "GET" and self.path_values is not None
