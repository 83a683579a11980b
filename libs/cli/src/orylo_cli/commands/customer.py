"""`orylo customer`: the people who buy from a tenant."""

import asyncio
import sys
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated

import typer

from orylo_api.customers import merge_queries, queries
from orylo_api.customers.changes import merge_decided, status_set
from orylo_api.customers.merge_models import CustomerMerges
from orylo_api.customers.models import CustomerScore, CustomerSummary, LookupKind, StatusRequest
from orylo_api.http.fields import PageQuery
from orylo_cli.commands.options import DEFAULT_DATA_DIR, DataDirOption, JsonOption, TenantArgument, parsed_period
from orylo_cli.console import print_json, print_note, print_rows, print_text
from orylo_cli.operations.customer_notes import read_notes, write_note
from orylo_cli.operations.customers import CustomerChange, change_customer, look_up, read_of_customer, read_score_ledger
from orylo_cli.target import open_target
from orylo_common.clock import SystemClock
from orylo_common.control.errors import InvalidChange
from orylo_common.control.models import Tenant
from orylo_common.messages import TrustStatus

CLOCK = SystemClock()
MAX_REASON = 500

app = typer.Typer(
    no_args_is_help=True, help="Customers: their trust, who is blocked or always allowed, and who is one person."
)


def _reason(text: str) -> str:
    if not 1 <= len(text.strip()) <= MAX_REASON:
        raise typer.BadParameter(f"the reason must have 1 to {MAX_REASON} characters")
    return text.strip()


CustomerArgument = Annotated[str, typer.Argument(metavar="CUSTOMER", help="The customer's id, such as cus_282a….")]
ReasonOption = Annotated[
    str, typer.Option(parser=_reason, metavar="TEXT", help="Kept with the change. It must not hold personal data.")
]
PeriodOption = Annotated[
    timedelta | None,
    typer.Option(
        "--for",
        parser=parsed_period,
        metavar="PERIOD",
        help="End it after 90m, 12h or 30d. Default: until it is changed.",
    ),
]


