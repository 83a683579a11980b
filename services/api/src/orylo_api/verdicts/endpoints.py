"""Verdicts of people and of the merchant's own systems on payments."""

from datetime import timedelta
from io import BytesIO

from orylo_api.access import audit
from orylo_api.access.roles import Permission
from orylo_api.call import Call
from orylo_api.errors import Invalid, PreconditionFailed
from orylo_api.http.problem_details import FieldProblem
from orylo_api.http.route import Route
from orylo_api.payments.models import PaymentPath
from orylo_api.review.work import CaseWorker
from orylo_api.verdicts.csv_file import VerdictDefaults, read_verdicts
from orylo_api.verdicts.giving import close_case, give
from orylo_api.verdicts.imports import import_verdicts
from orylo_api.verdicts.models import VerdictAccepted, VerdictImport, VerdictImportQuery, VerdictRequest
from orylo_api.verdicts.queries import lock_verdicts
from orylo_common.csv_rows import MAX_BYTES, InvalidFile

# 100,000 lines take some seconds, after two minutes at most for their arrival.
IMPORT_LIMIT = timedelta(minutes=4)
FORMAT = """\
A CSV file in UTF-8, with commas, semicolons or tabs, of at most 16 MiB and 100,000 lines. The first line names the
columns: `payment_id`, and of `verdict` and `reason` those that the query does not set; other columns are not read.
Lines that cannot be read or name no known payment are left out and reported; the others count. A repeated import
changes nothing. """


async def give_verdict(call: Call[PaymentPath, None, VerdictRequest]) -> VerdictAccepted:
    """Give the verdict. An open review case of the payment is closed, unless another person has it open."""
    payment_id, requested, user = call.path.id, call.body, call.principal
    now = call.services.clock.now()
    worker = CaseWorker(user.id, user.name)
    newest = await lock_verdicts(call.connection, [payment_id]) if requested.expected is not None else {}
    judged = await close_case(call.connection, payment_id, requested.verdict, worker, now)
    if newest.get(payment_id) is not requested.expected:
        raise PreconditionFailed("the verdict has changed since you read it; read it again")
    message = await give(call, payment_id, judged, requested.verdict, requested.reason, now)
    return VerdictAccepted(
        payment_id=payment_id,
        verdict_id=message.verdict_id,
        actor=user.name,
        accepted_at=now,
        verdict=requested.verdict,
        reason=requested.reason,
    )


async def import_verdict_file(call: Call[None, VerdictImportQuery, None]) -> VerdictImport:
    given, user, now = call.query, call.principal, call.services.clock.now()
    defaults = VerdictDefaults(given.verdict, given.reason, given.gateway)
    try:
        result = await import_verdicts(
            call.connection,
            user.tenant.id,
            read_verdicts(BytesIO(call.upload), defaults),
            actor=f"{user.kind}:{user.id}",
            now=now,
            dry_run=given.dry_run,
        )
    except InvalidFile as invalid:
        raise Invalid(str(invalid), [FieldProblem(field="body", message=str(invalid))]) from None
    if not given.dry_run:
        await audit.write_change(
            call, action="payment.import_verdicts", subject="verdicts", after=result.model_dump(exclude={"problems"})
        )
    return result


ROUTES = (
    Route(
        "POST",
        "/api/v1/verdicts/import",
        import_verdict_file,
        Permission.GIVE_VERDICTS,
        "Judge payments from a CSV file, such as a list of chargebacks, or count what it would change",
        query=VerdictImportQuery,
        response=VerdictImport,
        upload_bytes=MAX_BYTES,
        time_limit=IMPORT_LIMIT,
        description=FORMAT,
    ),
    Route(
        "POST",
        "/api/v1/payments/{id}/verdict",
        give_verdict,
        Permission.GIVE_VERDICTS,
        "Judge a payment: fraud or legitimate, or withdraw the verdict",
        description=(
            "The detector learns from it, the customer's trust score follows, and the quality report counts "
            "it. A new verdict replaces the earlier one, unless `expected` says that the caller has not seen that one."
        ),
        path_values=PaymentPath,
        body=VerdictRequest,
        response=VerdictAccepted,
        status=202,
        refuses=frozenset({412}),
    ),
)
