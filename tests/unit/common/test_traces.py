"""Spans and their export to a collector, which is a real HTTP server here."""

from collections.abc import Iterator

import pytest

from orylo_common.telemetry.traces import configure_traces, current_ids, current_traceparent, span
from tests.support.collector import Collector, running_collector

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def collector() -> Iterator[Collector]:
    with running_collector() as collector:
        yield collector


def test_without_an_endpoint_nothing_is_traced() -> None:
    with configure_traces("ingest", None), span("webhook", traceparent=PARENT, gateway="stripe") as current:
        assert not current.is_recording()
        assert current_traceparent() is None
        assert current_ids() is None


def test_a_span_continues_the_trace_of_a_traceparent(collector: Collector) -> None:
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


def test_an_invalid_traceparent_begins_a_new_trace(collector: Collector) -> None:
    with configure_traces("detector", collector.endpoint), span("handle", traceparent="nonsense"):
        assert current_traceparent() is not None


def test_attributes_and_errors_contain_no_personal_data(collector: Collector) -> None:
    with (
        configure_traces("ingest", collector.endpoint),
        pytest.raises(ValueError, match="maria"),
        span("webhook", gateway="stripe", email="maria", attempt=2, note="to maria@exemplo.com", customer=None),
    ):
        raise ValueError("maria@exemplo.com")

    webhook = collector.spans()["webhook"]
    assert webhook.status.message == "ValueError"
    assert {attribute.key for attribute in webhook.attributes} == {
        *("gateway", "email", "attempt", "note", "error.type")
    }
    assert b"maria" not in b"".join(collector.raw)


def test_a_missing_collector_causes_no_error() -> None:
    with configure_traces("ingest", "http://127.0.0.1:1"), span("webhook"):
        pass

    assert current_ids() is None
