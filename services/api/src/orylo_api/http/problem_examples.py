"""An example of each problem, made as the response is made."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

from orylo_api.errors import (
    Conflict,
    Forbidden,
    HeldByAnother,
    Invalid,
    NotAcceptable,
    NotFound,
    PreconditionFailed,
    PreconditionRequired,
    SeveralTenants,
    TooManyAttempts,
    TooManyChecks,
    TooManyJobs,
    TooManyStreams,
    TooManyVitals,
    Unauthenticated,
    Unreadable,
    WrongMediaType,
)
from orylo_api.http.examples import EXAMPLE_ID
from orylo_api.http.fields import CaseHolder
from orylo_api.http.maintenance import maintenance
from orylo_api.http.problem_details import FieldProblem, TenantName
from orylo_api.http.problems import UNAVAILABLE, problem_of
from orylo_api.http.reading import MAX_BODY
from orylo_common.http.bodies import too_large
from orylo_common.http.problems import HTTPProblem, Problem

_A_MINUTE = timedelta(minutes=1)

EXAMPLES: Sequence[Problem] = tuple(
    map(
        partial(problem_of, request_id=EXAMPLE_ID),
        (
            Unreadable("the body is not JSON"),
            Unauthenticated("the API key is invalid"),
            Forbidden("the role viewer lacks the permission lists.change"),
            Forbidden("My shop is suspended; ask the operator of the platform", code="tenant_suspended"),
            Forbidden("nothing can be changed while you have entered a tenant", code="impersonation_read_only"),
            NotFound("there is nothing with this id"),
            NotAcceptable("the response is application/json"),
            Conflict("the second factor is off"),
            Conflict("the dead letter is already replayed", code="already_settled"),
            Conflict("this idempotency key was used for another request", code="idempotency_key_reused"),
            HeldByAnother(CaseHolder(name="bia@shop.example", until=datetime(2026, 3, 14, 15, 14, 26, tzinfo=UTC))),
            SeveralTenants([TenantName(slug="my-shop", name="My shop"), TenantName(slug="outlet", name="Outlet")]),
            PreconditionFailed("the resource has changed since you read it; read it again"),
            HTTPProblem(too_large(MAX_BODY)),
            WrongMediaType("the body must be application/json"),
            Invalid("some values are invalid", [FieldProblem(field="body.reason", message="Field required")]),
            PreconditionRequired("send `If-Match` with the ETag of the resource that you have seen"),
            TooManyAttempts("too many failed attempts to sign in", _A_MINUTE),
            TooManyChecks("other checks of destinations are in progress", _A_MINUTE),
            TooManyJobs("20 jobs are waiting or running; wait for one, or cancel it", _A_MINUTE),
            TooManyStreams("at most 50 streams of one user or API key may be open at a time; close one", _A_MINUTE),
            TooManyVitals("too many reports of Web Vitals in this minute", _A_MINUTE),
            HTTPProblem(maintenance("We are moving to a new database until 03:00 UTC.", _A_MINUTE)),
            HTTPProblem(UNAVAILABLE),
        ),
    )
)
