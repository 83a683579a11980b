"""An OTLP trace collector: an HTTP server that stores the spans it receives."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import chain
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span


class Collector:
    def __init__(self) -> None:
        self.raw: list[bytes] = []
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                assert self.path == "/v1/traces"
                collector.raw.append(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *args: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.endpoint = f"http://127.0.0.1:{self.server.server_port}/"

    def spans(self) -> dict[str, Span]:
        """Return the latest span of each name."""
        return {found.name: found for found in self.all_spans()}

    def all_spans(self) -> Iterator[Span]:
        requests = [ExportTraceServiceRequest.FromString(body) for body in list(self.raw)]
        resources = chain.from_iterable(request.resource_spans for request in requests)
        scopes = chain.from_iterable(resource.scope_spans for resource in resources)
        return chain.from_iterable(scope.spans for scope in scopes)


def attributes_of(span: Span | Span.Link) -> dict[str, Any]:
    """Return the attributes of a span or of a link."""
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in span.attributes}


@contextmanager
def running_collector() -> Iterator[Collector]:
    collector = Collector()
    thread = threading.Thread(target=collector.server.serve_forever)
    thread.start()
    try:
        yield collector
    finally:
        collector.server.shutdown()
        thread.join()
        collector.server.server_close()