@app.command()
def show(
    tenant: TenantArgument,
    customer: CustomerArgument,
    as_json: JsonOption = False,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Show a customer's trust score with the points of each cause, and the status.

    Example: `orylo customer show minha-loja cus_282a1f0c5d6e7b8a9c0d1e2f3a4b5c6d`
    """
    with open_target(data_dir, "customer show") as target:
        score: CustomerScore = target.run(
            lambda connection: read_of_customer(connection, tenant, customer, queries.read_score)
        )
    if as_json:
        print_json(score.model_dump(mode="json"))
        return
    until = f" until {score.status_expires_at:%F %TZ}" if score.status_expires_at else ""
    print_text(f"trust {score.trust_score} of 100, {score.status}{until}")
    print_text(f"{score.start:+5} start")
    for each in score.causes:
        print_text(f"{each.points:+5} {each.cause}")
    if score.total != score.trust_score:
        print_text(f"{score.total:5} in all, limited to {score.trust_score}")


@app.command()
def block(
    tenant: TenantArgument,
    customer: CustomerArgument,
    reason: ReasonOption,
    period: PeriodOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Block a customer: from the next payment on, every payment is blocked.

    Example: `orylo customer block minha-loja cus_282a1f0c5d6e7b8a9c0d1e2f3a4b5c6d --reason "stolen cards" --for 30d`
    """
    _set_status("customer block", tenant, customer, TrustStatus.BLOCKED, reason, period, data_dir)


@app.command()
def allow(
    tenant: TenantArgument,
    customer: CustomerArgument,
    reason: ReasonOption,
    period: PeriodOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Put a customer on the allow list: from the next payment on, every payment is allowed.

    Example: `orylo customer allow minha-loja cus_282a1f0c5d6e7b8a9c0d1e2f3a4b5c6d --reason "the owner's family"`
    """
    _set_status("customer allow", tenant, customer, TrustStatus.ALLOWLISTED, reason, period, data_dir)


@app.command()
def unblock(
    tenant: TenantArgument,
    customer: CustomerArgument,
    reason: ReasonOption,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Take a customer off the block list or the allow list: payments are decided by their risk again.

    Example: `orylo customer unblock minha-loja cus_282a1f0c5d6e7b8a9c0d1e2f3a4b5c6d --reason "her own card"`
    """
    _set_status("customer unblock", tenant, customer, TrustStatus.NEUTRAL, reason, None, data_dir)


@app.command()
def merge(
    tenant: TenantArgument,
    customer: CustomerArgument,
    other: Annotated[str, typer.Argument(metavar="OTHER", help="The id of the customer that is the same person.")],
    reason: ReasonOption,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Merge two customers that are the same person: score, status and history are those of both.

    Example: `orylo customer merge minha-loja cus_282a1f0c… cus_9f86d081… --reason "the same phone"`
    """
    if other == customer:
        raise typer.BadParameter("must be another customer", param_hint="OTHER")
    _decide("customer merge", tenant, customer, other, reason, data_dir)
    print_text(f"{customer} is the same person as {other}")


@app.command()
def unmerge(
    tenant: TenantArgument,
    customer: CustomerArgument,
    reason: ReasonOption,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Separate a customer from all that it was merged with, for good: what they share no longer merges them.

    Example: `orylo customer unmerge minha-loja cus_282a1f0c… --reason "two brothers"`
    """
    _decide("customer unmerge", tenant, customer, None, reason, data_dir)
    print_text(f"{customer} is separate from all other customers")


@app.command()
def lookup(
    tenant: TenantArgument,
    kind: Annotated[LookupKind, typer.Argument(help="What the value is.")],
    value: Annotated[
        str | None, typer.Argument(help="Default: read from standard input, where no process list shows it.")
    ] = None,
    as_json: JsonOption = False,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Find a customer by email address, phone number, document, order number or id. The value is hashed, and not kept.

    Example: `orylo customer lookup minha-loja order_id 1047`

    Example: `printf %s "$EMAIL" | orylo customer lookup minha-loja email`
    """
    text = value if value is not None else sys.stdin.readline().strip()
    with open_target(data_dir, "customer lookup") as target:
        found = target.run(lambda connection: look_up(connection, target, tenant, kind, text))
    if as_json:
        print_json(found.model_dump(mode="json"))
        return
    rows = [
        {
            "customer": each.id,
            "trust": each.trust_score,
            "status": each.status.value,
            "payments": each.payments,
            "disputes": each.disputes,
            "last seen": f"{each.last_seen_at:%F %R}",
        }
        for each in found.items
    ]
    print_rows(rows, as_json=False, empty=f"no customer is known by this value. {found.compared.how}")


@app.command()
def ledger(
    tenant: TenantArgument,
    customer: CustomerArgument,
    limit: Annotated[int, typer.Option(min=1, max=200, help="At most so many changes.")] = 50,
    as_json: JsonOption = False,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """List the changes of a customer's score, newest first, with their points and the running sum.

    Example: `orylo customer ledger minha-loja cus_282a1f0c…`
    """
    page = PageQuery(limit=limit)
    with open_target(data_dir, "customer ledger") as target:
        found = target.run(
            lambda connection: read_of_customer(connection, tenant, customer, partial(read_score_ledger, page=page))
        )
    if as_json:
        print_json(found.model_dump(mode="json"))
        return
    rows = [
        {
            "at": f"{each.occurred_at:%F %R}",
            "cause": each.cause,
            "points": f"{each.points:+}",
            "sum": each.total,
            "score": f"{each.score_before} → {each.score_after}",
            "payment": each.payment_id or "",
        }
        for each in found.items
    ]
    print_rows(rows, as_json=False, empty=f"the score is {found.trust_score}, and never changed")


@app.command()
def note(
    tenant: TenantArgument,
    customer: CustomerArgument,
    text: Annotated[str, typer.Argument(help="For colleagues. It must not hold personal data.")],
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Write a note on a customer. A text with a card's number is refused.

    Example: `orylo customer note minha-loja cus_282a1f0c… "rang the shop: the order is real"`
    """
    with open_target(data_dir, "customer note") as target:
        written = target.run(lambda connection: write_note(connection, target, tenant, customer, text, CLOCK.now()))
    print_text("noted")
    if written.hints:
        print_note(f"the note seems to hold personal data: {', '.join(written.hints)}")


@app.command()
def notes(
    tenant: TenantArgument,
    customer: CustomerArgument,
    limit: Annotated[int, typer.Option(min=1, max=200, help="At most so many.")] = 50,
    as_json: JsonOption = False,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """List the notes on a customer, newest first.

    Example: `orylo customer notes minha-loja cus_282a1f0c…`
    """
    with open_target(data_dir, "customer notes") as target:
        found = target.run(lambda connection: read_notes(connection, target, tenant, customer, limit))
    if as_json:
        print_json([each.model_dump(mode="json") for each in found])
        return
    rows = [{"at": f"{each.created_at:%F %R}", "author": each.author, "text": each.text} for each in found]
    print_rows(rows, as_json=False, empty="no notes")


@app.command()
def merges(
    tenant: TenantArgument,
    customer: CustomerArgument,
    as_json: JsonOption = False,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """List the merges and unmerges of a customer and of the customers that are the same person, newest first.

    Example: `orylo customer merges minha-loja cus_282a1f0c…`
    """
    with open_target(data_dir, "customer merges") as target:
        found: CustomerMerges = target.run(
            lambda connection: read_of_customer(connection, tenant, customer, merge_queries.read_merges)
        )
    if as_json:
        print_json(found.model_dump(mode="json"))
        return
    print_rows(
        [{**each.model_dump(), "people": " ".join(each.people or ["alone"])} for each in found.merges],
        as_json=False,
        empty="the customer was never merged",
    )


def _decide(
    command: str, tenant: str, customer_id: str, same_as: str | None, reason: str, data_dir: DataDirOption
) -> None:
    with open_target(data_dir, command) as target:

        def build(owner: Tenant, customer: CustomerSummary) -> CustomerChange:
            if same_as is None and len(customer.people) == 1:
                raise InvalidChange("the customer is not merged with another one")
            message = merge_decided(
                owner.id, customer_id, same_as, reason=reason, actor=target.actor.name, now=CLOCK.now()
            )
            return CustomerChange(
                message,
                command.replace(" ", "."),
                f"customer {customer_id}",
                {"people": customer.people},
                {"same_as": same_as, "reason": reason},
            )

        asyncio.run(change_customer(target, tenant, customer_id, build, other_id=same_as))


def _set_status(
    command: str,
    tenant: str,
    customer_id: str,
    status: TrustStatus,
    reason: str,
    period: timedelta | None,
    data_dir: DataDirOption,
) -> None:
    now = CLOCK.now()
    expires_at: datetime | None = now + period if period else None
    requested = StatusRequest(status=status, expires_at=expires_at, reason=reason)
    with open_target(data_dir, command) as target:

        def build(owner: Tenant, customer: CustomerSummary) -> CustomerChange:
            return CustomerChange(
                status_set(owner.id, customer.id, requested, actor=target.actor.name, now=now),
                "customer.set_status",
                f"customer {customer.id}",
                {"status": customer.status},
                requested.model_dump(mode="json", exclude_none=True),
            )

        asyncio.run(change_customer(target, tenant, customer_id, build))
    until = f" until {expires_at:%F %TZ}" if expires_at else ""
    print_text(f"{customer_id} is {status}{until}")
