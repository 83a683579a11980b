import pytest
from structlog.testing import capture_logs

from orylo_ingest.http import rejection_log
from orylo_ingest.http.rejection_log import MAX_KINDS, RejectionLog
from tests.unit.ingest.given import recorded_from, stripe


class Time:
    now = 100.0

    @classmethod
    def monotonic(cls) -> float:
        return cls.now


@pytest.fixture(autouse=True)
def time(monkeypatch: pytest.MonkeyPatch) -> type[Time]:
    Time.now = 100.0
    monkeypatch.setattr(rejection_log, "time", Time)
    return Time


def refuse(log: RejectionLog, tenant: str = "loja", code: str = "signature_mismatch", known: bool = True) -> None:
    log.log_rejection(gateway="stripe", tenant=tenant, tenant_known=known, code=code, status=401, size=10)


def test_made_up_tenants_are_one_kind() -> None:
    log = RejectionLog()
    with capture_logs() as lines:
        for number in range(500):
            refuse(log, tenant=f"made-up-{number}", code="not_found", known=False)
    assert [line["tenant"] for line in lines] == ["made-up-0"]


def test_a_flood_of_one_kind_is_a_line_now_and_then(time: type[Time]) -> None:
    log = RejectionLog()
    with capture_logs() as lines:
        for _ in range(500):
            refuse(log)
        time.now += 11
        refuse(log)
    assert [line["suppressed"] for line in lines] == [0, 499]


def test_a_line_says_what_was_refused_and_not_who_sent_it() -> None:
    with capture_logs() as lines:
        refuse(RejectionLog())
    assert set(lines[0]) == {*("event", "log_level", "gateway", "tenant", "code", "status", "bytes", "suppressed")}


def test_other_kinds_are_reported_at_once() -> None:
    log = RejectionLog()
    with capture_logs() as lines:
        refuse(log)
        refuse(log, tenant="other")
        refuse(log, code="token_missing")
    assert len(lines) == 3


def test_strangers_do_not_fill_the_memory() -> None:
    log = RejectionLog()
    with capture_logs():
        for number in range(3 * MAX_KINDS):
            refuse(log, tenant=f"t{number}" * 100)
    assert len(log._kinds) <= MAX_KINDS
    assert max(len(kind[1]) for kind in log._kinds) <= 64


def test_what_is_set_aside_is_reported_the_same_way() -> None:
    log, record = RejectionLog(), recorded_from("stripe", {"id": "evt_1"})
    with capture_logs() as lines:
        for _ in range(20):
            log.log_unprocessed(record, "quarantined")
        log.log_unprocessed(recorded_from("stripe", stripe("charge.succeeded")), "conflict")
    assert [line["event"] for line in lines] == ["webhook.quarantined", "webhook.conflict"]
