"""Every path of the API: the one table that serves, guards and documents them."""

from collections.abc import Sequence

from orylo_api.access import endpoints as auth
from orylo_api.access.models import Identity, LoginRequest, SignedIn
from orylo_api.access.roles import Permission
from orylo_api.conversions import endpoints as conversions
from orylo_api.conversions.models import Conversion, ConversionPage, ConversionPath, ConversionQuery
from orylo_api.customers import endpoints as customers
from orylo_api.customers.models import (
    Customer,
    CustomerPage,
    CustomerPath,
    CustomerQuery,
    StatusAccepted,
    StatusRequest,
)
from orylo_api.dead_letters import endpoints as dead_letters
from orylo_api.dead_letters.models import (
    DeadLetter,
    DeadLetterPage,
    DeadLetterPath,
    DeadLetterQuery,
    DeadLetterSummary,
    DiscardRequest,
)
from orylo_api.detections import endpoints as detections
from orylo_api.detections.models import Detection, DetectionPage, DetectionPath, DetectionQuery
from orylo_api.http import document as documents
from orylo_api.http.route import ANYONE, Media, Route
from orylo_api.overview import endpoints as overview
from orylo_api.overview.models import Overview, OverviewQuery
from orylo_api.payments import endpoints as payments
from orylo_api.payments.models import Payment, PaymentPath
from orylo_api.quarantine import endpoints as quarantine
from orylo_api.quarantine.models import (
    Quarantined,
    QuarantinedSummary,
    QuarantinePage,
    QuarantinePath,
    QuarantineQuery,
)
from orylo_api.rejections import endpoints as rejections
from orylo_api.rejections.models import RejectionPage, RejectionQuery
from orylo_api.stream import endpoints as live
from orylo_api.stream.models import StreamQuery

READ = Permission.READ
SETTLE = Permission.SETTLE_DEAD_LETTERS

ROUTES: Sequence[Route] = (
    # method, path, endpoint, who may, summary
    Route("POST", "/api/v1/auth/login", auth.login, ANYONE, "Sign in", body=LoginRequest, answer=SignedIn),
    Route("POST", "/api/v1/auth/refresh", auth.refresh, ANYONE, "Lengthen the session", answer=SignedIn),
    Route("POST", "/api/v1/auth/logout", auth.logout, ANYONE, "Sign out", status=204),
    Route("GET", "/api/v1/auth/me", auth.me, READ, "Who am I, and what may I do", answer=Identity),
    Route(
        "GET",
        "/api/v1/overview",
        overview.show_overview,
        READ,
        "Numbers of today, of a day and of a week, and a series",
        query=OverviewQuery,
        answer=Overview,
    ),
    Route(
        "GET",
        "/api/v1/detections",
        detections.list_detections,
        READ,
        "Decisions, newest first",
        query=DetectionQuery,
        answer=DetectionPage,
    ),
    Route(
        "GET",
        "/api/v1/detections/{id}",
        detections.show_detection,
        READ,
        "One decision",
        path_values=DetectionPath,
        answer=Detection,
    ),
    Route(
        "GET",
        "/api/v1/customers",
        customers.list_customers,
        READ,
        "Buyers, those first seen last at the top",
        query=CustomerQuery,
        answer=CustomerPage,
    ),
    Route(
        "GET",
        "/api/v1/customers/{id}",
        customers.show_customer,
        READ,
        "One buyer with the latest of their history",
        path_values=CustomerPath,
        answer=Customer,
    ),
    Route(
        "POST",
        "/api/v1/customers/{id}/status",
        customers.set_status,
        Permission.SET_CUSTOMER_STATUS,
        "Block a buyer, trust them always, or neither",
        path_values=CustomerPath,
        body=StatusRequest,
        answer=StatusAccepted,
        status=202,
    ),
    Route(
        "GET",
        "/api/v1/payments/{id}",
        payments.show_payment,
        READ,
        "One purchase",
        path_values=PaymentPath,
        answer=Payment,
    ),
    Route(
        "GET",
        "/api/v1/conversions",
        conversions.list_conversions,
        READ,
        "Sales reported to destinations, newest first",
        query=ConversionQuery,
        answer=ConversionPage,
    ),
    Route(
        "GET",
        "/api/v1/conversions/{id}",
        conversions.show_conversion,
        READ,
        "One reported sale",
        path_values=ConversionPath,
        answer=Conversion,
    ),
    Route(
        "GET",
        "/api/v1/dead-letters",
        dead_letters.list_dead_letters,
        READ,
        "What was set aside, newest first",
        query=DeadLetterQuery,
        answer=DeadLetterPage,
    ),
    Route(
        "GET",
        "/api/v1/dead-letters/{id}",
        dead_letters.show_dead_letter,
        READ,
        "One of them with its payload and history",
        path_values=DeadLetterPath,
        answer=DeadLetter,
    ),
    Route(
        "POST",
        "/api/v1/dead-letters/{id}/replay",
        dead_letters.replay,
        SETTLE,
        "Try it once more",
        path_values=DeadLetterPath,
        answer=DeadLetterSummary,
    ),
    Route(
        "POST",
        "/api/v1/dead-letters/{id}/discard",
        dead_letters.discard,
        SETTLE,
        "Give it up, with a reason",
        path_values=DeadLetterPath,
        body=DiscardRequest,
        answer=DeadLetterSummary,
    ),
    Route(
        "GET",
        "/api/v1/rejections",
        rejections.list_rejections,
        READ,
        "Webhooks that were turned away, and why; newest first",
        query=RejectionQuery,
        answer=RejectionPage,
    ),
    Route(
        "GET",
        "/api/v1/quarantine",
        quarantine.list_quarantine,
        READ,
        "Genuine webhooks that were set aside, newest first",
        query=QuarantineQuery,
        answer=QuarantinePage,
    ),
    Route(
        "GET",
        "/api/v1/quarantine/{id}",
        quarantine.show_quarantined,
        READ,
        "One of them with its scrubbed payload",
        path_values=QuarantinePath,
        answer=Quarantined,
    ),
    Route(
        "POST",
        "/api/v1/quarantine/{id}/replay",
        quarantine.replay_quarantined,
        Permission.REPLAY_QUARANTINE,
        "Read it once more",
        path_values=QuarantinePath,
        answer=QuarantinedSummary,
        status=202,
    ),
    Route(
        "POST",
        "/api/v1/quarantine/{id}/discard",
        quarantine.discard_quarantined,
        Permission.DISCARD_QUARANTINE,
        "Give it up, with a reason",
        path_values=QuarantinePath,
        body=DiscardRequest,
        answer=QuarantinedSummary,
    ),
    Route(
        "GET",
        "/api/v1/stream",
        live.stream,
        READ,
        "What happens, as it happens: server-sent events",
        query=StreamQuery,
        media=Media.EVENTS,
    ),
    Route("GET", "/api/openapi.json", documents.show_openapi, ANYONE, "This document"),
)
