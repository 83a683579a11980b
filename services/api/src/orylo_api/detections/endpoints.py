"""Decisions on payments."""

from orylo_api.access.roles import Permission
from orylo_api.call import Call
from orylo_api.detections import queries
from orylo_api.detections.evaluation import Evaluation, EvaluationBody, evaluate_payment
from orylo_api.detections.models import Detection, DetectionPage, DetectionPath, DetectionQuery
from orylo_api.errors import NotFound
from orylo_api.http.route import Route


async def list_detections(call: Call[None, DetectionQuery, None]) -> DetectionPage:
    items, next_cursor = await queries.list_detections(call.connection, call.query)
    return DetectionPage(items=items, next_cursor=next_cursor)


async def show_detection(call: Call[DetectionPath, None, None]) -> Detection:
    detection = await queries.find_detection(call.connection, call.path.id)
    if detection is None:
        raise NotFound("there is no such detection")
    return detection


ROUTES = (
    Route(
        "POST",
        "/api/v1/detections/evaluate",
        evaluate_payment,
        Permission.EVALUATE,
        "Decide on a payment before it is made",
        body=EvaluationBody,
        response=Evaluation,
        description="Decides within milliseconds, with the detectors, rules and lists that decide on webhooks. The "
        "attempt counts, and the decision is recorded and announced, unless it is a `dry_run`. With an "
        "`Idempotency-Key`, a request that is repeated gets the first response. If `payment_id` is the one that the "
        "gateway's webhooks will have, they continue this payment, and their decision replaces this one.",
        serves_in_maintenance=True,
        waits_for_service=True,
    ),
    Route(
        "GET",
        "/api/v1/detections",
        list_detections,
        Permission.READ,
        "Decisions, newest first",
        description=(
            "A payment can have several decisions, because later events may add facts. `current=true` leaves "
            "out those that were replaced."
        ),
        query=DetectionQuery,
        response=DetectionPage,
    ),
    Route(
        "GET",
        "/api/v1/detections/{id}",
        show_detection,
        Permission.READ,
        "One decision",
        description="With the points of each reason, the rules that applied and the time that each detector took.",
        path_values=DetectionPath,
        response=Detection,
    ),
)
