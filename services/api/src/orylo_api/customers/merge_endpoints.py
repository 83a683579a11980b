"""Customers that are one person: their merges, decisions about them, and reviews of those that a limit keeps apart."""

from orylo_api.access import audit
from orylo_api.access.roles import Permission
from orylo_api.call import Call
from orylo_api.customers import changes, merge_queries
from orylo_api.customers.merge_models import (
    CustomerMerges,
    DismissRequest,
    MergeAccepted,
    MergeRequest,
    MergeReview,
    MergeReviewPage,
    MergeReviewPath,
    MergeReviewQuery,
    UnmergeRequest,
)
from orylo_api.customers.models import CustomerPath
from orylo_api.errors import Conflict, Invalid, NotFound
from orylo_api.http import outbox
from orylo_api.http.problem_details import FieldProblem
from orylo_api.http.route import Route


async def show_merges(call: Call[CustomerPath, None, None]) -> CustomerMerges:
    merges = await merge_queries.read_merges(call.connection, call.path.id)
    if merges is None:
        raise NotFound("there is no such customer")
    return merges


async def merge_customer(call: Call[CustomerPath, None, MergeRequest]) -> MergeAccepted:
    """Publish the decision. The trust service merges the customers."""
    people = await _people(call)
    other = await merge_queries.read_people(call.connection, call.body.other)
    if other is None:
        raise _invalid_other("there is no such customer")
    if call.body.other == call.path.id:
        raise _invalid_other("must be another customer")
    return await _decide(call, "customer.merge", people, call.body.other, call.body.reason)


async def unmerge_customer(call: Call[CustomerPath, None, UnmergeRequest]) -> MergeAccepted:
    """Publish the decision. The trust service separates the customer, and links do not merge it again."""
    people = await _people(call)
    if len(people) == 1:
        raise Conflict("the customer is not merged with another one", code="not_merged")
    return await _decide(call, "customer.unmerge", people, None, call.body.reason)


async def list_reviews(call: Call[None, MergeReviewQuery, None]) -> MergeReviewPage:
    items, next_cursor = await merge_queries.list_reviews(call.connection, call.query)
    return MergeReviewPage(items=items, next_cursor=next_cursor)


async def dismiss_review(call: Call[MergeReviewPath, None, DismissRequest]) -> MergeReview:
    now, actor = call.services.clock.now(), call.principal.name
    dismissed = await merge_queries.dismiss(
        call.connection, call.path.id, actor=actor, reason=call.body.reason, now=now
    )
    await audit.write_change(
        call,
        action="merge_review.dismiss",
        subject=f"merge review {dismissed.id}",
        before={"state": "open"},
        after={"state": dismissed.state, "reason": dismissed.dismissed_reason},
    )
    return dismissed


async def _people(call: Call[CustomerPath, None, MergeRequest] | Call[CustomerPath, None, UnmergeRequest]) -> list[str]:
    people = await merge_queries.read_people(call.connection, call.path.id)
    if people is None:
        raise NotFound("there is no such customer")
    return people


async def _decide(
    call: Call[CustomerPath, None, MergeRequest] | Call[CustomerPath, None, UnmergeRequest],
    action: str,
    people: list[str],
    same_as: str | None,
    reason: str,
) -> MergeAccepted:
    now, user = call.services.clock.now(), call.principal
    message = changes.merge_decided(
        user.tenant.id, call.path.id, same_as, reason=reason, actor=f"{user.kind}:{user.id}", now=now
    )
    await outbox.publish(call, message)
    await audit.write_change(
        call,
        action=action,
        subject=f"customer {call.path.id}",
        before={"people": people},
        after={"same_as": same_as, "reason": reason},
    )
    return MergeAccepted(customer_id=call.path.id, same_as=same_as, reason=reason, actor=user.name, accepted_at=now)


def _invalid_other(message: str) -> Invalid:
    return Invalid("some values are invalid", [FieldProblem(field="body.other", message=message)])


ROUTES = (
    Route(
        "GET",
        "/api/v1/customers/{id}/merges",
        show_merges,
        Permission.READ,
        "The customers that are one person with this one, and their merges and unmerges",
        description="Merges and unmerges of any customer of this person, with who decided them and why.",
        path_values=CustomerPath,
        response=CustomerMerges,
    ),
    Route(
        "POST",
        "/api/v1/customers/{id}/merge",
        merge_customer,
        Permission.MERGE_CUSTOMERS,
        "Merge with another customer, who is the same person",
        description=(
            "The customers share one trust score and one history from then on. A merge that a person decides "
            "holds until a person separates them."
        ),
        path_values=CustomerPath,
        body=MergeRequest,
        response=MergeAccepted,
        status=202,
    ),
    Route(
        "POST",
        "/api/v1/customers/{id}/unmerge",
        unmerge_customer,
        Permission.MERGE_CUSTOMERS,
        "Separate a customer from all others, for good",
        description=(
            "The customer has a score and a history of its own again. Shared identifiers do not merge it a second time."
        ),
        path_values=CustomerPath,
        body=UnmergeRequest,
        response=MergeAccepted,
        status=202,
    ),
    Route(
        "GET",
        "/api/v1/merge-reviews",
        list_reviews,
        Permission.READ,
        "Customers that are kept apart by a limit of merging, newest first",
        description=(
            "A shared identifier would merge these customers, but a limit of the settings keeps them apart "
            "until a person looks."
        ),
        query=MergeReviewQuery,
        response=MergeReviewPage,
    ),
    Route(
        "POST",
        "/api/v1/merge-reviews/{id}/dismiss",
        dismiss_review,
        Permission.MERGE_CUSTOMERS,
        "Dismiss a review, with a reason",
        description="The customers stay separate, and the review leaves the list of open ones.",
        path_values=MergeReviewPath,
        body=DismissRequest,
        response=MergeReview,
    ),
)
