"""`orylo customer`: the people who buy from a tenant."""

import asyncio
import re
from datetime import datetime, timedelta
from typing import Annotated

import typer

from orylo_api.customers import merge_queries, queries
from orylo_api.customers.changes import merge_decided, status_set
from orylo_api.customers.merge_models import CustomerMerges
from orylo_api.customers.models import CustomerScore, CustomerSummary, StatusRequest
from orylo_cli.commands.options import DEFAULT_DATA_DIR, DataDirOption, JsonOption, TenantArgument
from orylo_cli.console import print_json, print_rows, print_text
from orylo_cli.operations.customers import CustomerChange, change_customer, read_of_customer
from orylo_cli.target import open_target
from orylo_common.clock import SystemClock
from orylo_common.control.errors import InvalidChange
from orylo_common.control.models import Tenant
from orylo_common.messages import TrustStatus

CLOCK = SystemClock()
UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
LONGEST = timedelta(days=3650)
MAX_REASON = 500

app = typer.Typer(
    no_args_is_help=True, help="Customers: their trust, who is blocked or always allowed, and who is one person."
)


def _period(text: str) -> timedelta:
    """Parse a period such as 90m, 12h or 30d."""
    written = re.fullmatch(r"([1-9][0-9]{0,6})([mhd])", text.strip())
    if written is None:
        raise typer.BadParameter(f"{text!r} is not a period: write 90m, 12h or 30d")
    period = int(written[1]) * UNITS[written[2]]
    if period > LONGEST:
        raise typer.BadParameter("the period must be at most 3650 days; omit it for a status without an end")
    return period


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
        "--for", parser=_period, metavar="PERIOD", help="End it after 90m, 12h or 30d. Default: until it is changed."
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
