"""Payments."""

from orylo_api.access.roles import Permission
from orylo_api.call import Call
from orylo_api.errors import NotFound
from orylo_api.http.route import Route
from orylo_api.payments import queries
from orylo_api.payments.models import Payment, PaymentPath


async def show_payment(call: Call[PaymentPath, None, None]) -> Payment:
    payment = await queries.find_payment(call.connection, call.path.id)
    if payment is None:
        raise NotFound("there is no such payment")
    return payment


ROUTES = (
    Route(
        "GET",
        "/api/v1/payments/{id}",
        show_payment,
        Permission.READ,
        "One payment",
        description=(
            "The state, the current decision, the newest verdict, and what Orylo did about it at the provider."
        ),
        path_values=PaymentPath,
        response=Payment,
    ),
)
