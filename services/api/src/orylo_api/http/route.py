"""One line of the route table."""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from orylo_api.access.roles import Permission
from orylo_api.call import Endpoint
from orylo_api.http.fields import RequestPart, ResponseBody

ANYONE = None
REQUEST_TIMEOUT = timedelta(seconds=15)


class Media(StrEnum):
    JSON = "application/json"
    EVENTS = "text/event-stream"
    CSV = "text/csv"


@dataclass(frozen=True, slots=True)
class Route:
    """A path and what serves it. `path_values`, `query` and `body` are the models that these are read into.

    A route with `upload_bytes` takes a CSV file of at most that size as its body. `media` is the response's.
    """

    method: str
    path: str
    endpoint: Endpoint
    permission: Permission | None
    summary: str
    path_values: type[RequestPart] | None = None
    query: type[RequestPart] | None = None
    body: type[RequestPart] | None = None
    response: type[ResponseBody] | None = None
    status: int = 200
    media: Media = Media.JSON
    description: str = ""
    upload_bytes: int = 0
    # None for responses that are streamed.
    time_limit: timedelta | None = REQUEST_TIMEOUT
    # What a stream's events carry.
    events: Sequence[type[ResponseBody]] = ()
    # Works on the caller's own account, with a transaction of its own. Its responses may hold secrets, so they are not
    # stored for repeated requests.
    private: bool = False
    # Its response is that of a GET of the same resource, whose ETag `If-Match` may name.
    takes_if_match: bool = False
    # Statuses of errors beyond those that follow from the fields above.
    refuses: Set[int] = frozenset()

    @property
    def methods(self) -> tuple[str, ...]:
        """HEAD is served wherever GET is, except for streams."""
        return ("GET", "HEAD") if self.method == "GET" and self.media is Media.JSON else (self.method,)

    @property
    def in_transaction(self) -> bool:
        """Whether it works on a tenant's rows. A stream must not hold a connection while it lasts."""
        return self.permission is not None and self.media is Media.JSON and not self.private

    @property
    def takes_idempotency_key(self) -> bool:
        return self.method == "POST" and self.in_transaction

    @property
    def has_etag(self) -> bool:
        return self.takes_if_match or (self.method == "GET" and self.path_values is not None)

    @property
    def errors(self) -> frozenset[int]:
        """The statuses of its error responses."""
        statuses = {503, *self.refuses}
        if self.permission is not None:
            statuses |= {401, 403}
        if self.path_values:
            statuses.add(404)
        if self.query or self.takes_idempotency_key:
            statuses.add(422)
        if self.body or self.upload_bytes:
            statuses |= {400, 413, 415, 422}
        if self.takes_idempotency_key:
            statuses.add(409)
        if self.takes_if_match:
            statuses.add(412)
        return frozenset(statuses)
