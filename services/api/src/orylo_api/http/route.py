"""One line of the route table."""

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from aiohttp import hdrs

from orylo_api.access.roles import Permission
from orylo_api.call import Endpoint
from orylo_api.http.fields import RequestPart, ResponseBody

ANYONE = None
REQUEST_TIMEOUT = timedelta(seconds=15)


class Media(StrEnum):
    JSON = "application/json"
    EVENTS = "text/event-stream"
    CSV = "text/csv"
    # CSV or NDJSON, as the file's name says.
    FILE = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Route:
    """A path and what serves it. `path_values`, `query` and `body` are the models that these are read into.

    `summary` and `description` are for the API's readers, and so are the examples of the models' fields: each string
    has `examples=[…]`, or a value for its name in `http/examples.py`.

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
    # The first lines of the file, for the document.
    upload_example: str = ""
    # None for responses that are streamed.
    time_limit: timedelta | None = REQUEST_TIMEOUT
    # A stream's types of events, with the model of their data.
    events: Mapping[str, type[ResponseBody]] = field(default_factory=dict)
    # Works on the caller's own account, with a transaction of its own. Its responses may hold secrets, so they are not
    # stored for repeated requests.
    private: bool = False
    # For operators: its transaction sees every tenant.
    across_tenants: bool = False
    # A POST that replaces what GET returns at its path, and so takes `If-Match` too.
    replaces: bool = False
    # A change without `If-Match` is refused with 428.
    needs_if_match: bool = False
    # Served during maintenance although it is no GET: it changes nothing, or it ends the maintenance.
    serves_in_maintenance: bool = False
    # Its effect is in another service, which recognises a repetition. It holds no transaction while it waits for it.
    waits_for_service: bool = False
    # The body of a 503, if that is an answer rather than a problem.
    unhealthy: type[ResponseBody] | None = None
    # Statuses of errors beyond those that follow from the fields above.
    refuses: Set[int] = frozenset()

    @property
    def methods(self) -> tuple[str, ...]:
        """HEAD is served wherever GET is."""
        return ("GET", "HEAD") if self.method == "GET" else (self.method,)

    @property
    def in_transaction(self) -> bool:
        """Whether it works on a tenant's rows. A stream must not hold a connection while it lasts."""
        return self.permission is not None and self.media is Media.JSON and not self.private

    @property
    def takes_idempotency_key(self) -> bool:
        return self.method == "POST" and self.in_transaction

    @property
    def has_etag(self) -> bool:
        """Return whether the response has an ETag. A response that holds the time of its making differs each time."""
        dated = self.response is not None and "generated_at" in self.response.model_fields
        return self.method == "GET" and self.in_transaction and not dated

    @property
    def edits(self) -> bool:
        """Return whether it changes the resource at its path, and so takes `If-Match` with the ETag of its GET."""
        changes = self.replaces or self.method in {hdrs.METH_PUT, hdrs.METH_PATCH, hdrs.METH_DELETE}
        return changes and self.in_transaction

    @property
    def stops_in_maintenance(self) -> bool:
        return self.permission is not None and self.method != hdrs.METH_GET and not self.serves_in_maintenance

    @property
    def changes(self) -> bool:
        """Return whether it may change something, or concerns the caller's own account."""
        return self.private or (self.method != hdrs.METH_GET and not self.serves_in_maintenance)

    @property
    def is_page(self) -> bool:
        """Return whether the response is a page of a list, with a link to the next page."""
        return self.method == "GET" and self.response is not None and "next_cursor" in self.response.model_fields

    @property
    def errors(self) -> frozenset[int]:
        """The statuses of its error responses."""
        # 400 also for a request line or headers that are too long.
        statuses = {400, 503, *self.refuses}
        if self.permission is not None:
            statuses |= {401, 403}
        if self.path_values:
            statuses.add(404)
        if self.query or self.takes_idempotency_key:
            statuses.add(422)
        if self.body or self.upload_bytes:
            statuses |= {413, 415, 422}
        if self.takes_idempotency_key:
            statuses.add(409)
        if self.status != 204:
            statuses.add(406)
        if self.edits:
            statuses.add(412)
        if self.needs_if_match:
            statuses.add(428)
        return frozenset(statuses)
