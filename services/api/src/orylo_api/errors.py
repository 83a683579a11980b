"""Reasons not to serve a request. `http/problems.py` turns each into an error response."""

from collections.abc import Sequence
from datetime import timedelta

from orylo_api.http.fields import CaseHolder
from orylo_api.http.problem_details import FieldProblem, TenantName


class RequestError(Exception):
    """The request cannot be served. The text is the reason, for the sender."""

    # The problem's code, where the class alone does not determine it.
    code: str | None = None

    def __init__(self, detail: str, *, code: str | None = None) -> None:
        super().__init__(detail)
        self.code = code


class Unreadable(RequestError):
    pass


class Unauthenticated(RequestError):
    pass


class Forbidden(RequestError):
    pass


class NotFound(RequestError):
    pass


class Conflict(RequestError):
    pass


class SeveralTenants(Conflict):
    """Users of several tenants have this email address and password."""

    def __init__(self, tenants: Sequence[TenantName]) -> None:
        slugs = ", ".join(tenant.slug for tenant in tenants)
        super().__init__(f"several tenants have this user; name one of them: {slugs}")
        self.tenants = list(tenants)


class HeldByAnother(Conflict):
    """Another person works on the case."""

    def __init__(self, holder: CaseHolder) -> None:
        super().__init__(
            f"the case is held by {holder.name} until {holder.until:%H:%M:%S} UTC: try again then, or ask them to "
            "release it",
            code="case_held",
        )
        self.holder = holder


class NotAcceptable(RequestError):
    pass


class PreconditionFailed(RequestError):
    """The resource is not in the state that the request's `If-Match` names."""


class PreconditionRequired(RequestError):
    pass


class WrongMediaType(RequestError):
    pass


class Invalid(RequestError):
    """Values that can be read but are not allowed."""

    def __init__(self, detail: str, errors: Sequence[FieldProblem]) -> None:
        super().__init__(detail)
        self.errors = list(errors)


class TooMany(RequestError):
    def __init__(self, detail: str, retry_after: timedelta) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class TooManyAttempts(TooMany):
    pass


class TooManyStreams(TooMany):
    pass


class TooManyChecks(TooMany):
    pass


class TooManyJobs(TooMany):
    pass


class TooManyVitals(TooMany):
    pass
