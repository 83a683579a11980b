"""Spans and their way to a collector, which is a real HTTP server here."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import chain

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from orylo_common.telemetry.traces import configure_traces, current_ids, current_traceparent, span

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


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
        requests = [ExportTraceServiceRequest.FromString(body) for body in self.raw]
        resources = chain.from_iterable(request.resource_spans for request in requests)
        scopes = chain.from_iterable(resource.scope_spans for resource in resources)
        return {found.name: found for found in chain.from_iterable(scope.spans for scope in scopes)}


@pytest.fixture
def collector() -> Iterator[Collector]:
    collector = Collector()
    thread = threading.Thread(target=collector.server.serve_forever)
    thread.start()
    yield collector
    collector.server.shutdown()
    thread.join()
    collector.server.server_close()


def test_without_an_endpoint_nothing_is_traced() -> None:
    with configure_traces("ingest", None), span("webhook", traceparent=PARENT, gateway="stripe") as current:
        assert not current.is_recording()
        assert current_traceparent() is None
        assert current_ids() is None


def test_a_trace_crosses_the_broker_by_its_traceparent(collector: Collector) -> None:
    with configure_traces("detector", collector.endpoint):
        with span("publish", traceparent=PARENT):
            sent = current_traceparent()
        with span("handle", traceparent=sent), span("store"):
            assert current_ids() is not None

    spans = collector.spans()
    assert {found.trace_id.hex() for found in spans.values()} == {PARENT.split("-")[1]}
    assert spans["publish"].parent_span_id.hex() == PARENT.split("-")[2]
    assert spans["handle"].parent_span_id == spans["publish"].span_id
    assert spans["store"].parent_span_id == spans["handle"].span_id


def test_a_traceparent_that_is_none_begins_a_new_trace(collector: Collector) -> None:
    with configure_traces("detector", collector.endpoint), span("handle", traceparent="nonsense"):
        assert current_traceparent() is not None


def test_attributes_and_errors_are_told_without_people_in_them(collector: Collector) -> None:
    with (
        configure_traces("ingest", collector.endpoint),
        pytest.raises(ValueError, match="maria"),
        span("webhook", gateway="stripe", email="maria", attempt=2, note="to maria@exemplo.com", customer=None),
    ):
        raise ValueError("maria@exemplo.com")

    told = collector.spans()["webhook"]
    assert told.status.message == "ValueError"
    assert {attribute.key for attribute in told.attributes} == {"gateway", "email", "attempt", "note"}
    assert b"maria" not in b"".join(collector.raw)


def test_a_collector_that_is_away_stops_nobody() -> None:
    with configure_traces("ingest", "http://127.0.0.1:1"), span("webhook"):
        pass

    assert current_ids() is None
