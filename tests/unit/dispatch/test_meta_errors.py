from datetime import timedelta
from typing import Any

import pytest
from multidict import CIMultiDict

from orylo_dispatch.destinations.meta.errors import MetaFailure, classify
from orylo_dispatch.destinations.meta.reasons import FailureKind


def refused(
    code: Any, subcode: Any = None, status: int = 400, headers: dict[str, str] | None = None, **more: Any
) -> MetaFailure:
    error = {"message": "texto", "type": "OAuthException", "code": code, "fbtrace_id": "Abc", **more}
    if subcode is not None:
        error["error_subcode"] = subcode
    return classify(status, {"error": error}, CIMultiDict(headers or {}))


@pytest.mark.parametrize(
    ("code", "subcode", "status", "kind"),
    [
        (1, None, 400, FailureKind.TRANSIENT),
        (2, None, 503, FailureKind.TRANSIENT),
        (4, None, 403, FailureKind.THROTTLED),
        (17, 2446079, 400, FailureKind.THROTTLED),
        (80004, 2446079, 400, FailureKind.THROTTLED),
        (368, None, 400, FailureKind.THROTTLED),
        (190, 463, 401, FailureKind.TOKEN),
        (190, 460, 400, FailureKind.TOKEN),
        (102, None, 400, FailureKind.TOKEN),
        (10, None, 403, FailureKind.CONFIGURATION),
        (200, None, 403, FailureKind.CONFIGURATION),
        (294, None, 403, FailureKind.CONFIGURATION),
        (100, 33, 400, FailureKind.CONFIGURATION),
        (803, None, 404, FailureKind.CONFIGURATION),
        (100, 2804003, 400, FailureKind.EVENT_REFUSED),
        (100, 2804050, 400, FailureKind.EVENT_REFUSED),
        (100, 2804999, 400, FailureKind.EVENT_REFUSED),
        (506, None, 400, FailureKind.EVENT_REFUSED),
        (100, None, 400, FailureKind.REQUEST_REFUSED),
        (21009, None, 400, FailureKind.TRANSIENT),
        (999_999, None, 400, FailureKind.TRANSIENT),
        ("190", "463", 401, FailureKind.TOKEN),
        (None, None, 400, FailureKind.TRANSIENT),
    ],
)
def test_the_code_decides_and_not_the_status_or_the_text(
    code: Any, subcode: Any, status: int, kind: FailureKind
) -> None:
    assert refused(code, subcode, status).kind == kind


def test_meta_can_declare_an_error_transient() -> None:
    assert refused(100, 2804003, is_transient=True).kind == FailureKind.TRANSIENT
    # A throttled caller still has to wait.
    assert refused(4, is_transient=True).kind == FailureKind.THROTTLED


def test_the_code_includes_the_subcode() -> None:
    assert refused(100, 2804003).code == "100/2804003"
    assert refused(1).code == "1"
    assert refused(100, 2804003).trace_id == "Abc"


@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [
        (500, FailureKind.TRANSIENT, "http 500"),
        (502, FailureKind.TRANSIENT, "http 502"),
        (408, FailureKind.TRANSIENT, "http 408"),
        (403, FailureKind.TRANSIENT, "http 403"),
        (429, FailureKind.THROTTLED, "http 429"),
        (413, FailureKind.REQUEST_REFUSED, "http 413"),
        (200, FailureKind.TRANSIENT, "http 200"),
    ],
)
def test_the_answer_of_a_proxy_is_temporary(status: int, kind: FailureKind, code: str) -> None:
    failure = classify(status, None, CIMultiDict())

    assert (failure.kind, failure.code, failure.answered) == (kind, code, False)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 60),
        ({"retry-after": "7"}, 7),
        ({"X-Ad-Account-Usage": '{"acc_id_util_pct":100,"reset_time_duration":90}'}, 90),
        ({"x-business-use-case-usage": '{"1":[{"estimated_time_to_regain_access":3}]}'}, 180),
        (
            {
                "X-Business-Use-Case-Usage": '{"1":[{"estimated_time_to_regain_access":1}],"2":[{}]}',
                "X-Ad-Account-Usage": '{"reset_time_duration":200}',
            },
            200,
        ),
        ({"X-Business-Use-Case-Usage": '{"1":[{"estimated_time_to_regain_access":600}]}'}, 3600),
        ({"X-Business-Use-Case-Usage": "not json", "X-Ad-Account-Usage": "[1]", "Retry-After": "soon"}, 60),
        ({"X-Business-Use-Case-Usage": '{"1":{"a":1},"2":["b"]}'}, 60),
    ],
)
def test_the_headers_say_how_long_to_wait(headers: dict[str, str], seconds: int) -> None:
    assert refused(80004, headers=headers).retry_after == timedelta(seconds=seconds)


def test_after_a_policy_violation_the_wait_is_long() -> None:
    assert refused(368).retry_after == timedelta(hours=1)


@pytest.mark.parametrize("token", ["EAAJsecret1", "EAAG" + "x" * 180, "a1b2c3d4e5f6g7h8i9j0k1l2m3n4o5p6q7|r8s9"])
def test_the_reason_quotes_meta_without_the_access_token(token: str) -> None:
    assert refused(190, message=f"Malformed access token {token}").reason.endswith("Malformed access token …")


def test_the_reason_quotes_meta_without_personal_data() -> None:
    text = (
        "em 62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f of ana@example.com "
        "at 203.0.113.7, +5511999990000, fb.1.1778000000000.IwAR0"
    )
    reason = refused(100, 2804016, error_user_msg=text).reason

    assert reason == "A customer parameter is not hashed. Meta says: em … of … at …, …, …"
    assert len(refused(100, 2804016, error_user_msg="a " * 5000).reason) < 300
