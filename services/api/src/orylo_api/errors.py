"""Why a request is refused. `http/problems.py` turns each into its status."""

from collections.abc import Sequence
from datetime import timedelta

from orylo_api.http.problem_details import FieldProblem, TenantName


class Refusal(Exception):
    """The request is not served; the text says why, to whoever sent it."""

    # The last part of the problem's type, where the class alone does not say it.
    code: str | None = None

    def __init__(self, detail: str, *, code: str | None = None) -> None:
        super().__init__(detail)
        self.code = code


class Unreadable(Refusal):
    pass


class Unauthenticated(Refusal):
    pass


class Forbidden(Refusal):
    pass


class NotFound(Refusal):
    pass


class Conflict(Refusal):
    pass


class SeveralTenants(Conflict):
    """Address and password are right at more than one."""

    def __init__(self, tenants: Sequence[TenantName]) -> None:
        slugs = ", ".join(tenant.slug for tenant in tenants)
        super().__init__(f"this belongs to several tenants; name one of them: {slugs}")
        self.tenants = list(tenants)


class WrongMediaType(Refusal):
    pass


class Invalid(Refusal):
    """Values that can be read and are not accepted."""

    def __init__(self, detail: str, errors: Sequence[FieldProblem]) -> None:
        super().__init__(detail)
        self.errors = list(errors)


class TooManyAttempts(Refusal):
    def __init__(self, detail: str, retry_after: timedelta) -> None:
        super().__init__(detail)
        self.retry_after = retry_after
