"""Payments, money and disputes of customers, and when they were last seen, for lists.

They are read by index from the payments of a page's customers. No event writes them.
"""

from collections.abc import Sequence
from datetime import datetime

from pydantic import Field

from orylo_api.customers.models import CustomerSummary
from orylo_api.http.fields import Page, ResponseBody
from orylo_common.postgres.pool import Connection

# Of one customer, the newest payments that are counted, and the newest changes of the score.
MAX_PAYMENTS = 500
MAX_CHANGES = 8

SELECT_FIGURES = f"""
    SELECT number, currency, count(*) AS payments, max(newest.created_at) AS last_seen_at,
           coalesce(sum(amount_minor) FILTER (WHERE state NOT IN ('created', 'failed', 'canceled')), 0) AS paid_minor,
           count(*) FILTER (WHERE state IN ('disputed', 'dispute_won', 'chargeback')) AS disputes
    FROM unnest($1::integer[], $2::text[]) AS asked (number, customer_id) CROSS JOIN LATERAL (
        SELECT currency, amount_minor, state, created_at FROM api.payments_view AS p
        WHERE p.customer_id = asked.customer_id AND NOT (details ->> 'test')::boolean
        ORDER BY created_at DESC, payment_id DESC LIMIT {MAX_PAYMENTS}
    ) AS newest
    GROUP BY number, currency ORDER BY number, paid_minor DESC, currency
"""  # noqa: S608
SELECT_SCORES = f"""
    SELECT asked.customer_id, newest.score_after, newest.occurred_at
    FROM unnest($1::text[]) AS asked (customer_id) CROSS JOIN LATERAL (
        SELECT score_after, occurred_at, version FROM api.trust_changes AS t WHERE t.customer_id = asked.customer_id
        ORDER BY version DESC LIMIT {MAX_CHANGES}
    ) AS newest
    ORDER BY asked.customer_id, newest.version
"""  # noqa: S608


class CustomerAmount(ResponseBody):
    currency: str = Field(examples=["BRL"])
    payments: int = Field(ge=1, description="also those that were declined", examples=[4])
    paid_minor: int = Field(ge=0, description="charged, in the currency's minor unit", examples=[198800])


class CustomerScorePoint(ResponseBody):
    at: datetime
    score: int = Field(ge=0, le=100, examples=[52])


class ListedCustomer(CustomerSummary):
    payments: int = Field(ge=0, description=f"of the newest {MAX_PAYMENTS} of each of `people`", examples=[4])
    amounts: list[CustomerAmount] = Field(description="by currency, the most money first")
    disputes: int = Field(ge=0, description="payments that were disputed, also if the dispute was won", examples=[1])
    last_seen_at: datetime = Field(description="the newest payment, or when the customer was first seen")
    scores: list[CustomerScorePoint] = Field(description=f"the last {MAX_CHANGES} changes, oldest first")


class CustomerPage(Page[ListedCustomer]):
    """Most recently first seen first."""


async def with_figures(connection: Connection, customers: Sequence[CustomerSummary]) -> list[ListedCustomer]:
    asked = [(number, each) for number, customer in enumerate(customers) for each in customer.people]
    figures: dict[int, list[CustomerAmount]] = {}
    disputes = [0] * len(customers)
    seen = [customer.created_at for customer in customers]
    for row in await connection.fetch(SELECT_FIGURES, [each[0] for each in asked], [each[1] for each in asked]):
        number = row["number"]
        figures.setdefault(number, []).append(CustomerAmount.from_row(row))
        disputes[number] += row["disputes"]
        seen[number] = max(seen[number], row["last_seen_at"])
    scores: dict[str, list[CustomerScorePoint]] = {}
    for row in await connection.fetch(SELECT_SCORES, [customer.people[0] for customer in customers]):
        point = CustomerScorePoint(at=row["occurred_at"], score=row["score_after"])
        scores.setdefault(row["customer_id"], []).append(point)
    return [
        ListedCustomer(
            **customer.model_dump(),
            payments=sum(each.payments for each in figures.get(number, ())),
            amounts=figures.get(number, []),
            disputes=disputes[number],
            last_seen_at=seen[number],
            scores=scores.get(customer.people[0], []),
        )
        for number, customer in enumerate(customers)
    ]
