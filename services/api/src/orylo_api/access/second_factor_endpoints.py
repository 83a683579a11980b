"""Switch the caller's own second factor on and off."""

from orylo_api.access.audit import write_line
from orylo_api.access.credentials import confirm_password
from orylo_api.access.identity import Principal
from orylo_api.access.lockout import LoginAttempt, charge, forgive
from orylo_api.access.models import (
    DisableSecondFactorRequest,
    Enrolment,
    EnrolmentConfirmation,
    EnrolmentRequest,
    RecoveryCodes,
    SecondFactorState,
)
from orylo_api.access.roles import Permission
from orylo_api.access.second_factor import begin_enrolment, confirm_enrolment, use_code
from orylo_api.call import Call
from orylo_api.errors import Conflict, Invalid
from orylo_api.http.problem_details import FieldProblem
from orylo_api.http.route import Route
from orylo_common.control.second_factor import count_recovery_codes, lock_second_factor, remove_second_factor


async def show_second_factor(call: Call[None, None, None]) -> SecondFactorState:
    user = _user(call.principal)
    async with call.services.private_pool.acquire() as connection, connection.transaction():
        current = await lock_second_factor(connection, user.tenant.id, user.id)
        left = await count_recovery_codes(connection, user.tenant.id, user.id)
    return SecondFactorState(enabled=current.active is not None, recovery_codes_left=left)


async def enrol_second_factor(call: Call[None, None, EnrolmentRequest]) -> Enrolment:
    services, user, now = call.services, _user(call.principal), call.services.clock.now()
    attempt = LoginAttempt.of_user(user.id)
    async with services.private_pool.acquire() as connection:
        await charge(connection, attempt, now)
    await confirm_password(services, user, call.body.password)
    async with services.private_pool.acquire() as connection, connection.transaction():
        await forgive(connection, attempt, now)
        begun = await begin_enrolment(connection, services.keyring, user)
    if begun is None:
        raise Conflict("the second factor is on already; disable it first")
    secret, uri = begun
    return Enrolment(secret=secret, otpauth_uri=uri)


async def confirm_second_factor(call: Call[None, None, EnrolmentConfirmation]) -> RecoveryCodes:
    services, user, now = call.services, _user(call.principal), call.services.clock.now()
    async with services.private_pool.acquire() as connection, connection.transaction():
        current = await lock_second_factor(connection, user.tenant.id, user.id)
        if current.pending is None:
            raise Conflict("no enrolment has begun")
        codes = await confirm_enrolment(connection, services.keyring, user, current.pending, call.body.code, now)
        if codes is None:
            raise _wrong_code()
        await write_line(
            connection, user, call.origin, "second_factor.enable", f"user {user.name}", now, after={"enabled": True}
        )
    return RecoveryCodes(recovery_codes=codes)


async def disable_second_factor(call: Call[None, None, DisableSecondFactorRequest]) -> SecondFactorState:
    services, user, now = call.services, _user(call.principal), call.services.clock.now()
    attempt = LoginAttempt.of_user(user.id)
    async with services.private_pool.acquire() as connection:
        await charge(connection, attempt, now)
    await confirm_password(services, user, call.body.password)
    async with services.private_pool.acquire() as connection, connection.transaction():
        current = await lock_second_factor(connection, user.tenant.id, user.id)
        if current.active is None:
            raise Conflict("the second factor is off")
        if await use_code(connection, services.keyring, user, current.active, call.body.code, now) is None:
            raise _wrong_code()
        await remove_second_factor(connection, user.tenant.id, user.id)
        await forgive(connection, attempt, now)
        await write_line(
            connection, user, call.origin, "second_factor.disable", f"user {user.name}", now, before={"enabled": True}
        )
    return SecondFactorState(enabled=False, recovery_codes_left=0)


def _user(principal: Principal) -> Principal:
    if principal.kind != "user":
        raise Conflict("an API key has no second factor; sign in as a user")
    return principal


def _wrong_code() -> Invalid:
    message = "is wrong or already used"
    return Invalid(f"the code {message}", [FieldProblem(field="body.code", message=message)])


PATH = "/api/v1/account/second-factor"
# Every user, whatever their role, protects their own account.
ROUTES = (
    Route(
        "GET",
        PATH,
        show_second_factor,
        Permission.READ,
        "The caller's second factor",
        description="Only for users: an API key has no second factor (409).",
        response=SecondFactorState,
        private=True,
        refuses={409},
    ),
    Route(
        "POST",
        f"{PATH}/enrolment",
        enrol_second_factor,
        Permission.READ,
        "Begin to switch the second factor on",
        description=(
            "Returns a new secret, which has no effect until it is confirmed. Wrong passwords make the next "
            "attempts wait (429)."
        ),
        body=EnrolmentRequest,
        response=Enrolment,
        private=True,
        refuses={409, 429},
    ),
    Route(
        "POST",
        f"{PATH}/confirmation",
        confirm_second_factor,
        Permission.READ,
        "Switch the second factor on, with a code that its app shows",
        description=(
            "Returns recovery codes, each of which signs in once in place of a code. They cannot be shown again."
        ),
        body=EnrolmentConfirmation,
        response=RecoveryCodes,
        private=True,
        refuses={409},
    ),
    Route(
        "POST",
        f"{PATH}/disable",
        disable_second_factor,
        Permission.READ,
        "Switch the second factor off",
        description="Takes the password and a code, so that a borrowed session cannot switch it off.",
        body=DisableSecondFactorRequest,
        response=SecondFactorState,
        private=True,
        refuses={409, 429},
    ),
)
