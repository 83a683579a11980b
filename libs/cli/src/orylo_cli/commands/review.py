"""`orylo review`: payments that a person must decide."""

from datetime import timedelta
from functools import partial
from typing import Annotated

import asyncpg
import typer

from orylo_api.review import work
from orylo_api.review.models import CaseChangeKind, CaseOrder, CaseQuery, ReviewCase
from orylo_api.review.work import CaseWorker
from orylo_cli.commands.options import DEFAULT_DATA_DIR, DataDirOption, JsonOption, PeriodRequired, TenantArgument
from orylo_cli.console import print_json, print_rows, print_text
from orylo_cli.operations import review
from orylo_cli.target import open_target
from orylo_common.clock import SystemClock
from orylo_common.money import to_major
from orylo_common.postgres.pool import Connection

CLOCK = SystemClock()
LONGEST_DELAY = timedelta(days=90)

app = typer.Typer(no_args_is_help=True, help="The review queue: payments that a person must decide.")

PaymentArgument = Annotated[str, typer.Argument(metavar="PAYMENT", help="The payment's id, such as stripe:pi_3SVk2c.")]


@app.command("list")
def list_(
    tenant: TenantArgument,
    sort: Annotated[CaseOrder, typer.Option(help="Worst first by money or risk, or the oldest first.")] = (
        CaseOrder.MONEY
    ),
    gateway: Annotated[str | None, typer.Option(help="Only this gateway's payments.")] = None,
    mine: Annotated[bool, typer.Option("--mine", help="Only cases that this user has claimed.")] = False,
    snoozed: Annotated[bool, typer.Option("--later", help="Only cases that were put off.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=200, help="At most so many.")] = 50,
    as_json: JsonOption = False,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """List the payments that a person must decide, and who has them open.

    Example: `orylo review list minha-loja --sort risk`
    """
    query = CaseQuery(sort=sort, gateway=gateway, mine=mine, snoozed=snoozed, limit=limit)
    with open_target(data_dir, "review list") as target:
        page = target.run(lambda connection: review.list_cases(connection, target, tenant, query, CLOCK.now()))
    if as_json:
        print_json(page.model_dump(mode="json"))
        return
    print_rows([_row(each) for each in page.items], as_json=False, empty="nothing to review")


@app.command()
def summary(
    tenant: TenantArgument,
    timezone: Annotated[str, typer.Option(help="The time zone in which today begins.")] = "UTC",
    as_json: JsonOption = False,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Show how many cases wait, since when, and how many were decided today.

    Example: `orylo review summary minha-loja --timezone America/Sao_Paulo`
    """
    with open_target(data_dir, "review summary") as target:
        found = target.run(lambda connection: review.summarise(connection, target, tenant, timezone, CLOCK.now()))
    if as_json:
        print_json(found.model_dump(mode="json"))
        return
    since = f", the oldest since {found.oldest_at:%F %R}" if found.oldest_at else ""
    print_text(f"{found.open} to review, {found.snoozed} put off{since}")
    print_text(f"{found.decided_today} decided today, {found.frauds_today} of them fraud")


@app.command()
def claim(tenant: TenantArgument, payment: PaymentArgument, data_dir: DataDirOption = DEFAULT_DATA_DIR) -> None:
    """Open a case for 5 minutes: colleagues see who has it, and cannot decide it. Repeat to renew.

    Example: `orylo review claim minha-loja stripe:pi_3SVk2c`
    """
    now = CLOCK.now()
    row = _change(tenant, "claim", CaseChangeKind.CLAIMED, lambda c, w: work.claim(c, payment, w, now), data_dir)
    print_text(f"{payment} is yours until {row['claimed_until']:%H:%M:%S} UTC")


@app.command()
def release(tenant: TenantArgument, payment: PaymentArgument, data_dir: DataDirOption = DEFAULT_DATA_DIR) -> None:
    """Release a case before its 5 minutes end.

    Example: `orylo review release minha-loja stripe:pi_3SVk2c`
    """
    now = CLOCK.now()
    _change(tenant, "release", CaseChangeKind.RELEASED, lambda c, w: work.release(c, payment, w, now), data_dir)
    print_text(f"{payment} is free")


@app.command()
def later(
    tenant: TenantArgument,
    payment: PaymentArgument,
    period: PeriodRequired,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Put a case off: it returns to the queue after the period.

    Example: `orylo review later minha-loja stripe:pi_3SVk2c --for 12h`
    """
    if period > LONGEST_DELAY:
        raise typer.BadParameter(f"a case is put off for at most {LONGEST_DELAY.days} days", param_hint="--for")
    now = CLOCK.now()
    until = now + period
    postpone = partial(_postpone, payment=payment, period=period)
    _change(tenant, "later", CaseChangeKind.POSTPONED, postpone, data_dir, {"until": until.isoformat()})
    print_text(f"{payment} returns at {until:%F %R} UTC")


@app.command()
def assign(
    tenant: TenantArgument,
    payment: PaymentArgument,
    member: Annotated[
        str | None, typer.Option("--to", metavar="EMAIL", help="A member who may give verdicts. Default: unassign.")
    ] = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Assign a case to a member, or take the assignment back.

    Example: `orylo review assign minha-loja stripe:pi_3SVk2c --to bia@loja.example`
    """

    async def assigned(connection: Connection, _: CaseWorker) -> asyncpg.Record:
        found = None if member is None else await review.reviewer(connection, member)
        return await work.assign(connection, payment, found)

    _change(tenant, "assign", CaseChangeKind.ASSIGNED, assigned, data_dir, {"member": member})
    print_text(f"{payment} is assigned to {member}" if member else f"{payment} is not assigned")


async def _postpone(connection: Connection, worker: CaseWorker, *, payment: str, period: timedelta) -> asyncpg.Record:
    now = CLOCK.now()
    return await work.postpone(connection, payment, worker, now + period, now)


def _change(
    tenant: str,
    command: str,
    kind: CaseChangeKind,
    change: review.Work,
    data_dir: DataDirOption,
    after: dict[str, str | None] | None = None,
) -> asyncpg.Record:
    with open_target(data_dir, f"review {command}") as target:
        return target.run(
            lambda connection: review.change_case(connection, target, tenant, kind, change, CLOCK.now(), after)
        )


def _row(case: ReviewCase) -> dict[str, str | int]:
    return {
        "payment": case.payment_id,
        "amount": f"{to_major(case.amount_minor, case.currency)} {case.currency}",
        "risk": case.risk_score,
        "since": f"{case.created_at:%F %R}",
        "reasons": " ".join(case.reasons[:2]),
        "open by": case.holder.name if case.holder else "",
        "assigned to": case.assigned_to or "",
    }
